package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

const (
	botName = "help"
	secret  = "a consumer secret"
	users   = 100_000 // that the database knows already
)

var day = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// desk is a support bot with X's rules and 20 of its own.
type desk struct {
	bot   gate.Bot
	gate  *gate.Gate
	chain handlers.Chain
	key   event.Key
	door  *ingest.Webhook // of nothing: it makes bodies ready for the bus
}

func newDesk(b *testing.B) desk {
	b.Helper()
	set, err := rules.Load([]rules.Source{{Name: "desk.yaml", Data: []byte(deskRules())}}, rules.Options{})
	must(b, err)
	answers, err := handlers.LoadAnswers("answers.yaml", []byte(deskAnswers))
	must(b, err)
	d := desk{
		bot: gate.Bot{
			Name: botName, UserID: "1000000000000000001", Username: "acme_help", Operator: "acme", Tier: "self_serve",
			PrivacyURL: "https://acme.example/privacy", OptOutHint: "Reply STOP to end this.",
			OptOutConfirmation: "You will hear nothing more from us.", Disclosure: "Automated account of @acme.",
			LabelOn: true, BioDiscloses: true, OperatorLinked: true, Rules: set,
		},
		chain: handlers.Chain{handlers.Help{}, answers},
		key:   event.Key("benchmarks share one key: 32 byte"),
	}
	d.gate = gate.New([]gate.Bot{d.bot})
	d.door = d.webhook(nil)
	return d
}

// deskRules permits replies and DMs and has 18 rules more, none of which fires.
func deskRules() string {
	var y strings.Builder
	y.WriteString(`schema: beckon.rules/v1
pack: desk
layer: account
version: 1.0.0
rules:
  - {id: desk.reply, effect: permit, actions: [reply], because: "We answer posts."}
  - {id: desk.dm, effect: permit, actions: [dm], because: "We answer DMs."}
`)
	conds := []string{
		`user.held`, `user.dms_sent_24h >= 12`, `event.lang in ["fr", "es"]`,
		`event.age >= hours(20)`, `bot.local_weekday == "sun"`, `draft.ai_generated`,
	}
	for i := range 18 {
		fmt.Fprintf(&y, "  - id: desk.r%d\n    effect: %s\n    actions: [reply, dm]\n    because: Because.\n    when:\n      it: %s\n",
			i, []string{"forbid", "hold"}[i%2], conds[i%len(conds)])
	}
	return y.String()
}

const deskAnswers = `schema: beckon.answers/v1
default:
  dm: "Thanks, I have passed this on; a person will read it today."
answers:
  - id: hours
    any_of: [opening hours, open today, are you open]
    reply: "We are open Monday to Friday, 9 to 17 h."
    dm: "We are open Monday to Friday, 9 to 17 h."
  - id: order
    any_of: [order, parcel, delivery]
    reply: "Sorry about that. Please send us a DM with your order number."
`

func (d desk) webhook(publish func(context.Context, ...bus.Message) error) *ingest.Webhook {
	return ingest.New(ingest.Options{
		Secrets: [][]byte{[]byte(secret)}, Publish: publish, Now: func() time.Time { return day },
		Bots: func(user string) (string, bool) { return botName, user == d.bot.UserID },
	})
}

func (d desk) dispatcher(store db.Store) *dispatch.Dispatcher {
	return dispatch.New(dispatch.Options{
		Store: store, Gate: d.gate, Handlers: map[string]handlers.Chain{botName: d.chain}, Key: d.key,
	})
}

// body is the i-th event of the desk, each of another user: of four, two
// mentions and a DM that get an answer, and a mention that gets none. About
// 1 KiB (DMs) to 2.5 KiB, without white space, as X sends them.
func (d desk) body(i int) []byte {
	texts := []string{
		"when are you open today? I could come by after work, or on Thursday if that is better for you",
		"Hello, I have a question about something that I bought from you last week. Can you help me?",
		"my parcel has not arrived, it should have been here two days ago and nobody answers the phone",
		"thank you all for the quick help yesterday, that was really kind of you and made my whole day",
	}
	if i%4 == 1 {
		return d.dm(i, texts[1])
	}
	id := strconv.Itoa(1_900_000_000_000_000_000 + i)
	from := user(i)
	return xsim.PostBody(xsim.Head{EventID: xsim.EventID(1, id), Bot: d.bot.UserID, Tag: "desk"}, event.PostMention,
		xsim.Post{ID: id, Author: from.ID, At: day.Add(-time.Minute), Text: "@acme_help " + texts[i%4]},
		from, xsim.User{ID: d.bot.UserID, Username: d.bot.Username})
}

func (d desk) dm(i int, text string) []byte {
	id := strconv.Itoa(1_900_000_000_000_000_000 + i)
	from := user(i)
	return xsim.DMBody(xsim.Head{EventID: xsim.EventID(1, id), Bot: d.bot.UserID, Tag: "desk"}, event.DMReceived,
		xsim.DM{ID: id, From: from.ID, To: d.bot.UserID, At: day.Add(-time.Minute), Text: text},
		from, xsim.User{ID: d.bot.UserID, Username: d.bot.Username})
}

// user of the i-th event; ids come in no order.
func user(i int) xsim.User {
	n := uint64(uint32(i)*2654435761) % users
	return xsim.User{ID: strconv.FormatUint(1_500_000_000_000_000_000+n, 10), Username: "user" + strconv.FormatUint(n, 10)}
}

// messages of the events from the first on, ready for the bus.
func (d desk) messages(first, n int) []bus.Message {
	out := make([]bus.Message, n)
	for i := range out {
		out[i] = d.door.Message(d.body(first + i))
	}
	return out
}

// populated makes a database file that knows all users, to be copied: every
// contestant of every round starts from the same one.
func populated(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "populated.db")
	s, err := sqlite.Open(b.Context(), sqlite.Options{Path: path, Temporary: true})
	must(b, err)
	at := day.Add(-24 * time.Hour)
	must(b, s.Write(b.Context(), func(tx db.Tx) error {
		for n := range users {
			err := tx.PutConversation(conversation.Conversation{
				Bot: botName, User: strconv.Itoa(1_500_000_000_000_000_000 + n),
				Initiated: conversation.InitiatedMention, InitiatedAt: at, InitiatedBy: strconv.Itoa(n), LastEventAt: at,
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	must(b, s.Close())
	return path
}

// copyOf copies a database file into a new directory.
func copyOf(b *testing.B, path string) string {
	b.Helper()
	from, err := os.Open(path)
	must(b, err)
	defer from.Close()
	to, err := os.Create(filepath.Join(b.TempDir(), "beckon.db"))
	must(b, err)
	_, err = io.Copy(to, from)
	must(b, err)
	must(b, to.Sync())
	must(b, to.Close())
	return to.Name()
}

// copied opens a copy of a database file, to be closed by the caller.
func copied(b *testing.B, path string) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(b.Context(), sqlite.Options{Path: copyOf(b, path)})
	must(b, err)
	return s
}

// audited is copied with the audit chain around it, as a host opens it.
func audited(b *testing.B, path string, key event.Key) *audit.Store {
	b.Helper()
	signer, err := audit.NewKey()
	must(b, err)
	s, err := audit.Open(b.Context(), copied(b, path), audit.Options{Key: key, Signer: signer})
	must(b, err)
	return s
}
