package rollout

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) // a Monday

// pack is an account that answers mentions, and what its tests say of it.
const pack = `schema: beckon.rules/v1
pack: acme
layer: account
version: 1.0.0
rules:
  - id: acme.reply
    effect: permit
    actions: [reply]
    because: We answer.
`

// shut is pack with a forbid, as another version.
var shut = strings.Replace(pack, "1.0.0", "1.1.0", 1) + `  - id: acme.shut
    effect: forbid
    actions: [reply]
    because: We are closed.
`

const packTest = `schema: beckon.rules-test/v1
clock: 2026-03-02T09:00:00Z
cases:
  base:
    action: {kind: reply}
    event: {kind: post, age: 5m, lang: en, text_readable: true}
    interaction: {mentioned: true, summoned: true}
    bot: {label_on: true, bio_discloses: true, operator_linked: true}
  table:
    - {name: a mention, expect: EXPECT}
`

const answers, silent = "allow", "deny"

func testOf(expect string) string { return strings.Replace(packTest, "EXPECT", expect, 1) }

// invariant says that nothing is ever sent, which no good pack keeps.
const invariant = `schema: beckon.rules-test/v1
invariants:
  - {id: never, never: 'action.kind == "reply" and decision == "allow"'}
`

// desk is a rollout over directories, with a database and a gate.
type desk struct {
	t     *testing.T
	r     *Rollout
	gate  *gate.Gate
	store db.Store
	dir   string // of the rules
	next  string // of the candidate
	now   time.Time

	mu   sync.Mutex
	log  bytes.Buffer
	more chan struct{} // has an element when there is more
}

func (d *desk) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case d.more <- struct{}{}:
	default:
	}
	return d.log.Write(b)
}

// await waits until what is logged holds a text, and takes it.
func (d *desk) await(text string) {
	d.t.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	var said strings.Builder
	for {
		said.WriteString(d.logged())
		if strings.Contains(said.String(), text) {
			return
		}
		select {
		case <-d.more:
		case <-late.C:
			d.t.Fatalf("nobody says %q:\n%s", text, said.String())
		}
	}
}

// logged takes what was logged since it was asked last.
func (d *desk) logged() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.log.Reset()
	return d.log.String()
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	tmp := t.TempDir()
	d := &desk{t: t, dir: filepath.Join(tmp, "rules"), next: filepath.Join(tmp, "next"), now: nine, more: make(chan struct{}, 1)}
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(tmp, "beckon.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	d.store = store
	d.write(d.dir, "acme.yaml", pack)
	d.write(d.dir, "acme_test.yaml", testOf(answers))
	d.restart()
	return d
}

// restart makes a rollout as a new process would.
func (d *desk) restart() {
	d.gate = gate.New([]gate.Bot{{
		Name: "acme", UserID: "900", Username: "acme_help", Operator: "acme", Tier: "self_serve",
		LabelOn: true, BioDiscloses: true, OperatorLinked: true,
	}})
	d.r = New(Options{
		Store: d.store, Gate: d.gate, Now: func() time.Time { return d.now }, Metrics: &Metrics{},
		Bots: []Bot{{Name: "acme", Rules: d.dir, Candidate: d.next}},
		Log:  slog.New(slog.NewTextHandler(d, nil)),
	})
}

func (d *desk) write(dir, name, content string) {
	d.t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// ask decides on a fresh mention with the rules in force.
func (d *desk) ask() gate.Verdict {
	return d.gate.Draft(
		event.Event{ID: "e1", Kind: event.KindPost, Bot: "acme", User: "7", Name: "ann", At: nine, Interaction: "100", Message: "100", Readable: true, Lang: "en", Automated: event.No},
		event.Draft{Kind: event.Reply, Purpose: event.Answer, Text: "Hello."}, nine,
		gate.Case{Bot: "acme", Now: nine.Add(time.Minute), State: conversation.State{Interaction: conversation.Interaction{Bot: "acme", Key: "100", Mentioned: true, Summoned: true}}})
}

func (d *desk) start() {
	d.t.Helper()
	if err := d.r.Start(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) reload() Status {
	d.t.Helper()
	all, err := d.r.Reload(d.t.Context(), "", WhyOperator("maria"))
	if err != nil || len(all) != 1 {
		d.t.Fatalf("reload: %v, %v", all, err)
	}
	return all[0]
}

// activations are those on record, oldest first.
func (d *desk) activations() (out []gate.Activation) {
	d.t.Helper()
	err := d.store.Read(context.Background(), func(tx db.Tx) error {
		rows, err := tx.ListDecisions(100)
		for _, row := range rows {
			var r gate.Record
			if err := json.Unmarshal(row.Record, &r); err != nil {
				return err
			}
			if a, ok := r.Activation(); ok {
				out = append([]gate.Activation{a}, out...)
			}
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// broken is a store whose writes fail.
type broken struct {
	db.Store
	err error
}

func (b *broken) Write(ctx context.Context, fn func(db.Tx) error) error {
	if b.err != nil {
		return b.err
	}
	return b.Store.Write(ctx, fn)
}
