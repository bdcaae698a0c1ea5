package bottest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/xapi"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// The ways in.
const (
	byWebhook = "webhook"
	byOlder   = "webhook, older envelope"
	byStream  = "stream"
	byPoll    = "poll"
)

// TestEveryWayIn feeds the same day by every way in: what was decided and sent
// is the same. What a way cannot show is named, and nothing else may differ.
func TestEveryWayIn(t *testing.T) {
	t.Parallel()
	got := map[string][]string{}
	for _, way := range []string{byWebhook, byOlder, byStream, byPoll} {
		synctest.Test(t, func(t *testing.T) { got[way] = dayBy(t, way) })
	}
	want := got[byWebhook]
	if len(want) < 10 || !slices.ContainsFunc(want, func(l string) bool { return strings.Contains(l, "opted out") }) {
		t.Fatalf("the day is too quiet to show anything:\n%s", strings.Join(want, "\n"))
	}
	for _, way := range []string{byOlder, byStream} {
		if diff := cmp.Diff(want, got[way]); diff != "" {
			t.Errorf("%s (-webhook +%s):\n%s", way, way, diff)
		}
	}
	// A quote that mentions nobody is in no list that X gives: the poll never
	// sees it.
	unseen := slices.DeleteFunc(slices.Clone(want), func(l string) bool { return strings.Contains(l, " eve ") })
	if diff := cmp.Diff(unseen, got[byPoll]); diff != "" || len(unseen) == len(want) {
		t.Errorf("poll (-webhook +poll):\n%s", diff)
	}
}

// theDay is a day of a small desk: an act, after how long, and the name by
// which a later one knows its post.
func theDay() []dayAct {
	long := strings.Repeat("This has a history that one should know. ", 9) + "When do you open?"
	return []dayAct{
		{"post", xsim.Act{Kind: xsim.ActPost, From: "help", Text: "We are here for you."}},
		{"", xsim.Act{Kind: xsim.ActMention, From: "ann", To: "help", Text: "@help where are you & how?"}},
		{"", xsim.Act{Kind: xsim.ActDM, From: "bob", To: "help", Text: "my order did not come"}},
		{"", xsim.Act{Kind: xsim.ActReply, From: "cal", Post: "post", Mention: true, Text: "when are you open?"}},
		{"", xsim.Act{Kind: xsim.ActReply, From: "dan", Post: "post", Text: "and a refund?"}},
		{"", xsim.Act{Kind: xsim.ActQuote, From: "eve", Post: "post", Text: "are they open?"}},
		{"", xsim.Act{Kind: xsim.ActDM, From: "fay", To: "help", Text: "STOP"}},
		{"", xsim.Act{Kind: xsim.ActMention, From: "fay", To: "help", Text: "@help where is it?"}},
		{"first", xsim.Act{Kind: xsim.ActMention, From: "gil", To: "help", Text: "@help when do you open?"}},
		{"", xsim.Act{Kind: xsim.ActEdit, Post: "first", Text: "@help when do you open today?"}},
		{"", xsim.Act{Kind: xsim.ActMention, From: "hal", To: "help", Text: "@help " + long}},
		{"", xsim.Act{Kind: xsim.ActMention, From: "ivy", To: "help", Text: "@help please stop messaging me"}},
		{"", xsim.Act{Kind: xsim.ActDM, From: "bob", To: "help", Text: "a refund then"}},
		{"", xsim.Act{Kind: xsim.ActDM, From: "fay", To: "help", Text: "START"}},
		{"", xsim.Act{Kind: xsim.ActDM, From: "fay", To: "help", Text: "where do I send it?"}},
	}
}

type dayAct struct {
	name string
	act  xsim.Act
}

