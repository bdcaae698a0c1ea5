package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

// edgeError is an error of the X edge.
type edgeError struct {
	status int
	class  event.Class
	kind   string
	at     time.Time
}

func (e edgeError) Error() string { return "edge" }
func (e edgeError) Problem() (int, event.Class, string, time.Time) {
	return e.status, e.class, e.kind, e.at
}

// TestS3Backoff: the documented waits, by kind of fault.
func TestS3Backoff(t *testing.T) {
	t.Parallel()
	ms, sec, min := time.Millisecond, time.Second, time.Minute
	for name, tt := range map[string]struct {
		faults []fault
		want   []time.Duration
	}{
		"drops":                    {[]fault{faultDrop, faultDrop}, []time.Duration{0, 0}},
		"network":                  {[]fault{faultNetwork, faultNetwork, faultNetwork}, []time.Duration{250 * ms, 500 * ms, 750 * ms}},
		"network, its end":         {slices.Repeat([]fault{faultNetwork}, 70), nil},
		"http":                     {slices.Repeat([]fault{faultHTTP}, 8), []time.Duration{5 * sec, 10 * sec, 20 * sec, 40 * sec, 80 * sec, 160 * sec, 320 * sec, 320 * sec}},
		"rate":                     {slices.Repeat([]fault{faultRate}, 6), []time.Duration{1 * min, 2 * min, 4 * min, 8 * min, 16 * min, 16 * min}},
		"full":                     {[]fault{faultFull, faultFull}, []time.Duration{1 * min, 2 * min}},
		"each kind from its start": {[]fault{faultHTTP, faultHTTP, faultNetwork, faultHTTP}, []time.Duration{5 * sec, 10 * sec, 250 * ms, 5 * sec}},
	} {
		var b backoff
		var got []time.Duration
		for _, f := range tt.faults {
			got = append(got, b.next(noon, f, time.Time{}))
		}
		if tt.want == nil {
			if last := got[len(got)-1]; last != 16*sec {
				t.Errorf("%s: %v", name, last)
			}
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	b := backoff{}
	if got := b.next(noon, faultRate, noon.Add(7*min)); got != 7*min {
		t.Errorf("a window that ends later: %v", got)
	}
	if b.data(); b.next(noon, faultHTTP, time.Time{}) != 5*sec {
		t.Error("data did not end the back-off")
	}
}

func TestFaultOf(t *testing.T) {
	t.Parallel()
	for want, errs := range map[fault][]error{
		faultNetwork: {errors.New("x"), edgeError{class: event.Transient}, edgeError{class: event.UnknownOutcome}},
		faultHTTP:    {edgeError{status: 503, class: event.UnknownOutcome}, edgeError{status: 403, class: event.Refused}, edgeError{class: event.Auth}, edgeError{status: 401, class: event.Auth}},
		faultRate:    {edgeError{status: 429, class: event.RateLimited}, edgeError{class: event.RateLimited}},
		faultFull:    {edgeError{status: 429, class: event.Refused, kind: "streaming-connection"}, edgeError{status: 403, class: event.Refused, kind: "streaming-connection"}},
	} {
		for _, err := range errs {
			if got, _ := faultOf(fmt.Errorf("open: %w", err)); got != want {
				t.Errorf("%+v: want %s, got %s", err, want, got)
			}
		}
	}
}

// kept is a store of positions.
type kept struct {
	mu   sync.Mutex
	at   map[string]string
	fail error
}

func (k *kept) Position(_ context.Context, name string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at[name], k.fail
}

func (k *kept) SetPosition(_ context.Context, name, value string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail == nil {
		if k.at == nil {
			k.at = map[string]string{}
		}
		k.at[name] = value
	}
	return k.fail
}

func (k *kept) get(name string) string { v, _ := k.Position(context.Background(), name); return v }

// fakeStream is X: each connection is a function that writes to it.
type fakeStream struct {
	conns []func(w *io.PipeWriter) error // nil error: X ends it
	asked []string
	opens []time.Time
}

func (f *fakeStream) OpenStream(_ context.Context, backfill int, start time.Time) (io.ReadCloser, error) {
	since := ""
	if !start.IsZero() {
		since = start.UTC().Format(time.RFC3339)
	}
	f.asked = append(f.asked, fmt.Sprint(backfill, " ", since))
	f.opens = append(f.opens, time.Now())
	if len(f.conns) == 0 {
		r, _ := io.Pipe() // silent for ever
		return r, nil
	}
	conn := f.conns[0]
	f.conns = f.conns[1:]
	r, w := io.Pipe()
	if err := conn(nil); err != nil {
		return nil, err
	}
	go func() { _ = conn(w); _ = w.Close() }()
	return r, nil
}

// writes makes a connection of lines; a duration among them is a pause.
func writes(what ...any) func(*io.PipeWriter) error {
	return func(w *io.PipeWriter) error {
		if w == nil {
			return nil
		}
		for _, x := range what {
			switch x := x.(type) {
			case time.Duration:
				<-time.After(x)
			case string:
				if _, err := io.WriteString(w, x); err != nil {
					return nil
				}
			}
		}
		return nil
	}
}

func fails(err error) func(*io.PipeWriter) error { return func(*io.PipeWriter) error { return err } }

// streamed runs a stream in a bubble for d and returns what it took.
func streamed(t *testing.T, x *fakeStream, pos *kept, d time.Duration, take func(string) error) (got []string, m *StreamMetrics) {
	t.Helper()
	m = new(StreamMetrics)
	s := NewStream(StreamOptions{X: x, Positions: pos, Metrics: m, Take: func(_ context.Context, b []byte) error {
		if take != nil {
			if err := take(string(b)); err != nil {
				return err
			}
		}
		got = append(got, string(b))
		return nil
	}})
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
	<-time.After(2 * time.Hour) // those who still write see that nobody reads
	return got, m
}

func TestStreamReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		long := strings.Repeat("x", maxBody+100)
		full := strings.Repeat("y", maxBody)
		x := &fakeStream{conns: []func(*io.PipeWriter) error{
			writes("one\r\n", 20*time.Second, "\r\n", 20*time.Second, "\r\n", "t", time.Second, "wo\r\n", long, "\r\n", full, "\r\n",
				`{"errors":[{"title":"operational-disconnect"}]}`, "\r\n", "thr"),
			writes(time.Second, "three\r\n", 30*time.Second, "never\r\n"), // silent
			writes("\r\n", 5*time.Second),
		}}
		pos := &kept{}
		got, m := streamed(t, x, pos, 80*time.Second, nil)
		if diff := cmp.Diff([]string{"one", "two", full, "three"}, got); diff != "" {
			t.Errorf("taken (-want +got):\n%s", diff)
		}
		// A drop is followed at once, with the gap and a minute more.
		if diff := cmp.Diff([]string{"0 ", "1 ", "2 ", "2 "}, x.asked); diff != "" {
			t.Errorf("asked for (-want +got):\n%s", diff)
		}
		if second, third := x.opens[1].Sub(start), x.opens[2].Sub(start); second != 41*time.Second || third != 65*time.Second {
			t.Errorf("reconnected after %v and %v; want at the drop, and 23 s after the last data", second, third)
		}
		if m.Beats.Load() != 3 || m.TooLong.Load() != 1 || m.Torn.Load() != 1 || m.Errors.Load() != 1 || m.Drops.Load() != 3 || m.Connected.Load() != 0 {
			t.Errorf("counted: %d beats, %d long, %d torn, %d errors, %d drops, connected %d", m.Beats.Load(), m.TooLong.Load(), m.Torn.Load(), m.Errors.Load(), m.Drops.Load(), m.Connected.Load())
		}
	})
}

