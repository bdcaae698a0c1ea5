package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/runtime/doctor"
)

// xClock compares X's clock with ours, by the Date of X's answers.
type xClock struct {
	now func() time.Time

	mu   sync.Mutex
	seen bool
	by   time.Duration // X's minus ours
}

// slowest: an answer that took longer says too little of when it was written.
const slowest = 4 * time.Second

// watch looks at every answer that passes.
func (c *xClock) watch(client *http.Client) *http.Client {
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	return &http.Client{Transport: dated{c, next}}
}

type dated struct {
	clock *xClock
	next  http.RoundTripper
}

func (d dated) RoundTrip(r *http.Request) (*http.Response, error) {
	before := d.clock.now()
	resp, err := d.next.RoundTrip(r)
	if err == nil {
		d.clock.look(resp.Header, before, d.clock.now())
	}
	return resp, err
}

// look takes a Date for the middle of its second, and of the call.
func (c *xClock) look(h http.Header, before, after time.Time) {
	at, err := http.ParseTime(h.Get("Date"))
	if took := after.Sub(before); err != nil || took < 0 || took > slowest {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen, c.by = true, at.Add(time.Second/2).Sub(before.Add(after.Sub(before)/2))
}

func (c *xClock) skew() doctor.Known[time.Duration] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.seen {
		return doctor.None[time.Duration]("no answer of X's has come yet")
	}
	return doctor.Fact(c.by)
}
