package bustest

import (
	"errors"
	"testing"

	"github.com/beckon-bot/beckon/runtime/bus"
)

func unackedComeAgain(t *testing.T, h Harness) {
	b := h.Open()
	want := messages("7", 0, 30)
	publish(t, b, want[:10]...)
	ack(t, b, take(t, b, 6)[:4]...)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = h.Open()
	publish(t, b, want[10:]...)
	wantIDs(t, take(t, b, len(want)-4), want[4:])
}

func unackedEveryStart(t *testing.T, h Harness) {
	want := messages("7", 0, 20)
	publish(t, h.Open(), want...)
	var first []bus.Delivery
	for start := range 4 {
		b := h.Open()
		got := take(t, b, len(want)-start)
		wantIDs(t, got, want[start:])
		if start == 0 {
			first = got
		}
		if got[0].Seq != first[start].Seq {
			t.Fatalf("Seq changed from %d to %d", first[start].Seq, got[0].Seq)
		}
		ack(t, b, got[0])
		wantPending(t, b, int64(len(want)-start-1))
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func ackOutOfOrder(t *testing.T, h Harness) {
	b := h.Open()
	want := messages("7", 0, 10)
	publish(t, b, want...)
	ds := take(t, b, 8)
	ack(t, b, ds[7], ds[0], ds[3])
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	// What was acknowledged above the floor comes again: harmless. What counts
	// is that number 1 is there, first, and everything after it in order.
	wantIDs(t, take(t, h.Open(), 9), want[1:])
}

func ackedStayAway(t *testing.T, h Harness) {
	b := h.Open()
	publish(t, b, messages("7", 0, 1000)...)
	ack(t, b, take(t, b, 1000)...) // many, and Close at once
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = h.Open()
	wantPending(t, b, 0)
	publish(t, b, message("8", 0))
	wantIDs(t, take(t, b, 1), messages("8", 0, 1))
}

func ackStranger(t *testing.T, h Harness) {
	b := h.Open()
	publish(t, b, messages("7", 0, 3)...)
	ds := take(t, b, 2)
	ack(t, b)
	ack(t, b, bus.Delivery{}, bus.Delivery{Seq: 1 << 40}, bus.Delivery{Seq: ds[1].Seq + 1})
	wantPending(t, b, 3)
	ack(t, b, ds[0], ds[0])
	ack(t, b, ds[0])
	wantPending(t, b, 2)
	wantIDs(t, take(t, b, 1), messages("7", 2, 3))
}

func closed(t *testing.T, h Harness) {
	b := h.Open()
	publish(t, b, messages("7", 0, 3)...)
	ds := take(t, b, 1)
	if err := b.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	for name, call := range map[string]func() error{
		"Publish": func() error { return b.Publish(ctx(t), message("7", 9)) },
		"Next":    func() error { _, err := b.Next(ctx(t), 1); return err },
		"Ack":     func() error { return b.Ack(ds) },
		"Pending": func() error { _, err := b.Pending(ctx(t)); return err },
		"Close":   b.Close,
	} {
		if err := call(); !errors.Is(err, bus.ErrClosed) {
			t.Errorf("%s: got %v, want ErrClosed", name, err)
		}
	}
}

func closeWakesNext(t *testing.T, h Harness) {
	b := h.Open()
	errs := make(chan error, 1)
	go func() {
		_, err := b.Next(ctx(t), 1)
		errs <- err
	}()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-errs; !errors.Is(err, bus.ErrClosed) {
		t.Fatalf("Next: got %v, want ErrClosed", err)
	}
}

func pending(t *testing.T, h Harness) {
	b := h.Open()
	wantPending(t, b, 0)
	publish(t, b, messages("7", 0, 5)...)
	wantPending(t, b, 5)
	ds := take(t, b, 3)
	wantPending(t, b, 5)
	ack(t, b, ds[:2]...)
	wantPending(t, b, 3)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	wantPending(t, h.Open(), 3)
}
