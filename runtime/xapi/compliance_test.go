package xapi

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

func TestJobs(t *testing.T) {
	t.Parallel()
	const body = `{"id":"61","type":"tweets","name":"night","status":"created","upload_url":"https://storage.test/up?sig=1",` +
		`"upload_expires_at":"2026-08-20T12:15:00.000Z","download_url":"https://storage.test/down?sig=2","download_expires_at":"2026-08-27T12:00:00.000Z","created_at":"2026-08-20T12:00:00.000Z","resumable":false}`
	want := event.Job{
		ID: "61", Type: event.JobPosts, Name: "night", Status: event.JobCreated,
		UploadURL: "https://storage.test/up?sig=1", DownloadURL: "https://storage.test/down?sig=2",
		UploadUntil: testNow.Add(15 * time.Minute), DownloadEnd: testNow.AddDate(0, 0, 7), CreatedAt: testNow,
	}
	c, asked := says(t, 200, `{"data":`+body+`}`) // go-twitter does not sign the making of a job: the exchange does
	got, err := c.CreateJob(t.Context(), event.JobPosts, "night")
	if diff := cmp.Diff(want, got); err != nil || diff != "" || asked().Method != http.MethodPost || asked().URL.Path != "/2/compliance/jobs" {
		t.Errorf("made: %v, %s %s", err, asked().URL, diff)
	}
	got, err = c.Job(t.Context(), "61")
	if diff := cmp.Diff(want, got); err != nil || diff != "" || asked().URL.Path != "/2/compliance/jobs/61" {
		t.Errorf("read: %v, %s %s", err, asked().URL, diff)
	}
	c, asked = says(t, 200, `{"data":[`+body+`]}`)
	list, err := c.Jobs(t.Context(), event.JobPosts, event.JobCreated)
	if diff := cmp.Diff([]event.Job{want}, list); err != nil || diff != "" || asked().URL.RawQuery != "status=created&type=tweets" {
		t.Errorf("listed: %v, %s %s", err, asked().URL, diff)
	}

	// go-twitter panics over a job that is not there; X's word stands.
	for body, class := range map[string]event.Class{`{}`: event.UnknownOutcome, `{"errors":[{"title":"one at a time"}]}`: event.Refused} {
		c, _ := says(t, 200, body)
		if _, err := c.CreateJob(t.Context(), event.JobUsers, ""); classIn(err) != class {
			t.Errorf("%s: want %s, got %v", body, class, err)
		}
	}
	for _, about := range []string{"", "posts"} {
		if _, err := c.CreateJob(t.Context(), about, ""); classIn(err) != event.Bug {
			t.Errorf("%q: want bug, got %v", about, err)
		}
	}
}

// TestA5StorageGetsNoToken: the addresses of a job are not X's API. They get no
// credentials, no redirect is followed, and plain HTTP stays on this machine.
func TestA5StorageGetsNoToken(t *testing.T) {
	t.Parallel()
	const result = `{"id":"1","action":"delete","created_at":"2026-01-01T00:00:00.000Z","redacted_at":"2026-08-20T12:00:00.000Z","reason":"deleted"}` + "\n\n" +
		`{"id":"2","action":"keep","created_at":"2026-08-20T12:00:00.000Z","reason":"protected"}` + "\n"
	var status int
	answer := result
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Authorization"); a != "" {
			t.Errorf("storage got %q", a)
		}
		if r.URL.RawQuery != "sig=a%2Fb" {
			t.Errorf("the address was changed: %s", r.URL)
		}
		if r.Method == http.MethodPut {
			b, err := io.ReadAll(r.Body)
			if err != nil || string(b) != "1\n22\n" || r.Header.Get("Content-Type") != "text/plain" {
				t.Errorf("uploaded %q as %s: %v", b, r.Header.Get("Content-Type"), err)
			}
		}
		if status != 0 {
			w.Header().Set("Location", "https://evil.test/")
			w.WriteHeader(status)
			return
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	c := newClient(t, "https://api.example.test", func(o *Options) {
		o.Auth = auth(nil, errors.New("storage asked for credentials"))
	})
	job := event.Job{UploadURL: srv.URL + "/up?sig=a%2Fb", DownloadURL: srv.URL + "/down?sig=a%2Fb"}
	read := func() (got []event.Redaction, err error) {
		err = c.Download(t.Context(), job, func(r event.Redaction) error { got = append(got, r); return nil })
		return got, err
	}
	if err := c.Upload(t.Context(), job, []string{"1", "22"}); err != nil {
		t.Error(err)
	}
	if err := c.Upload(t.Context(), job, []string{"1", "two"}); classIn(err) != event.Bug {
		t.Errorf("an id that is none: %v", err)
	}
	want := []event.Redaction{
		{ID: "1", Action: "delete", Reason: "deleted", At: testNow}, {ID: "2", Action: "keep", Reason: "protected", At: testNow},
	}
	if got, err := read(); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%v %s", err, cmp.Diff(want, got))
	}
	stop := errors.New("stop")
	if err := c.Download(t.Context(), job, func(event.Redaction) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("want the caller's error, got %v", err)
	}
	answer = result + `{"id":"3","acti`
	if got, err := read(); classIn(err) != event.UnknownOutcome || len(got) != 2 || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("cut short: %d lines, %v", len(got), err)
	}
	answer = "<html>"
	if _, err := read(); classIn(err) != event.UnknownOutcome || strings.Contains(err.Error(), "sig") {
		t.Errorf("HTML: %v", err)
	}
	for code, class := range map[int]event.Class{302: event.UnknownOutcome, 403: event.Refused, 404: event.Gone, 500: event.UnknownOutcome} {
		status = code
		if _, err := read(); classIn(err) != class {
			t.Errorf("%d: want %s, got %v", code, class, err)
		}
		if err := c.Upload(t.Context(), job, []string{"1", "22"}); classIn(err) != class {
			t.Errorf("%d: want %s, got %v", code, class, err)
		}
	}
	for _, target := range []string{"", "http://storage.test/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "//127.0.0.1/x", "https://me:pw@storage.test/", "http://localhost.evil.test/"} {
		job = event.Job{UploadURL: target, DownloadURL: target}
		if _, err := read(); classIn(err) != event.Refused {
			t.Errorf("download from %q: %v", target, err)
		}
		if err := c.Upload(t.Context(), job, []string{"1"}); classIn(err) != event.Refused || strings.Contains(err.Error(), "pw") {
			t.Errorf("upload to %q: %v", target, err)
		}
	}
	job = event.Job{DownloadURL: "http://127.0.0.1:1/down?sig=secret"}
	if _, err := read(); classIn(err) != event.Transient || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody there: %v", err)
	}
}
