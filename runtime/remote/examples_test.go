package remote_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/nats-io/nats-server/v2/server/ats"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/match"
	"github.com/beckon-bot/beckon/runtime/remote"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

func TestMain(m *testing.M) {
	ats.Register()
	os.Exit(m.Run())
}

const examples = "../../handlers/examples"

const permitAll = `schema: beckon.rules/v1
pack: acme
layer: account
version: 1.0.0
rules:
  - {id: acme.all, effect: permit, actions: [reply, dm], because: We send what X permits.}
`

var (
	acme  = xsim.User{ID: "900", Username: "acme_help", Automated: true}
	alice = xsim.User{ID: "7", Username: "alice"}
)

// desk is a host as far as a handler outside meets it, on real sockets.
type desk struct {
	t     *testing.T
	bus   *bus.JetStream
	store *sqlite.Store
	done  chan dispatch.Handled
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	store, err := sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(t.TempDir(), "x.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bus.Open(t.Context(), bus.Options{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", Logins: []bus.Login{{Name: "orders", Token: "a-token"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.Load([]rules.Source{{Name: "acme.yaml", Data: []byte(permitAll)}}, rules.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, bus: b, store: store, done: make(chan dispatch.Handled, 100)}
	disp := dispatch.New(dispatch.Options{
		Store: store, Key: event.Key("a key for tests, 32 bytes long..."),
		Gate: gate.New([]gate.Bot{{
			Name: "acme", UserID: acme.ID, Username: acme.Username, Tier: "self_serve", OptOutHint: "Say STOP.",
			OptOutConfirmation: "You will hear no more.", PrivacyURL: "https://acme.example/privacy",
			LabelOn: true, BioDiscloses: true, OperatorLinked: true, Rules: set,
		}}),
		Handlers: map[string]handlers.Chain{"acme": {handlers.Help{}, handlers.Outside{ID: "orders", Deadline: time.Minute}}},
	})
	r := remote.New(remote.Options{
		Store: store, Publish: b.Publish, Accounts: map[string]remote.Account{"acme": {Username: "acme_help", Operator: "acme"}},
		Handlers: map[string]remote.Handler{"orders": {Line: remote.Wire{Publish: b.Ask}, Again: 500 * time.Millisecond}},
	})
	wake := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 3)
	go func() { ended <- r.Run(ctx, time.Now, wake) }()
	go func() { ended <- b.Answers(ctx, r.Heard(time.Now)) }()
	go func() {
		ended <- disp.Run(ctx, dispatch.Loop{Bus: b, Now: time.Now, Commit: func(done []dispatch.Handled) {
			select {
			case wake <- struct{}{}:
			default:
			}
			for _, h := range done {
				d.done <- h
			}
		}})
	}()
	t.Cleanup(func() {
		cancel()
		for range 3 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		_ = b.Close()
		_ = store.Close()
	})
	return d
}

// dm is a message of alice's that comes in.
func (d *desk) dm(id, text string) {
	d.t.Helper()
	now := time.Now()
	body := xsim.DMBody(xsim.Head{EventID: "dm/" + id, Bot: acme.ID}, event.DMReceived,
		xsim.DM{ID: id, From: alice.ID, To: acme.ID, At: now, Text: text}, alice, acme)
	err := d.bus.Publish(d.t.Context(), bus.Message{
		ID: "dm/" + id, Type: "dm.received", Source: "/x/webhook", Time: now, Bot: "acme", User: alice.ID, Data: body,
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// answered waits for the next answer and returns what was decided on it.
func (d *desk) answered() gate.Record {
	d.t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case h := <-d.done:
			if h.Event.Type == event.AnswerType {
				return h.Records[0]
			}
		case <-limit:
			d.t.Fatal("no answer within a minute")
		}
	}
}

func (d *desk) texts() (out []string) {
	d.t.Helper()
	err := d.store.Read(context.Background(), func(tx db.Tx) error {
		rows, err := tx.ListActions(db.ActionFilter{})
		if err != nil {
			return err
		}
		for _, a := range rows {
			sealed, err := tx.ActionText(a.ID)
			if err != nil {
				return err
			}
			plain, err := event.Open(sealed)
			if err != nil {
				return err
			}
			out = append(out, string(plain))
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// start runs an example until the test ends.
func (d *desk) start(name string, args ...string) {
	d.t.Helper()
	c := exec.Command(name, args...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	c.Env = append(os.Environ(), "BECKON_TOKEN=a-token", "BECKON_NATS="+d.bus.Addr())
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait() // killed
		if d.t.Failed() {
			d.t.Logf("%s said: %s", name, out.String())
		}
	})
}

// TestExamples runs the documented handlers, where what runs them is installed.
func TestExamples(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(t *testing.T, d *desk){
		"python": func(t *testing.T, d *desk) { d.start(tool(t, "python3"), examples+"/python/handler.py") },
		"typescript": func(t *testing.T, d *desk) {
			node := tool(t, "node")
			// Older versions of Node read JavaScript only.
			r := api.Build(api.BuildOptions{
				EntryPoints: []string{examples + "/typescript/handler.ts"}, Outfile: filepath.Join(t.TempDir(), "handler.mjs"),
				Write: true, Platform: api.PlatformNode, Format: api.FormatESModule,
			})
			if len(r.Errors) > 0 || len(r.Warnings) > 0 || len(r.OutputFiles) != 1 {
				t.Fatalf("handler.ts: %v %v", r.Errors, r.Warnings)
			}
			d.start(node, r.OutputFiles[0].Path)
		},
		"go": func(t *testing.T, d *desk) {
			bin := filepath.Join(t.TempDir(), "handler")
			if out, err := exec.Command("go", "build", "-o", bin, examples+"/go").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			d.start(bin)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			run(t, d)
			d.dm("2001", "Where is my order 4711? – Ünïcode")
			if r := d.answered(); r.Decision != gate.Allow || r.Action.Handler != "orders" || r.User != alice.ID {
				t.Fatalf("decided %+v", r)
			}
			texts := d.texts()
			if len(texts) != 1 || !bytes.HasPrefix([]byte(texts[0]), []byte("Order 4711 is on its way.")) {
				t.Errorf("it says %q", texts)
			}
			d.dm("2002", "Hello?")
			if r := d.answered(); r.Decision != gate.None {
				t.Errorf("decided %+v on nothing", r)
			}
		})
	}
}

func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: its example does not run", name)
	}
	return path
}

// The question that goes out is the one that the schema promises, and the
// schema of answers is what is read.
func TestSchemas(t *testing.T) {
	t.Parallel()
	question, answer := schema(t, "question.schema.json"), schema(t, "answer.schema.json")
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	q := remote.Question{
		Form: remote.QuestionForm, ID: "q-1", Bot: "acme", Handler: "orders", Attempt: 1, AskedAt: now, Deadline: now, Channel: "dm", Limit: 1,
		Message: remote.Message{ID: "1", Interaction: "1", User: "7", Name: "alice", Text: "x", Lang: "en", At: now},
		Account: remote.Account{Username: "a", Operator: "b", PrivacyURL: "https://a.example"},
		Matches: []match.Given{{Purpose: "order_status", Ref: "C-1", Basis: "opt_in", Until: now}},
	}
	if err := question.Validate(generic(t, q)); err != nil {
		t.Error(err)
	}
	keys(t, "question.schema.json", generic(t, q))
	full := event.Said{
		Form: event.AnswerForm, Question: "q-1", Bot: "acme", User: "7", Text: "x", SplitAt: 600, Handoff: true, AIGenerated: true,
		Promotional: true, Affiliate: true, AffiliateDisclosed: true, PaidPartnership: true,
	}
	keys(t, "answer.schema.json", generic(t, full))
	for body, want := range map[string]bool{
		`{"form":"beckon.answer/v1","question":"q-1"}`:                  true,
		`{"form":"beckon.answer/v1","question":"q-1","text":"x"}`:       true,
		`{"form":"beckon.answer/v1","question":"q-1","split_at":600}`:   true,
		`{"form":"beckon.answer/v1","question":"q-1","split_at":20}`:    false,
		`{"form":"beckon.answer/v1","question":""}`:                     false,
		`{"form":"beckon.answer/v2","question":"q-1"}`:                  false,
		`{"form":"beckon.answer/v1","question":"q-1","to":"8"}`:         false,
		`{"form":"beckon.answer/v1","question":"q-1","text":7}`:         false,
		`{"form":"beckon.answer/v1","question":"q-1","handoff":"true"}`: false,
		`{"question":"q-1"}`: false,
	} {
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Fatal(err)
		}
		_, read := event.ReadSaid([]byte(body))
		if valid := answer.Validate(v); (valid == nil) != want || (read == nil) != want {
			t.Errorf("%s: the schema says %v, Beckon %v", body, valid, read)
		}
	}
}
