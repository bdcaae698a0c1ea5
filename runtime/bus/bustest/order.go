package bustest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/beckon-bot/beckon/runtime/bus"
)

func order(t *testing.T, h Harness) {
	b := h.Open()
	var want []bus.Message
	for n := range 60 { // one by one and several at once, users in turn
		m := messages(strconv.Itoa(n%7), n, n+1+n%3)
		want = append(want, m...)
		publish(t, b, m...)
	}
	wantIDs(t, take(t, b, len(want)), want)
}

func orderConcurrent(t *testing.T, h Harness) {
	b := h.Open()
	const users, each = 8, 40
	var wg sync.WaitGroup
	for u := range users {
		wg.Go(func() {
			user := strconv.Itoa(u)
			for n := 0; n < each; n += 1 + u%3 {
				if err := b.Publish(ctx(t), messages(user, n, min(each, n+1+u%3))...); err != nil {
					t.Errorf("Publish: %v", err)
				}
			}
		})
	}
	next := map[string]int{}
	for _, d := range take(t, b, users*each) {
		if want := d.User + "/" + strconv.Itoa(next[d.User]); d.ID != want {
			t.Fatalf("B2: user %s: got %s, want %s", d.User, d.ID, want)
		}
		next[d.User]++
	}
	wg.Wait()
	wantPending(t, b, users*each)
}

func nextHonoursMax(t *testing.T, h Harness) {
	b := h.Open()
	want := messages("7", 0, 40)
	publish(t, b, want...)
	var got []bus.Delivery
	for max := 0; len(got) < len(want); max++ {
		ds, err := b.Next(ctx(t), max)
		if err != nil {
			t.Fatal(err)
		}
		if len(ds) == 0 || len(ds) > max && max > 0 || len(ds) > 1 && max == 0 {
			t.Fatalf("Next(%d) gave %d", max, len(ds))
		}
		got = append(got, ds...)
	}
	wantIDs(t, got, want)
}

func nextDoesNotWait(t *testing.T, h Harness) {
	b := h.Open()
	for n := range 3 {
		got := make(chan []bus.Delivery, 1)
		go func() { // blocks for the first: it may start before Publish
			ds, err := b.Next(ctx(t), 256)
			if err != nil {
				t.Errorf("Next: %v", err)
			}
			got <- ds
		}()
		publish(t, b, message("7", n))
		wantIDs(t, <-got, messages("7", n, n+1)) // one is enough
	}
}

func nextCancelled(t *testing.T, h Harness) {
	b := h.Open()
	c, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 1)
	go func() {
		_, err := b.Next(c, 256)
		errs <- err
	}()
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Fatalf("Next while waiting: got %v, want context.Canceled", err)
	}
	want := messages("7", 0, 20)
	publish(t, b, want[:10]...)
	for range 100 { // messages are there: the context still wins
		if ds, err := b.Next(c, 256); !errors.Is(err, context.Canceled) || len(ds) > 0 {
			t.Fatalf("Next: got %d and %v, want context.Canceled", len(ds), err)
		}
	}
	if err := b.Publish(c, message("8", 0)); !errors.Is(err, context.Canceled) {
		t.Fatalf("Publish: got %v, want context.Canceled", err)
	}
	publish(t, b, want[10:]...)
	wantIDs(t, take(t, b, len(want)), want)
}
