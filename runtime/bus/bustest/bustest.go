// Package bustest owns the one conformance suite of every bus.Bus. It refuses
// to know how a bus stores: what honestly differs is said in Features. Tests
// carry the numbers of the invariants in package bus.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/bus"
)

// Bus is what the suite exercises: the contract, and the count for metrics.
type Bus interface {
	bus.Bus
	Pending(ctx context.Context) (int64, error)
}

// Harness is one empty store and the ways to open it. Both functions leave it
// to the test's cleanup to close what the test did not.
type Harness struct {
	Open  func() Bus // the same store every time; the one opened before is closed
	Small func() Bus // another store, with room for 5 to 50 messages of 1 KiB
}

// Features are the honest differences between buses.
type Features struct {
	FreesOnAck bool // an acknowledged message makes room at once, not only by its age
}

// patience is how long anything that must happen may take.
const patience = 20 * time.Second

// Exercise runs the suite. harness is called once a test.
func Exercise(t *testing.T, harness func(t *testing.T) Harness, f Features) {
	for name, test := range map[string]func(*testing.T, Harness){
		"B1StoredWhenPublishReturns":         storedWhenPublishReturns,
		"B1RoundTrip":                        roundTrip,
		"B1PublishRefusesWhatHasNoPlace":     publishRefuses,
		"B1FullStoresNothing":                fullStoresNothing,
		"B1FullFreesOnAck":                   func(t *testing.T, h Harness) { fullFrees(t, h, f) },
		"B2Order":                            order,
		"B2OrderOfConcurrentPublishers":      orderConcurrent,
		"B2NextHonoursMax":                   nextHonoursMax,
		"B2NextDoesNotWaitToFill":            nextDoesNotWait,
		"B2NextCancelledLosesNothing":        nextCancelled,
		"B3UnackedComeAgainFirst":            unackedComeAgain,
		"B3UnackedComeAgainAtEveryStart":     unackedEveryStart,
		"B3AckOutOfOrder":                    ackOutOfOrder,
		"B3AckedDoNotComeAgain":              ackedStayAway,
		"B3AckOfAStrangerIsHarmless":         ackStranger,
		"ClosedIsSaidByEveryMethod":          closed,
		"CloseWakesNext":                     closeWakesNext,
		"PendingCountsWhatIsNotAcknowledged": pending,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, harness(t))
		})
	}
}

// at is a time with every part in use.
func at() time.Time { return time.Date(2026, 3, 2, 9, 30, 15, 123456789, time.UTC) }

// message is a good one, number n of the user.
func message(user string, n int) bus.Message {
	return bus.Message{
		ID: user + "/" + strconv.Itoa(n), Type: "dm.received", Source: "/x/webhook", Time: at(),
		Bot: "acme", User: user, Data: fmt.Appendf(nil, `{"data":{"n":%d}}`, n),
	}
}

func messages(user string, from, to int) []bus.Message {
	var msgs []bus.Message
	for n := from; n < to; n++ {
		msgs = append(msgs, message(user, n))
	}
	return msgs
}

func ctx(t *testing.T) context.Context {
	c, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return c
}

func publish(t *testing.T, b Bus, msgs ...bus.Message) {
	t.Helper()
	if err := b.Publish(ctx(t), msgs...); err != nil {
		t.Fatalf("Publish: %v", err)
	}
}

func ack(t *testing.T, b Bus, ds ...bus.Delivery) {
	t.Helper()
	if err := b.Ack(ds); err != nil {
		t.Fatalf("Ack: %v", err)
	}
}

// take calls Next until n deliveries are there, and checks B2 on them.
func take(t *testing.T, b Bus, n int) []bus.Delivery {
	t.Helper()
	var ds []bus.Delivery
	for len(ds) < n {
		got, err := b.Next(ctx(t), n-len(ds))
		if err != nil {
			t.Fatalf("Next after %d of %d: %v", len(ds), n, err)
		}
		ds = append(ds, got...)
	}
	for i := 1; i < len(ds); i++ {
		if ds[i].Seq <= ds[i-1].Seq {
			t.Fatalf("B2: Seq %d after %d", ds[i].Seq, ds[i-1].Seq)
		}
	}
	return ds
}

func ids(ds []bus.Delivery) []string {
	var out []string
	for _, d := range ds {
		out = append(out, d.ID)
	}
	return out
}

func wantIDs(t *testing.T, got []bus.Delivery, want []bus.Message) {
	t.Helper()
	var w []string
	for _, m := range want {
		w = append(w, m.ID)
	}
	if diff := cmp.Diff(w, ids(got)); diff != "" {
		t.Fatalf("deliveries (-want +got):\n%s", diff)
	}
}

func wantPending(t *testing.T, b Bus, want int64) {
	t.Helper()
	// Ack does not wait, so the count follows.
	c := ctx(t)
	for {
		got, err := b.Pending(c)
		if err != nil {
			t.Fatalf("Pending: %v", err)
		}
		if got == want {
			return
		}
		if c.Err() != nil {
			t.Fatalf("Pending: got %d, want %d", got, want)
		}
	}
}

func storedWhenPublishReturns(t *testing.T, h Harness) {
	b := h.Open()
	want := messages("7", 0, 5)
	publish(t, b, want[0])
	publish(t, b, want[1:]...)
	publish(t, b) // nothing is nothing
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	wantIDs(t, take(t, h.Open(), len(want)), want)
}

