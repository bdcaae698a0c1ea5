// Package bustest owns the one conformance suite of every bus.Bus. It refuses
// to know how a bus stores: what honestly differs is said in Features. Tests
// carry the numbers of the invariants in package bus.
package bustest

import (
	"context"
	"fmt"
	"strconv"
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
