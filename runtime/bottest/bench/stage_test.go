package bench

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// BenchmarkStage takes the stages of an event one by one, without bus and
// database, beside what the standard library needs to look at its bytes once:
// that they are JSON, and their HMAC. A sync of 4 KiB is what a commit costs
// at least.
func BenchmarkStage(b *testing.B) {
	d := newDesk(b)
	const n = 8192
	bodies := make([][]byte, n)
	signatures := make([]string, n)
	events := make([]event.Event, n)
	cases := make([]gate.Case, n)
	for i := range n {
		bodies[i] = d.body(i)
		signatures[i] = sign(bodies[i])
		decoded, err := event.Decode(bodies[i])
		must(b, err)
		events[i] = decoded[0]
		events[i].Bot = botName
		cases[i] = d.question(events[i])
		if v := d.gate.Decide(cases[i]); !v.Allowed() {
			b.Fatalf("event %d: %s", i, v.Decision.Say)
		}
	}
	door := d.webhook(func(context.Context, ...bus.Message) error { return nil })
	mac := hmac.New(sha256.New, []byte(secret))
	query := rules.Query{Input: d.gate.Decide(cases[0]).Input}
	race(b,
		each("limit-json-valid", n, func(i int) { json.Valid(bodies[i]) }),
		each("limit-hmac", n, func(i int) { mac.Reset(); mac.Write(bodies[i]); mac.Sum(nil) }),
		each("webhook", n, func(i int) { // verify, scan, publish into nothing
			door.ServeHTTP(nowhere{}, &http.Request{
				Method: http.MethodPost, Body: io.NopCloser(bytes.NewReader(bodies[i])), ContentLength: int64(len(bodies[i])),
				Header: http.Header{"Content-Type": {"application/json"}, "X-Twitter-Webhooks-Signature": signatures[i : i+1]},
			})
		}),
		each("scan", n, func(i int) { door.Message(bodies[i]) }),
		each("decode", n, func(i int) { _, _ = event.Decode(bodies[i]) }),
		each("reduce", n, func(i int) {
			tier := conversation.Match(events[i].Text, false)
			conversation.Reduce(conversation.State{}, conversation.Received{Event: events[i], Tier: tier})
		}),
		each("rules", n, func(int) { d.bot.Rules.Decide(query) }),
		each("gate", n, func(i int) { d.gate.Decide(cases[i]) }),
		contestant{"limit-fsync-4KiB", 128, fsync},
	)
}

// question asks whether the desk may answer e.
func (d desk) question(e event.Event) gate.Case {
	state, _ := conversation.Reduce(conversation.State{}, conversation.Received{Event: e, Tier: conversation.TierNone})
	draft := event.Draft{Kind: event.Reply, Purpose: event.Answer, Text: "We are open Monday to Friday, 9 to 17 h."}
	if e.Kind == event.KindDM {
		draft.Kind = event.DM
	}
	return gate.Case{Bot: botName, State: state, Facts: d.gate.FactsOf(d.bot, e, draft, day), Text: draft.Text, Now: day}
}

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// fsync writes a page over and over, as the log of a database is written.
func fsync(b *testing.B, n int) spent {
	f, err := os.CreateTemp(b.TempDir(), "")
	must(b, err)
	defer f.Close()
	page := make([]byte, 4096)
	done := stopwatch()
	for range n {
		_, err := f.WriteAt(page, 0)
		must(b, err)
		must(b, f.Sync())
	}
	return done()
}

// nowhere drops what the webhook answers.
type nowhere struct{}

func (nowhere) Header() http.Header             { return http.Header{} }
func (nowhere) Write(p []byte) (int, error)     { return len(p), nil }
func (nowhere) WriteHeader(int)                 {}
func (nowhere) SetReadDeadline(time.Time) error { return nil }