func roundTrip(t *testing.T, h Harness) {
	good := message("2244994945", 1)
	with := func(change func(*bus.Message)) bus.Message {
		m := good
		change(&m)
		return m
	}
	var want []bus.Message
	add := func(change func(*bus.Message)) { want = append(want, with(change)) }

	add(func(*bus.Message) {})
	for _, user := range []string{bus.NoUser, "0", "007", "b", "_7", "a.b", "x*>", "a b", "ünïcode", "100%", "%41", "\"q\"", "\x00\r\n", "ge2dc", string(make([]byte, 5000))} {
		add(func(m *bus.Message) { m.User = user })
	}
	for _, id := range []string{"-6870275393148932045", "5f0c3a52-9a1e-4b6d-8a57-0e8d2c1b9f10", "a b\r\nce-id: x", " lead", "trail ", "%"} {
		add(func(m *bus.Message) { m.ID = id })
	}
	for _, data := range [][]byte{nil, {}, {0}, {1}, {0, 0}, {7, 'x'}, {8}, []byte("not JSON"), {0xff, 0xfe}, slices.Repeat([]byte("{}"), 512<<10)} {
		add(func(m *bus.Message) { m.Data = data })
	}
	add(func(m *bus.Message) { m.Bot = bus.NoBot })
	add(func(m *bus.Message) {
		m.Bot, m.User, m.Dead = bus.NoBot, bus.NoUser, "no event_type, at byte 12: \"x\"\n"
	})
	add(func(m *bus.Message) { m.Bot = "0-support-bot" })
	add(func(m *bus.Message) { m.Type, m.Source = "unknown", "/x/stream?a=b c" })
	add(func(m *bus.Message) { m.Time = time.Time{} })
	add(func(m *bus.Message) { m.Time = time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC) })

	b := h.Open()
	for _, m := range want {
		data := slices.Clone(m.Data)
		m.Data = data
		publish(t, b, m)
		clear(data) // the sender's buffer is its own again
	}
	publish(t, b, with(func(m *bus.Message) { m.Bot, m.User, m.Time = "", "", at().In(time.FixedZone("", 3600)) }))
	want = append(want, with(func(m *bus.Message) { m.Bot, m.User = bus.NoBot, bus.NoUser }))

	for i, d := range take(t, b, len(want)) {
		if len(want[i].Data) == 0 {
			want[i].Data = nil
		}
		if diff := cmp.Diff(want[i], d.Message); diff != "" {
			t.Errorf("message %d (-want +got):\n%s", i, diff)
		}
		if !d.Time.IsZero() && d.Time.Location() != time.UTC {
			t.Errorf("message %d: time zone %v, want UTC", i, d.Time.Location())
		}
	}
}

func publishRefuses(t *testing.T, h Harness) {
	b := h.Open()
	for name, change := range map[string]func(*bus.Message){
		"no id":            func(m *bus.Message) { m.ID = "" },
		"no type":          func(m *bus.Message) { m.Type = "" },
		"no source":        func(m *bus.Message) { m.Source = "" },
		"bot with a dot":   func(m *bus.Message) { m.Bot = "a.b" },
		"bot with a star":  func(m *bus.Message) { m.Bot = "*" },
		"bot upper case":   func(m *bus.Message) { m.Bot = "Acme" },
		"bot with a dash":  func(m *bus.Message) { m.Bot = "-a" },
		"year out of form": func(m *bus.Message) { m.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		bad := message("7", 1)
		change(&bad)
		if err := b.Publish(ctx(t), message("7", 0), bad); err == nil || errors.Is(err, bus.ErrFull) {
			t.Errorf("%s: got %v, want an error of its own", name, err)
		}
	}
	wantPending(t, b, 0)
}

// fill publishes until the bus is full, and returns what it took.
func fill(t *testing.T, b Bus) []bus.Message {
	t.Helper()
	var in []bus.Message
	for n := range 100 {
		m := message("7", n)
		m.Data = make([]byte, 1024)
		err := b.Publish(ctx(t), m)
		if errors.Is(err, bus.ErrFull) {
			return in
		}
		if err != nil {
			t.Fatalf("Publish: %v", err)
		}
		in = append(in, m)
	}
	t.Fatal("100 messages of 1 KiB fit")
	return nil
}

func fullStoresNothing(t *testing.T, h Harness) {
	b := h.Small()
	many := messages("8", 0, 60)
	for i := range many {
		many[i].Data = make([]byte, 1024)
	}
	if err := b.Publish(ctx(t), many...); !errors.Is(err, bus.ErrFull) {
		t.Fatalf("60 at once: got %v, want ErrFull", err)
	}
	wantPending(t, b, 0)
	want := fill(t, b)
	if len(want) < 5 {
		t.Fatalf("room for %d messages, want at least 5", len(want))
	}
	if err := b.Publish(ctx(t), many[:2]...); !errors.Is(err, bus.ErrFull) {
		t.Fatalf("two more: got %v, want ErrFull", err)
	}
	wantPending(t, b, int64(len(want)))
	wantIDs(t, take(t, b, len(want)), want)
}

func fullFrees(t *testing.T, h Harness, f Features) {
	b := h.Small()
	in := fill(t, b)
	ack(t, b, take(t, b, len(in))...)
	wantPending(t, b, 0)
	m := message("7", 1)
	m.Data = make([]byte, 1024)
	err := b.Publish(ctx(t), m)
	if f.FreesOnAck && err != nil {
		t.Fatalf("after the acks: %v", err)
	}
	if !f.FreesOnAck && !errors.Is(err, bus.ErrFull) {
		t.Fatalf("after the acks: got %v, want ErrFull", err)
	}
}

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
	publish(t, b, messages("7", 0, 20)...)
	for _, d := range take(t, b, 20) {
		ack(t, b, d)
	}
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
