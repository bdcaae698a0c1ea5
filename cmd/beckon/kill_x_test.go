package main_test

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/xsim"
)

// call is a request to X as it began.
type call struct {
	at      time.Time
	life    int // of the host that made it
	dm      bool
	user    string
	replyTo string
	text    string
}

// watched is X for one life of the host: it notes each call before anything
// comes of it.
func (r *trial) watched(life int) http.Handler {
	x := r.sim.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodGet { // reading back changes nothing
			x.ServeHTTP(&answered{ResponseWriter: w}, req)
			return
		}
		c := call{at: time.Now(), life: life}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			panic(http.ErrAbortHandler) // the host died while it spoke: X heard no request
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		var in struct {
			Text  string
			Reply struct {
				To string `json:"in_reply_to_tweet_id"`
			}
		}
		if err := json.Unmarshal(body, &in); err != nil {
			r.fail("", "life %d sends X what is no JSON: %v", life, err)
		}
		c.text, c.replyTo = in.Text, in.Reply.To
		if p, ok := r.sim.Post(c.replyTo); ok {
			c.user = p.Author
		}
		if to, ok := strings.CutSuffix(req.URL.Path, "/messages"); ok {
			c.dm, c.user = true, path.Base(to)
		}
		r.mu.Lock()
		r.calls = append(r.calls, c)
		r.mu.Unlock()
		r.passed(xCalled)
		a := &answered{ResponseWriter: w}
		x.ServeHTTP(a, req)
		r.passed(xAnswered)
		r.note(c.user, "life %d calls X (began %s): %s; answer %d", life, clock(c.at), label(c.text), a.status)
	})
}

// answered keeps the status of an answer, 0 where the connection was cut, and
// shortens X's rate window to what a test can wait for.
type answered struct {
	http.ResponseWriter
	status int
}

func (w *answered) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *answered) WriteHeader(status int) {
	w.status = status
	if status == http.StatusTooManyRequests {
		w.Header().Set("x-rate-limit-reset", strconv.FormatInt(time.Now().Add(2*time.Second).Unix(), 10))
	}
	w.ResponseWriter.WriteHeader(status)
}

// trouble makes one call in three go wrong, and others slow, by the seed and
// the number of the call, until the trial calms down.
func (r *trial) trouble() error {
	from := 0
	for _, f := range []struct {
		percent int
		xsim.Fault
	}{
		{5, xsim.Fault{Kind: xsim.FaultLost}},
		{3, xsim.Fault{Kind: xsim.FaultLost, Echo: xsim.EchoOff}},
		{3, xsim.Fault{Kind: xsim.FaultLost, Echo: xsim.EchoBefore}},
		{3, xsim.Fault{Kind: xsim.FaultStatus, Status: 503}},
		{3, xsim.Fault{Kind: xsim.FaultStatus, Status: 503, Made: true}},
		{3, xsim.Fault{Kind: xsim.FaultDrop}},
		{3, xsim.Fault{Kind: xsim.FaultGarbage}},
		{3, xsim.Fault{Kind: xsim.FaultLimit}},
		{2, xsim.Fault{Kind: xsim.FaultStatus, Status: 401}},
		{20, xsim.Fault{Delay: 10 * time.Millisecond}},
		{10, xsim.Fault{Delay: 60 * time.Millisecond}},
	} {
		low, high := from, from+f.percent
		from = high
		f.Times = -1
		f.When = func(c xsim.Call) bool {
			n := lot(r.seed, c.N)
			return !r.calm.Load() && low <= n && n < high
		}
		if err := r.sim.Fault(f.Fault); err != nil {
			return err
		}
	}
	return nil
}

// lot draws 0 to 99 for a call.
func lot(seed uint64, n int) int {
	h := fnv.New64a()
	_, _ = io.WriteString(h, strconv.FormatUint(seed, 10)+":"+strconv.Itoa(n)) // a hash takes everything
	return int(h.Sum64() % 100)
}
