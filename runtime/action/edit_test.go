package action

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// What was approved was another text: it is held again, and sent as edited.
func TestEditVoidsTheApproval(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.drafted(d.mention("u1", "p1", "a refund"), event.Hold)
	d.now = nine.Add(11 * time.Hour) // another rule holds then
	if got, err := d.operator().Approve(t.Context(), d.now, a.ID, "ann"); err != nil || got.State != event.Hold || got.Approval == nil {
		t.Fatalf("approve: %+v, %v; want held again, with an approval", got, err)
	}
	before := d.row(a.ID)
	got, err := d.operator().Edit(t.Context(), d.now, a.ID, "bob", Edit{Text: "A person's words."})
	if err != nil || got.State != event.Hold || got.Approval != nil {
		t.Fatalf("edit: %+v, %v; want held, without approval", got, err)
	}
	row := d.row(a.ID)
	if row.Approval != nil || row.TextHash == before.TextHash || row.DecisionID == before.DecisionID {
		t.Errorf("the row after the edit: %+v", row)
	}
	d.check()
	d.now = nine
	if got, err := d.operator().Approve(t.Context(), d.now, a.ID, "ann"); err != nil || got.State != event.Pending {
		t.Fatalf("approve: %s (%s), %v", got.State, got.Reason, err)
	}
	d.want(a.ID, event.Sent, 1)
	if text := d.x.calls[0].Text; text != "A person's words." {
		t.Errorf("sent %q", text)
	}
}

func TestEditRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	op := d.operator()
	waits := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	held := d.drafted(d.mention("u2", "p2", "a refund"), event.Hold)
	before := d.row(held.ID)
	for _, tt := range []struct {
		id, text string
		want     error
	}{
		{waits.ID, "Text.", ErrNotHeld},
		{"a-0", "Text.", db.ErrNotFound},
		{held.ID, " \n", ErrNoText},
	} {
		if _, err := op.Edit(t.Context(), d.now, tt.id, "ann", Edit{Text: tt.text}); !errors.Is(err, tt.want) {
			t.Errorf("edit %s: got %v, want %v", tt.id, err, tt.want)
		}
	}
	if err := op.Pause(t.Context(), d.now, db.AllBots, "ann", "a look", true); err != nil {
		t.Fatal(err)
	}
	if _, err := op.Edit(t.Context(), d.now, held.ID, "ann", Edit{Text: "Text."}); !errors.Is(err, ErrPaused) {
		t.Errorf("edit while paused: %v", err)
	}
	if got := d.row(held.ID); got.TextHash != before.TextHash || got.State != event.Hold {
		t.Errorf("a refused edit changed the row: %+v", got)
	}
}
