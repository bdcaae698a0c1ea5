package action

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/match"
)

func (d *desk) matches(bot, user string) (all []db.Match) {
	d.t.Helper()
	d.read(func(tx db.Tx) (err error) {
		all, err = tx.MatchesOf(bot, user)
		return err
	})
	return all
}

// wrote is a DM of the user's that the bot took in.
func (d *desk) wrote(bot, user, id string, at time.Time) {
	d.t.Helper()
	err := d.below.Write(d.t.Context(), func(tx db.Tx) error {
		return tx.PutInteraction(conversation.Interaction{Bot: bot, Key: id, Message: id, User: user, Kind: event.KindDM, FirstAt: at, LastAt: at})
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) agree(bot, user, event string, at time.Time) {
	d.t.Helper()
	c := db.Consent{Bot: bot, User: user, Kind: conversation.ConsentMatching, Wording: "May we look up your order?", Event: event}
	if err := d.operator().Consent(d.t.Context(), at, c); err != nil {
		d.t.Fatal(err)
	}
}

// TestT23WithdrawnByTheUser: a withdrawal ends every match toward the bot, and
// what was a basis before it is none any more.
func TestT23WithdrawnByTheUser(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	op, ctx := d.operator(), t.Context()
	crm := match.Ask{Bot: "acme", User: "1", Purpose: "crm", Basis: "opt_in", Ref: "C-4711", By: "maria"}
	order := match.Ask{Bot: "acme", User: "1", Purpose: "order_status", Basis: "provided_by_user", Ref: "O-1", Event: "m1", By: "maria"}
	link := match.Ask{Bot: "acme", User: "1", Purpose: "shop", Basis: "public", Ref: "S-1", Source: "https://ann.example", By: "maria"}
	if _, err := op.Match(ctx, d.now, crm); !errors.Is(err, match.ErrBasis) {
		t.Fatalf("matched without a consent: %v", err)
	}
	d.agree("acme", "1", "yes1", d.now)
	d.agree("globex", "1", "yes2", d.now)
	d.wrote("acme", "1", "m1", d.now)
	elsewhere := crm
	elsewhere.Bot = "globex"
	for _, a := range []match.Ask{crm, order, link, elsewhere} {
		if _, err := op.Match(ctx, d.now.Add(time.Minute), a); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range d.matches("acme", "1") {
		if !m.Stands(d.now.Add(time.Hour)) || len(m.Sealed) == 0 || m.RefHash == "" || strings.Contains(m.RefHash, "4711") {
			t.Errorf("%+v", m)
		}
	}

	end := d.now.Add(time.Hour)
	n, err := op.Unmatch(ctx, end, "acme", "1", "m2")
	if err != nil || n != 3 {
		t.Fatalf("%d ended, %v", n, err)
	}
	for _, m := range d.matches("acme", "1") {
		if m.Stands(end) || len(m.Sealed) > 0 || m.RefHash != "" || m.EndedBy != "m2" || !m.EndedAt.Equal(end) || m.Basis == db.BasisPublic && m.Source != "" {
			t.Errorf("it ended, and is %+v", m)
		}
	}
	if m := d.matches("globex", "1"); len(m) != 1 || !m[0].Stands(end) {
		t.Errorf("toward the other bot: %+v", m)
	}
	if _, matching := d.agreed("acme", "1"); matching {
		t.Error("the consent counts on")
	}
	for _, a := range []match.Ask{crm, order, link} {
		if _, err := op.Match(ctx, end.Add(time.Minute), a); !errors.Is(err, match.ErrBasis) {
			t.Errorf("%s once more: %v", a.Basis, err)
		}
	}
	old := db.Consent{Bot: "acme", User: "1", Kind: conversation.ConsentMatching, Wording: "w", Event: "yes1"}
	if err := op.Consent(ctx, end.Add(time.Minute), old); !errors.Is(err, ErrOldConsent) {
		t.Errorf("the consent that was withdrawn, recorded again: %v", err)
	}

	later := end.Add(time.Hour)
	d.agree("acme", "1", "yes3", later)
	d.wrote("acme", "1", "m3", later)
	order.Event = "m3"
	for _, a := range []match.Ask{crm, order} {
		if _, err := op.Match(ctx, later.Add(time.Minute), a); err != nil {
			t.Errorf("%s on a new basis: %v", a.Basis, err)
		}
	}
	// `beckon consent withdraw` is the same word.
	if err := op.WithdrawConsent(ctx, later.Add(time.Hour), "acme", "1", conversation.ConsentMatching, "", "m4"); err != nil {
		t.Fatal(err)
	}
	for _, m := range d.matches("acme", "1") {
		if m.Stands(later.Add(time.Hour)) {
			t.Errorf("the consent is withdrawn, and %s stands", m.Purpose)
		}
	}
}

// TestT23NeverMatched: who says so before anything is matched is heard, too.
func TestT23NeverMatched(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if n, err := d.operator().Unmatch(t.Context(), d.now, "acme", "1", "m1"); n != 0 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	a := match.Ask{Bot: "acme", User: "1", Purpose: "shop", Basis: "public", Ref: "S-1", Source: "https://ann.example", By: "maria"}
	if _, err := d.operator().Match(t.Context(), d.now.Add(time.Hour), a); !errors.Is(err, match.ErrBasis) {
		t.Errorf("matched all the same: %v", err)
	}
}

// TestT23Stop: an opt-out ends the matches with every bot and the consent to them,
// and START brings neither back.
func TestT23Stop(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.agree("acme", "1", "yes", d.now)
	d.agree("globex", "1", "yes", d.now)
	d.agree("acme", "2", "yes", d.now)
	for _, bu := range [][2]string{{"acme", "1"}, {"globex", "1"}, {"acme", "2"}} {
		a := match.Ask{Bot: bu[0], User: bu[1], Purpose: "crm", Basis: "opt_in", Ref: "C-1", By: "maria"}
		if _, err := d.operator().Match(t.Context(), d.now, a); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.operator().OptOut(t.Context(), d.now.Add(time.Hour), "1", "maria"); err != nil {
		t.Fatal(err)
	}
	for _, bot := range []string{"acme", "globex"} {
		if m := d.matches(bot, "1"); len(m) != 1 || m[0].Stands(d.now.Add(time.Hour)) {
			t.Errorf("%s: %+v", bot, m)
		}
		if _, matching := d.agreed(bot, "1"); matching {
			t.Errorf("%s: the consent counts on", bot)
		}
	}
	if m := d.matches("acme", "2"); !m[0].Stands(d.now.Add(time.Hour)) {
		t.Error("the other user lost theirs")
	}
}

// TestT25Over: what the user wrote ends, and its row says so.
func TestT25Over(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.wrote("acme", "1", "m1", d.now)
	a := match.Ask{Bot: "acme", User: "1", Purpose: "order_status", Basis: "provided_by_user", Ref: "O-1", Event: "m1", By: "maria", Keep: time.Hour}
	if _, err := d.operator().Match(t.Context(), d.now, a); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		after time.Duration
		want  int
	}{{59 * time.Minute, 0}, {time.Hour, 1}, {2 * time.Hour, 0}} {
		var n int
		err := d.below.Write(t.Context(), func(tx db.Tx) (err error) {
			n, err = EndExpired(tx, d.now.Add(tt.after), 10)
			return err
		})
		if err != nil || n != tt.want {
			t.Errorf("after %s: %d ended, %v; want %d", tt.after, n, err, tt.want)
		}
	}
	if m := d.matches("acme", "1")[0]; len(m.Sealed) > 0 || m.EndedBy != "its time is over" {
		t.Errorf("%+v", m)
	}
	if err := d.operator().RemoveMatch(t.Context(), d.now, "acme", "1", "order_status", "maria"); !errors.Is(err, ErrNoMatch) {
		t.Errorf("remove what has ended: %v", err)
	}
}

// TestT21NotTheirs: the message has to be this user's to this bot, by whatever id
// of its edits.
func TestT21NotTheirs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.wrote("acme", "2", "m2", d.now)
	d.wrote("globex", "1", "m3", d.now)
	err := d.below.Write(t.Context(), func(tx db.Tx) error {
		return tx.PutInteraction(conversation.Interaction{Bot: "acme", Key: "p1", Message: "p1b", Version: 1, User: "1", Kind: event.KindPost, FirstAt: d.now, LastAt: d.now})
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, ok := range map[string]bool{"m2": false, "m3": false, "m9": false, "p1": true, "p1b": true} {
		a := match.Ask{Bot: "acme", User: "1", Purpose: "p" + id, Basis: "provided_by_user", Ref: "O-1", Event: id, By: "maria"}
		if id == "p1b" {
			a.Purpose = "pp1" // one message, one purpose
		}
		m, err := d.operator().Match(t.Context(), d.now, a)
		if ok && (err != nil || m.Event != "p1" || m.Source != "post") || !ok && !errors.Is(err, match.ErrBasis) {
			t.Errorf("%s: %+v, %v", id, m, err)
		}
	}
}