// dayBy plays the day by one way in and says what came of it. It is called in
// a bubble.
func dayBy(t *testing.T, way string) []string {
	<-time.After(time.Until(midnight().Add(9 * time.Hour)))
	s, _, err := read(parseArchive("A day by every way in.\n-- script --\n09:00 mention ann help \"unused\"\n-- want --\n"))
	if err != nil {
		t.Fatal(err)
	}
	var h *host
	o := xsim.Options{
		ConsumerSecret: []byte(consumerSecret), Retries: -1, AppToken: "token-", Older: way == byOlder, Echo: xsim.EchoOff,
		Client:   &http.Client{Transport: xsim.Direct(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.web.ServeHTTP(w, r) }))},
		Log:      slog.New(slog.DiscardHandler),
		Accounts: []xsim.Account{{User: xsim.User{ID: botID(0), Username: "help", Automated: true}, Token: "token-help"}},
	}
	if way == byWebhook || way == byOlder {
		o.WebhookURL = webhookURL
	}
	sim, err := xsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	h, err = start(t.TempDir(), s, sim, slog.New(slog.DiscardHandler), func(*host, *http.Request) {}, func(*host, []dispatch.Handled) {})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var comes sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		comes.Wait()
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
	comeIn(ctx, t, h, sim, way, &comes)
	<-time.After(time.Minute)
	ids, people := map[string]string{}, map[string]bool{}
	for _, a := range theDay() {
		if id, ok := ids[a.act.Post]; ok {
			a.act.Post = id
		}
		done, err := sim.Do(a.act)
		if err != nil {
			t.Fatalf("%s of %s: %v", a.act.Kind, a.act.From, err)
		}
		if a.name != "" {
			ids[a.name] = done.ID
		}
		if a.act.From != "" {
			people[a.act.From] = true
		}
		if way != byPoll { // twice, as X does
			for range 2 {
				if err := sim.Deliver(ctx, done.Bodies...); err != nil {
					t.Fatal(err)
				}
			}
		}
		<-time.After(3 * time.Minute)
		synctest.Wait()
	}
	names := map[string]string{}
	for name := range people {
		if u, ok := sim.User(name); ok {
			names[u.ID] = name
		}
	}
	return outcome(t, h, names)
}

// comeIn starts what the way needs besides the webhook's handler.
func comeIn(ctx context.Context, t *testing.T, h *host, sim *xsim.Sim, way string, comes *sync.WaitGroup) {
	x, err := xapi.New(xapi.Options{
		BaseURL: "http://127.0.0.1", HTTP: &http.Client{Transport: xsim.Direct(sim.Handler())},
		Auth: func(_ context.Context, as xapi.As) (xapi.Authorizer, error) {
			return xapi.Bearer("token-" + as.Bot), nil
		},
		UserID: func(string) string { return botID(0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	take := func(source string) func(context.Context, []byte) error {
		return func(ctx context.Context, body []byte) error { return h.web.(*ingest.Webhook).Take(ctx, source, body) }
	}
	at := &places{at: map[string]string{}}
	switch way {
	case byStream:
		s := ingest.NewStream(ingest.StreamOptions{X: x, Positions: at, Take: take(ingest.StreamSource)})
		comes.Go(func() { _ = s.Run(ctx) })
	case byPoll:
		p := ingest.NewPoller(ingest.PollOptions{
			X: x, Positions: at, Take: take(ingest.PollSource), Bots: []ingest.PollBot{{Name: "help", UserID: botID(0)}},
		})
		comes.Go(func() { _ = p.Run(ctx) })
	}
}

// outcome is the action log and who has opted out, by interaction.
func outcome(t *testing.T, h *host, people map[string]string) (lines []string) {
	err := h.store.Read(context.Background(), func(tx db.Tx) error {
		rows, err := tx.ListActions(db.ActionFilter{Max: 1000})
		if err != nil {
			return err
		}
		for _, a := range rows {
			lines = append(lines, fmt.Sprintf("%s %s to %s answers %s v%d: %s, text %s", a.Purpose, a.Kind, people[a.User], a.Interaction, a.Version, a.State, a.TextHash))
		}
		for id, name := range people {
			s, err := tx.Suppression(hostKey().User(id))
			if err != nil {
				return err
			}
			if s.OptedOut {
				lines = append(lines, name+" has opted out")
			}
		}
		refused, err := tx.ListDecisions(10_000)
		if err != nil {
			return err
		}
		for _, d := range refused {
			var r gate.Record
			if err := json.Unmarshal(d.Record, &r); err != nil {
				return err
			}
			// What comes twice is refused as often as it comes.
			if r.Decision == gate.Deny && len(r.By) > 0 && r.By[0].Rule != "x.one-per-interaction" {
				lines = append(lines, fmt.Sprintf("to %s refused for %s by %s", people[r.User], r.Interaction, r.By[0].Rule))
			}
		}
		letters, err := tx.ListDeadLetters(100)
		for _, l := range letters {
			lines = append(lines, "dead letter: "+l.Reason)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// places keeps positions.
type places struct {
	mu sync.Mutex
	at map[string]string
}

func (p *places) Position(_ context.Context, name string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at[name], nil
}

func (p *places) SetPosition(_ context.Context, name, value string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at[name] = value
	return nil
}
