package xsim

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// reader is a client of the activity stream.
type reader struct {
	t     *testing.T
	resp  *http.Response
	lines *bufio.Reader
	leave context.CancelFunc
}

func (w *world) open(query string) *reader {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", "http://x.test/2/activity/stream"+query, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer t-app")
	resp, err := w.api.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	return &reader{w.t, resp, bufio.NewReader(resp.Body), cancel}
}

// next is the next line without its end; "EOF" where the stream is over.
func (r *reader) next() string {
	r.t.Helper()
	l, err := r.lines.ReadString('\n')
	if err != nil {
		if l != "" {
			return l + " EOF"
		}
		return "EOF"
	}
	if !strings.HasSuffix(l, "\r\n") {
		r.t.Errorf("a line ends in %q", l)
	}
	return strings.TrimSpace(l)
}

func (r *reader) close() {
	r.leave()
	_ = r.resp.Body.Close()
}

// TestStream runs the activity stream on fake time: events as they happen,
// heartbeats where there are none, two connections and no more.
func TestStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		one, two := w.open(""), w.open("")
		if status, _, body := w.call("GET", "/2/activity/stream", "t-app", ""); status != 429 || !strings.Contains(body, "problems/streaming-connection") {
			t.Errorf("third connection: %d %s", status, body)
		}
		if status, _, _ := w.call("GET", "/2/activity/stream", "t-desk", ""); status != 403 {
			t.Errorf("by a user token: %d", status)
		}
		start := time.Now()
		if l := one.next(); l != "" || time.Since(start) != 20*time.Second {
			t.Errorf("heartbeat %q after %v", l, time.Since(start))
		}
		if err := w.Deliver(t.Context(), w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"}).Bodies...); err != nil {
			t.Fatal(err)
		}
		if l := one.next(); !strings.Contains(l, `"event_type":"dm.received"`) || strings.Contains(l, "\n") {
			t.Errorf("event: %s", l)
		}
		if l := two.next(); l != "" {
			t.Errorf("the other one had its heartbeat first: %q", l)
		}
		if l := two.next(); !strings.Contains(l, "dm.received") {
			t.Errorf("the other one: %s", l)
		}
		start = time.Now()
		if l := one.next(); l != "" || time.Since(start) != 20*time.Second {
			t.Errorf("heartbeat after an event: %q after %v", l, time.Since(start))
		}
		_, _, body := w.call("GET", "/2/connections", "t-app", "")
		if strings.Count(body, `"endpoint_name":"activity_stream"`) != 2 {
			t.Errorf("connections: %s", body)
		}
		two.close()
		synctest.Wait()
		if _, _, body := w.call("GET", "/2/connections?status=inactive", "t-app", ""); strings.Count(body, "client closed") != 1 {
			t.Errorf("closed by the client: %s", body)
		}
		if _, _, body := w.call("DELETE", "/2/connections/all", "t-app", ""); !strings.Contains(body, `"successful_kills":1`) {
			t.Errorf("close all: %s", body)
		}
		if l := one.next(); l != "EOF" {
			t.Errorf("closed by X: %q", l)
		}
		one.close()
	})
}

// TestStreamRecovers: a backfill brings what no stream carried, once.
func TestStreamRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		say := func(text string) {
			w.Miss(w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: text}).Bodies...)
		}
		say("old")
		w.wait(4 * time.Minute)
		say("new")
		w.wait(2 * time.Minute)
		for query, want := range map[string]string{
			"?backfill_minutes=3": "new",
			"?start_time=" + w.now.Add(-time.Hour).Format(time.RFC3339) + "&end_time=" + w.now.Add(-5*time.Minute).Format(time.RFC3339): "old",
		} {
			r := w.open(query)
			if l := r.next(); !strings.Contains(l, want) {
				t.Errorf("%s: want %s, got %s", query, want, l)
			}
			if l := r.next(); l != "" && want == "new" || l != "EOF" && want == "old" {
				t.Errorf("%s: then %s", query, l)
			}
			r.close()
			synctest.Wait()
		}
		for _, query := range []string{"?backfill_minutes=6", "?backfill_minutes=x", "?start_time=yesterday"} {
			if status, _, body := w.call("GET", "/2/activity/stream"+query, "t-app", ""); status != 400 {
				t.Errorf("%s: %d %s", query, status, body)
			}
		}
	})
}

func TestStreamBreaks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for how, want := range map[StreamFault][]string{
			StreamDrop:       {"EOF"},
			StreamDisconnect: {"operational-disconnect", "EOF"},
			StreamError:      {"internal-error", "", ""},
			StreamTorn:       {`{"data":{"event_uuid":"12 EOF`},
			StreamGarbage:    {"<html>", ""},
		} {
			w := newWorld(t, nil)
			r := w.open("")
			if n, err := w.BreakStreams(how); n != 1 || err != nil {
				t.Fatalf("%s: %d, %v", how, n, err)
			}
			for _, part := range want {
				if l := r.next(); !strings.Contains(l, part) || part == "" && l != "" {
					t.Errorf("%s: want %q, got %q", how, part, l)
				}
			}
			r.close()
			synctest.Wait()
		}
		w := newWorld(t, nil)
		if _, err := w.BreakStreams(StreamDrop); err == nil {
			t.Error("no stream is open, and one was dropped")
		}
		r := w.open("")
		if _, err := w.BreakStreams("explode"); err == nil {
			t.Error("a fault that is none was taken")
		}
		if _, err := w.BreakStreams(StreamStall); err != nil {
			t.Fatal(err)
		}
		got := make(chan string, 1)
		go func() { got <- r.next() }()
		time.Sleep(10 * time.Minute)
		select {
		case l := <-got:
			t.Errorf("a stalled stream wrote %q", l)
		default:
		}
		r.close()
		if l := <-got; l == "" {
			t.Error("a stalled stream wrote a heartbeat")
		}
	})
}

// TestStreamFaults: a stream that does not come about takes no place.
func TestStreamFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, kind := range []FaultKind{FaultStatus, FaultHTML, FaultLimit, FaultDrop, FaultLost, FaultRefuse} {
		if err := w.Fault(Fault{Op: OpStream, Kind: kind, Made: true}); err != nil {
			t.Fatal(err)
		}
		if status, _, _ := w.call("GET", "/2/activity/stream", "t-app", ""); status == 200 {
			t.Errorf("%s: a stream came about", kind)
		}
	}
	if _, _, body := w.call("GET", "/2/connections", "t-app", ""); !strings.Contains(body, `"result_count":0`) {
		t.Errorf("connections: %s", body)
	}
}

// TestStreamOverTCP: the same on a socket, flushed line by line.
func TestStreamOverTCP(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	srv := httptest.NewServer(w.Handler())
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/2/activity/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer t-app")
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := w.Deliver(t.Context(), w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"}).Bodies...); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(resp.Body)
	if l, err := lines.ReadString('\n'); err != nil || !strings.Contains(l, "dm.received") {
		t.Errorf("%q, %v", l, err)
	}
	if _, err := w.BreakStreams(StreamDrop); err != nil {
		t.Fatal(err)
	}
	if l, err := lines.ReadString('\n'); err != io.EOF {
		t.Errorf("dropped: %q, %v", l, err)
	}
}
