package action

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// quoted keeps a quote of a post of u1 that is in the state.
func (d *desk) quoted(id, text string, state event.State) {
	d.t.Helper()
	a := db.Action{
		ID: id, Bot: "acme", Interaction: "c-" + id, Kind: event.Quote, Purpose: event.Operator, State: event.Pending, User: "u1", ReplyTo: "p1",
		DueAt: d.now, ExpiresAt: d.now.Add(24 * time.Hour), TextHash: d.key.Text(event.EchoText(text)),
	}
	err := d.unit(func(u *Unit) error {
		if err := u.Insert(a, text); err != nil {
			return err
		}
		a.State, a.Attempts = event.Attempting, 1
		if err := u.Move(a, event.Pending); err != nil || state == event.Attempting {
			return err
		}
		a.State = state
		return u.Move(a, event.Attempting)
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) postsCounted() (n int64) {
	d.t.Helper()
	err := d.unit(func(u *Unit) error {
		b, err := u.Quote("acme", event.Post, false, db.Cost{})
		n = b.Posts1h
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

// The echo of a quote names nobody, while its row names the author of what it
// quotes. X may have added the link of that.
func TestI3EchoSettlesQuotes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		state event.State
		text  string
		reply string
		want  Echoed
	}{
		"lost":                            {event.Unsettled, "How kind.", "", EchoSettled},
		"under way":                       {event.Attempting, "How kind.", "", EchoSettled},
		"with the link of what it quotes": {event.Unsettled, "How kind. https://t.co/Abc123", "", EchoSettled},
		"another text":                    {event.Unsettled, "How unkind.", "", EchoPerson},
		"another text, while under way":   {event.Attempting, "How unkind.", "", EchoWaits},
		"a reply that says the same":      {event.Unsettled, "How kind.", "p1", EchoPerson},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.quoted("a1", "How kind.", tt.state)
			e := event.Event{ID: "e-x1", Kind: event.KindOwnPost, Bot: "acme", Message: "x1", ReplyTo: tt.reply, Text: tt.text}
			if tt.reply != "" {
				e.User = "u1"
			}
			if got, err := d.echo(e); err != nil || got != tt.want {
				t.Fatalf("got %s, %v; want %s", got, err, tt.want)
			}
			a := d.row("a1")
			if settled := tt.want == EchoSettled; (a.State == event.Sent) != settled || (a.RemoteID == "x1") != settled {
				t.Errorf("the row is %s with id %q", a.State, a.RemoteID)
			}
		})
	}
}

// What a person posts while a post of the bot is under way counts as theirs
// once that has ended, and cancels nothing.
func TestPersonPostsDuringACall(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.quoted("a1", "How kind.", event.Attempting)
	d.said("acme", "a2", sale)
	before := d.postsCounted()
	e := event.Event{ID: "e-x9", Kind: event.KindOwnPost, Bot: "acme", Message: "x9", Text: "By hand."}
	if got, err := d.echo(e); err != nil || got != EchoWaits {
		t.Fatalf("got %s, %v; want it to wait", got, err)
	}
	err := d.unit(func(u *Unit) error {
		a, err := u.Tx.Action("a1")
		if err != nil {
			return err
		}
		a.State, a.RemoteID = event.Sent, "x1"
		if err := u.Move(a, event.Attempting); err != nil {
			return err
		}
		return u.judgeEchoes(a, DefaultPersonQuiet)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.postsCounted(); got != before+1 {
		t.Errorf("%d posts are counted, were %d", got, before)
	}
	if a := d.row("a2"); a.State != event.Pending {
		t.Errorf("the post that waited is %s: %s", a.State, a.Reason)
	}
	d.noEchoWaits("")
}