// TestS1BusRefuses: a line is offered until the bus takes it; until then
// nothing is read, and the position stays.
func TestS1BusRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		x := &fakeStream{conns: []func(*io.PipeWriter) error{writes(10*time.Second, "one\n", 10*time.Second, "two\n", time.Second, "\r\n", time.Hour)}}
		pos := &kept{}
		tries := 0
		got, _ := streamed(t, x, pos, 3*time.Minute, func(line string) error {
			if line == "two" && time.Since(start) < time.Minute {
				tries++
				if at := pos.get(streamPosition); at != start.Add(10*time.Second).UTC().Format(time.RFC3339) {
					t.Errorf("the position is at %s before the line is stored", at)
				}
				return errors.New("bus is full")
			}
			return nil
		})
		if diff := cmp.Diff([]string{"one", "two"}, got); diff != "" || tries < 3 {
			t.Errorf("after %d refusals (-want +got):\n%s", tries, diff)
		}
	})
}

// TestS2Gap: after a restart the gap is asked for, and the position stays
// where it was until the backlog is through.
func TestS2Gap(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ago   time.Duration
		asked []string
		conns []func(*io.PipeWriter) error
	}{
		"none":       {0, []string{"0 "}, nil},
		"minutes":    {2 * time.Minute, []string{"3 "}, nil},
		"longer":     {2 * time.Hour, []string{"5 1999-12-31T21:59:00Z"}, nil},
		"over a day": {48 * time.Hour, []string{"5 1999-12-31T00:01:00Z"}, nil},
		"X refuses start_time": {2 * time.Hour, []string{"5 1999-12-31T21:59:00Z", "5 "},
			[]func(*io.PipeWriter) error{fails(edgeError{status: 403, class: event.Refused})}},
		"X refuses both": {2 * time.Hour, []string{"5 1999-12-31T21:59:00Z", "5 ", "0 "},
			[]func(*io.PipeWriter) error{fails(edgeError{status: 400, class: event.Bug}), fails(edgeError{status: 400, class: event.Bug})}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pos := &kept{at: map[string]string{}}
				before := ""
				if tt.ago > 0 {
					before = time.Now().Add(-tt.ago).UTC().Format(time.RFC3339)
					pos.at[streamPosition] = before
				}
				x := &fakeStream{conns: append(tt.conns, writes("old\n", 6*time.Second, "old\n", 6*time.Second, "\r\n", 6*time.Second, "new\n", time.Minute))}
				_, _ = streamed(t, x, pos, 30*time.Second, func(line string) error {
					if at := pos.get(streamPosition); line == "old" && tt.ago > 0 && len(tt.conns) < 2 && at != before {
						t.Errorf("the position moved to %s while the backlog came", at)
					}
					return nil
				})
				if diff := cmp.Diff(tt.asked, x.asked); diff != "" {
					t.Errorf("asked for (-want +got):\n%s", diff)
				}
				if at := pos.get(streamPosition); at < "2000-01-01T00:00:18Z" {
					t.Errorf("after the backlog the position is at %s", at)
				}
			})
		})
	}
}

