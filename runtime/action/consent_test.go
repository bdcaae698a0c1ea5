package action

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

func (d *desk) consents(bot, user string) (all []db.Consent) {
	d.t.Helper()
	d.read(func(tx db.Tx) (err error) {
		all, err = tx.ConsentsOf(bot, user)
		return err
	})
	return all
}

func (d *desk) agreed(bot, user string) (storage, matching bool) {
	d.t.Helper()
	d.read(func(tx db.Tx) error {
		c, err := tx.Conversation(bot, user)
		storage, matching = c.ConsentDMStorage, c.ConsentMatching
		return err
	})
	return storage, matching
}

func TestConsent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	give := db.Consent{Bot: "acme", User: "u1", Kind: conversation.ConsentDMStorage, Wording: "May we keep your messages?", Event: "m1"}
	if err := d.operator().Consent(t.Context(), d.now, give); err != nil {
		t.Fatal(err)
	}
	if s, m := d.agreed("acme", "u1"); !s || m {
		t.Errorf("storage %t, matching %t: want the one that was given", s, m)
	}
	if s, m := d.agreed("globex", "u1"); s || m {
		t.Error("a consent to one bot counts for another")
	}

	// A later one of the kind takes its place, with what the user saw then.
	later := d.now.Add(time.Hour)
	give.Wording, give.Event = "May we keep them for a year?", "m2"
	give.WithdrawnAt, give.WithdrawnBy = later, "nobody" // what a caller says of that does not count
	if err := d.operator().Consent(t.Context(), later, give); err != nil {
		t.Fatal(err)
	}
	all := d.consents("acme", "u1")
	if len(all) != 1 || all[0].Wording != give.Wording || !all[0].At.Equal(later) || !all[0].WithdrawnAt.IsZero() {
		t.Fatalf("%+v is kept", all)
	}

	end := later.Add(time.Hour)
	if err := d.operator().WithdrawConsent(t.Context(), end, "acme", "u1", conversation.ConsentDMStorage, "", "olga"); err != nil {
		t.Fatal(err)
	}
	if s, _ := d.agreed("acme", "u1"); s {
		t.Error("what was withdrawn still counts")
	}
	all = d.consents("acme", "u1")
	if len(all) != 1 || !all[0].WithdrawnAt.Equal(end) || all[0].WithdrawnBy != "olga" || all[0].Wording != give.Wording {
		t.Errorf("the record of it does not stay: %+v", all)
	}
	for _, kind := range []conversation.ConsentKind{conversation.ConsentDMStorage, conversation.ConsentMatching} {
		err := d.operator().WithdrawConsent(t.Context(), end, "acme", "u1", kind, "", "olga")
		if !errors.Is(err, ErrNoConsent) {
			t.Errorf("withdraw %s, which does not stand: %v", kind, err)
		}
	}
}

func TestConsentNeedsItsRecord(t *testing.T) {
	t.Parallel()
	good := db.Consent{Bot: "acme", User: "u1", Kind: conversation.ConsentMatching, Wording: "May we look up your order?", Event: "m1"}
	for name, tt := range map[string]struct {
		change func(*db.Consent)
		want   string
	}{
		"another kind": {func(c *db.Consent) { c.Kind = "newsletter" }, "newsletter"},
		"no bot":       {func(c *db.Consent) { c.Bot = "" }, "names its bot"},
		"no user":      {func(c *db.Consent) { c.User = "" }, "names its bot"},
		"no event":     {func(c *db.Consent) { c.Event = "" }, "names its bot"},
		"no wording":   {func(c *db.Consent) { c.Wording = " \n" }, "wording"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c := good
			tt.change(&c)
			err := d.operator().Consent(t.Context(), d.now, c)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that says %q", err, tt.want)
			}
			if all := d.consents("acme", "u1"); len(all) > 0 {
				t.Errorf("%+v is kept all the same", all)
			}
		})
	}
}

// An opt-in initiates, covers only what it names, ends with a STOP toward every
// bot and not with START, and is never recorded against a STOP that stands.
func TestOptIn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	op := d.operator()
	give := db.Consent{Bot: "acme", User: "u1", Kind: conversation.ConsentOptIn, Covers: "delivery news", Wording: "Tell me when it ships.", Event: "form 7"}
	if err := op.Consent(t.Context(), d.now, give); err != nil {
		t.Fatal(err)
	}
	in := func(about string) (ok bool) {
		t.Helper()
		err := Transact(t.Context(), d.store, d.key, nil, d.now, func(u *Unit) (err error) {
			ok, err = u.OptedIn("acme", "u1", about)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !in("delivery news") || in("offers") {
		t.Error("want the news and nothing else")
	}
	var c conversation.Conversation
	d.read(func(tx db.Tx) (err error) {
		c, err = tx.Conversation("acme", "u1")
		return err
	})
	if c.Initiated != conversation.InitiatedOptIn || c.DMsReceived != 0 {
		t.Errorf("initiated %q, %d DMs: an opt-in is no DM of theirs", c.Initiated, c.DMsReceived)
	}
	if _, err := op.OptOut(t.Context(), d.now, "u1", "olga"); err != nil {
		t.Fatal(err)
	}
	if in("delivery news") {
		t.Error("the opt-in outlives a STOP")
	}
	if err := op.Consent(t.Context(), d.now, give); !errors.Is(err, ErrOptedOut) {
		t.Errorf("an opt-in after a STOP: %v", err)
	}
	give.Covers = ""
	if err := op.Consent(t.Context(), d.now, give); err == nil {
		t.Error("an opt-in to nothing is recorded")
	}
}
