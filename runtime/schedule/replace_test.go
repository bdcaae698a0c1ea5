package schedule

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A plan that is replaced while the host runs: what is gone is posted no more,
// what is new begins then (J4), what stays keeps its place.
func TestReplaceWhileItRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, stop := context.WithCancel(t.Context())
		wake, done := make(chan struct{}, 1), make(chan error, 1)
		s := New(w.config(plan(t, `posts:
  - {name: stays, cron: "0 9 * * *", text: stays}
  - {name: goes, cron: "0 10 * * *", text: goes}
`)))
		go func() { done <- s.Run(ctx, wake) }()
		time.Sleep(12 * time.Hour) // a bubble begins at midnight
		s.Replace(plan(t, `posts:
  - {name: stays, cron: "0 9 * * *", text: [stays, turns]}
  - {name: comes, cron: "30 11 * * *", late: 2h, text: comes}
  - {name: soon, cron: "5 12 * * *", text: soon}
`))
		wake <- struct{}{}
		time.Sleep(23 * time.Hour)
		synctest.Wait()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if want := "1T09:00 stays, 1T10:00 goes, 1T12:05 soon, 2T09:00 turns"; w.due() != want {
			t.Errorf("got %s\nwant %s", w.due(), want)
		}
	})
}

// notes is Positions for several feeds at once.
type notes struct {
	mu sync.Mutex
	m  map[string]string
}

func (n *notes) Position(_ context.Context, name string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.m[name], nil
}

func (n *notes) SetPosition(_ context.Context, name, value string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.m[name] = value
	return nil
}

// visits is a way to sites that counts who is asked.
type visits struct {
	mu  sync.Mutex
	saw map[string]int
}

func (v *visits) RoundTrip(r *http.Request) (*http.Response, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.saw[r.URL.Host]++
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewBufferString(atom())), Request: r}, nil
}

func (v *visits) count(host string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.saw[host]
}

// Feeds that are replaced: the one that stays is not asked more often for it, the
// one that has gone is asked no more, and a new address at once.
func TestReplaceFeeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		v := &visits{saw: map[string]int{}}
		const text = `feeds:
  - {name: stays, url: "https://stays.example/f", every: 1h}
  - {name: moves, url: "https://old.example/f", every: 1h}
`
		f := NewFeeds(Config{Plans: []Plan{plan(t, text)}, Positions: &notes{m: map[string]string{}}}, nil)
		f.jitter = func(time.Duration) time.Duration { return 0 }
		f.client = func(Feed) *http.Client { return &http.Client{Transport: v} }
		go func() { done <- f.Run(ctx) }()
		time.Sleep(90 * time.Minute)
		synctest.Wait()
		for range 3 {
			f.Replace(plan(t, strings.Replace(text, "old.", "new.", 1)))
			synctest.Wait()
		}
		for host, want := range map[string]int{"stays.example": 2, "old.example": 2, "new.example": 1} {
			if got := v.count(host); got != want {
				t.Errorf("%s was asked %d times, want %d", host, got, want)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		f.Replace(Plan{Bot: "acme"})
		time.Sleep(10 * time.Hour)
		synctest.Wait()
		for host, want := range map[string]int{"stays.example": 3, "old.example": 2, "new.example": 2} {
			if got := v.count(host); got != want {
				t.Errorf("in the end %s was asked %d times, want %d", host, got, want)
			}
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
