package action

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// A handoff silences the bot until it is released or its time is over; a second
// one is none, and nothing is released twice.
func TestHandOffAndRelease(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	op := d.operator()
	state := func(at time.Time) WithPerson {
		t.Helper()
		var c conversation.Conversation
		d.read(func(tx db.Tx) (err error) {
			c, err = tx.Conversation("acme", "u1")
			return err
		})
		return WithPersonOf(c, at)
	}
	if err := op.Release(t.Context(), d.now, "acme", "u1", "olga"); !errors.Is(err, ErrWithNobody) {
		t.Errorf("a release of nobody: %v", err)
	}
	for i, want := range []bool{true, false} {
		fresh, err := op.HandOff(t.Context(), d.now, "acme", "u1", "olga", "angry")
		if err != nil || fresh != want {
			t.Fatalf("handoff %d: fresh %t, %v", i, fresh, err)
		}
	}
	if got := state(d.now); got.State != "handed_off" || got.Why != "by olga: angry" || !got.Until.IsZero() {
		t.Errorf("handed off: %+v", got)
	}
	if err := op.Release(t.Context(), d.now, "acme", "u1", "olga"); err != nil {
		t.Fatal(err)
	}
	if got := state(d.now); got.State != "" {
		t.Errorf("released: %+v", got)
	}
	err := Transact(t.Context(), d.store, d.key, nil, d.now, func(u *Unit) error {
		_, err := u.HandOff(Handoff{Bot: "acme", User: "u1", Why: "asked", Quiet: time.Hour})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := state(d.now.Add(time.Hour - 1)); got.State != "handed_off" {
		t.Errorf("within its time: %+v", got)
	}
	if got := state(d.now.Add(time.Hour)); got.State != "" {
		t.Errorf("after its time: %+v", got)
	}
}

func TestPersonQuietOfABot(t *testing.T) {
	t.Parallel()
	q := Quiet{"acme": time.Hour}
	if q.Of("acme") != time.Hour || q.Of("globex") != DefaultPersonQuiet || Quiet(nil).Of("acme") != DefaultPersonQuiet {
		t.Error("want the configured time, and a day where none is")
	}
}
