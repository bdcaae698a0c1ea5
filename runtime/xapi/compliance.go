package xapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	twitter "github.com/g8rswimmer/go-twitter/v2"

	"github.com/beckon-bot/beckon/runtime/event"
)

// The endpoints of storage behind a compliance job, which are not X's API.
const (
	UploadIDs       = "upload_ids"
	DownloadResults = "download_results"
)

var errStorage = errors.New("X gave an address that is neither https nor on this machine; nothing was sent there")

// wireJob is X's ComplianceJob.
type wireJob struct {
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Status      event.JobStatus `json:"status"`
	UploadURL   string          `json:"upload_url"`
	DownloadURL string          `json:"download_url"`
	UploadEnd   string          `json:"upload_expires_at"`
	DownloadEnd string          `json:"download_expires_at"`
	CreatedAt   string          `json:"created_at"`
}

func (w wireJob) job() event.Job {
	return event.Job{
		ID: w.ID, Type: w.Type, Name: w.Name, Status: w.Status, UploadURL: w.UploadURL, DownloadURL: w.DownloadURL,
		UploadUntil: moment(w.UploadEnd), DownloadEnd: moment(w.DownloadEnd), CreatedAt: moment(w.CreatedAt),
	}
}

// CreateJob makes a compliance job about posts or users. A lost answer may leave
// a job that nobody uses; it expires.
func (c *Client) CreateJob(ctx context.Context, about, name string) (event.Job, error) {
	if about != event.JobPosts && about != event.JobUsers || len(name) > 64 {
		return event.Job{}, invalid(CreateComplianceJob, errors.New("want tweets or users, and a name of at most 64 bytes"))
	}
	return c.job(ctx, CreateComplianceJob, http.MethodPost, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.CreateComplianceBatchJob(ctx, twitter.ComplianceBatchJobType(about), twitter.CreateComplianceBatchJobOpts{Name: name})
		return err
	})
}

// Job reads how a compliance job stands, and its addresses anew.
func (c *Client) Job(ctx context.Context, id string) (event.Job, error) {
	if !IsID(id) {
		return event.Job{}, invalid(ReadComplianceJob, errID)
	}
	return c.job(ctx, ReadComplianceJob, http.MethodGet, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.ComplianceBatchJob(ctx, id)
		return err
	})
}

func (c *Client) job(ctx context.Context, op, method string, call func(context.Context, *twitter.Client) error) (event.Job, error) {
	var a struct{ Data wireJob }
	if err := c.fetch(ctx, op, As{}, method, call, &a); err != nil {
		return event.Job{}, err
	}
	if a.Data.ID == "" {
		return event.Job{}, &Error{Op: op, Status: 200, Class: event.UnknownOutcome, Err: errEmpty}
	}
	return a.Data.job(), nil
}

// Jobs lists the compliance jobs about posts or users; status "" lists all.
func (c *Client) Jobs(ctx context.Context, about string, status event.JobStatus) ([]event.Job, error) {
	var a struct{ Data []wireJob }
	err := c.fetch(ctx, ListComplianceJobs, As{}, http.MethodGet, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.ComplianceBatchJobLookup(ctx, twitter.ComplianceBatchJobType(about),
			twitter.ComplianceBatchJobLookupOpts{Status: twitter.ComplianceBatchJobStatus(status)})
		return err
	}, &a)
	jobs := make([]event.Job, len(a.Data))
	for i, w := range a.Data {
		jobs[i] = w.job()
	}
	return jobs, err
}

// Upload gives a job its ids. It may be repeated while the address holds: the
// last one counts.
func (c *Client) Upload(ctx context.Context, j event.Job, ids []string) error {
	for _, id := range ids {
		if !IsID(id) {
			return invalid(UploadIDs, errID)
		}
	}
	body := strings.Join(ids, "\n") + "\n"
	_, e := c.storage(ctx, UploadIDs, http.MethodPut, j.UploadURL, strings.NewReader(body), false)
	return c.note(ctx, As{}, UploadIDs, e)
}

// Download reads the result of a complete job line by line and gives each to
// each, until it returns an error. A result that ends within a line is an error
// at that line.
func (c *Client) Download(ctx context.Context, j event.Job, each func(event.Redaction) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.AfterFunc(c.timeout, cancel) // until the result begins; it may be long
	x, e := c.storage(ctx, DownloadResults, http.MethodGet, j.DownloadURL, nil, true)
	timer.Stop()
	if err := c.note(ctx, As{}, DownloadResults, e); err != nil {
		return err
	}
	defer x.stream.Close() //nolint:errcheck // read to its end, or given up
	lines := bufio.NewScanner(x.stream)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		var w struct {
			ID       string `json:"id"`
			Action   string `json:"action"`
			Reason   string `json:"reason"`
			Redacted string `json:"redacted_at"`
			Created  string `json:"created_at"`
		}
		if err := json.Unmarshal([]byte(line), &w); err != nil || !IsID(w.ID) {
			return &Error{Op: DownloadResults, Status: x.status, Class: event.UnknownOutcome, Err: fmt.Errorf("line %d of the result is none of X's", n)}
		}
		if err := each(event.Redaction{ID: w.ID, Action: w.Action, Reason: w.Reason, At: moment(first(w.Redacted, w.Created))}); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return &Error{Op: DownloadResults, Status: x.status, Class: event.UnknownOutcome, Err: err}
	}
	return nil
}

// storage makes one request to an address that X gave. It bears no credentials:
// the address is not X's API, and holds its own permission (A5).
func (c *Client) storage(ctx context.Context, op, method, target string, body io.Reader, live bool) (*exchange, *Error) {
	x := &exchange{transport: c.transport, live: live}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return x, &Error{Op: op, Class: event.Refused, Err: errStorage}
	}
	if !live {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return x, &Error{Op: op, Class: event.Bug, Err: errStorage}
	}
	if body != nil {
		req.Header.Set("Content-Type", "text/plain")
	}
	resp, err := x.client().Do(req)
	if err == nil && x.stream == nil {
		_ = resp.Body.Close()
	}
	e := classify(op, x, err, c.now())
	if e != nil && e.Err != nil && x.status == 0 {
		e.Err = errors.New("storage could not be reached") // the transport's words may hold the address
	}
	return x, e
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