// TestS3Full: a refused connection waits, and nothing is closed for it.
func TestS3Full(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		full := fails(edgeError{status: 429, class: event.Refused, kind: "streaming-connection"})
		x := &fakeStream{conns: []func(*io.PipeWriter) error{full, full, writes(2*time.Second, "one\n", time.Hour)}}
		got, m := streamed(t, x, &kept{}, 3*time.Minute+10*time.Second, nil)
		if len(got) != 1 || m.Full.Load() != 2 || x.opens[2].Sub(start) != 3*time.Minute {
			t.Errorf("took %v, full %d times, connected after %v", got, m.Full.Load(), x.opens[2].Sub(start))
		}
	})
}

// TestStreamNoHotLoop: connections that end as soon as they start are spaced.
func TestStreamNoHotLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := &fakeStream{}
		for range 1000 {
			x.conns = append(x.conns, writes("again\n", `{"errors":[{"title":"operational-disconnect"}]}`, "\n"))
		}
		streamed(t, x, &kept{}, time.Minute, nil)
		if n := len(x.opens); n > 30 {
			t.Errorf("%d connections in a minute", n)
		}
	})
}

// TestStreamDrip: bytes that drip do not keep a dead connection alive.
func TestStreamDrip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		drip := []any{"\r\n"}
		for range 40 {
			drip = append(drip, 10*time.Second, "x")
		}
		x := &fakeStream{conns: []func(*io.PipeWriter) error{writes(drip...)}}
		streamed(t, x, &kept{}, 2*time.Minute, nil)
		if len(x.opens) < 2 || x.opens[1].Sub(start) > 80*time.Second {
			t.Errorf("reconnected %d times: %v", len(x.opens)-1, x.opens)
		}
	})
}
