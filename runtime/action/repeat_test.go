package action

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

const sale = "The summer sale begins on Friday at nine in all of our shops."

// said keeps a post as one that is on its way, with its fingerprint.
func (d *desk) said(bot, id, text string) db.Action {
	d.t.Helper()
	a := db.Action{
		ID: id, Bot: bot, Interaction: "c-" + id, Kind: event.Post, Purpose: event.Operator, State: event.Pending,
		DueAt: d.now.Add(time.Hour), ExpiresAt: d.now.Add(24 * time.Hour), TextHash: d.key.Text(event.EchoText(text)),
	}
	err := d.unit(func(u *Unit) error {
		if err := u.Insert(a, text); err != nil {
			return err
		}
		return u.remember(a, gate.PrintOf(event.Draft{Kind: a.Kind, Purpose: a.Purpose, Text: text}))
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return d.row(id)
}

func (d *desk) repeats(bot, id, text string) (r gate.Repeats) {
	d.t.Helper()
	err := d.unit(func(u *Unit) (err error) {
		r, err = u.Repeats(bot, id, gate.PrintOf(event.Draft{Kind: event.Post, Purpose: event.Operator, Text: text}))
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bot, id, text string
		after         time.Duration
		ended         event.State // of what was said before
		want          gate.Repeats
	}{
		"nearly the same again":               {bot: "acme", id: "a9", text: "the summer SALE begins on Friday at nine, in all of our shops", want: gate.Repeats{Recent: true}},
		"from another account":                {bot: "globex", id: "a9", text: sale, want: gate.Repeats{Elsewhere: true}},
		"something else":                      {bot: "acme", id: "a9", text: "Today there is leek soup, and bread from our own oven."},
		"nothing":                             {bot: "acme", id: "a9"},
		"a row is not compared with itself":   {bot: "acme", id: "a1", text: sale},
		"half a day later":                    {bot: "acme", id: "a9", text: sale, after: gate.RepeatsWithin},
		"half a day later, elsewhere":         {bot: "globex", id: "a9", text: sale, after: gate.RepeatsWithin, want: gate.Repeats{Elsewhere: true}},
		"three days later":                    {bot: "globex", id: "a9", text: sale, after: gate.ElsewhereWithin},
		"what X never had may be tried again": {bot: "acme", id: "a9", text: sale, ended: event.Cancelled},
		"what X took may not":                 {bot: "acme", id: "a9", text: sale, ended: event.Sent, want: gate.Repeats{Recent: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			a := d.said("acme", "a1", sale)
			if tt.ended != "" {
				from := event.Pending
				for _, to := range []event.State{event.Attempting, tt.ended} {
					if to == event.Attempting && tt.ended != event.Sent {
						continue
					}
					if err := d.unit(func(u *Unit) error { a.State = to; return u.Move(a, from) }); err != nil {
						t.Fatal(err)
					}
					from = to
				}
			}
			d.now = d.now.Add(tt.after)
			if got := d.repeats(tt.bot, tt.id, tt.text); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// Of two drafts of one text the earlier stands: the row that came first is not
// stopped by the one that came after it.
func TestRepeatsLetTheEarlierStand(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.said("acme", "a1", sale)
	d.now = d.now.Add(time.Minute)
	d.said("acme", "a2", sale)
	if got := d.repeats("acme", "a1", sale); got != (gate.Repeats{}) {
		t.Errorf("the earlier: %+v", got)
	}
	if got := d.repeats("acme", "a2", sale); got != (gate.Repeats{Recent: true}) {
		t.Errorf("the later: %+v", got)
	}
}
