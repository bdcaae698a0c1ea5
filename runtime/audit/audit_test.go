package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

var (
	key = event.Key("audit tests: a key of 32 bytes ..")
	day = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
)

// desk is a database with its chain, on a clock of its own.
type desk struct {
	*testing.T
	path   string
	signer string
	now    time.Time
	below  *sqlite.Store
	*Store
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	signer, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{T: t, path: filepath.Join(t.TempDir(), "beckon.db"), signer: signer, now: day}
	d.open()
	t.Cleanup(func() { _ = d.below.Close() })
	return d
}

func (d *desk) open() {
	d.Helper()
	var err error
	if d.below, err = sqlite.Open(context.Background(), sqlite.Options{Path: d.path}); err != nil {
		d.Fatal(err)
	}
	d.Store, err = Open(context.Background(), d.below, Options{Key: key, Signer: d.signer, Now: func() time.Time { return d.now }})
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) write(fn func(tx db.Tx) error) {
	d.Helper()
	if err := d.Write(context.Background(), fn); err != nil {
		d.Fatal(err)
	}
}

func decision(n int) db.Decision {
	return db.Decision{ID: fmt.Sprintf("d-%016x", n), At: day, Bot: "desk", Event: "e", Record: []byte(`{"say":"because"}`)}
}

func waiting(id string) db.Action {
	return db.Action{
		ID: id, Bot: "desk", Interaction: "i-" + id, Kind: event.Reply, Purpose: event.Answer, User: "4711",
		State: event.Hold, CreatedAt: day, Decision: []byte("{}"), Draft: []byte("{}"),
	}
}

// day1 fills a database with a record of each kind, some changed since.
func (d *desk) day1() {
	d.Helper()
	a := waiting("a-1")
	d.write(func(tx db.Tx) error { return errors.Join(tx.AppendDecision(decision(1)), tx.InsertAction(a)) })
	d.write(func(tx db.Tx) error {
		a.State, a.Approval = event.Pending, &db.Approval{By: "ann", At: day, Rules: []string{"r"}}
		return errors.Join(tx.AppendDecision(decision(2)), tx.UpdateAction(a, event.Hold))
	})
	d.write(func(tx db.Tx) error {
		return tx.PutSuppression(conversation.Suppression{UserHash: key.User("4711"), OptedOut: true, At: day, EventID: "e", Tier: conversation.TierHard})
	})
	d.write(func(tx db.Tx) error {
		return errors.Join(
			tx.PutSwitch(db.Switch{Bot: db.AllBots, Paused: true, By: "ann lee", At: day, Reason: "lunch"}),
			tx.PutConsent(db.Consent{Bot: "desk", User: "4711", Kind: conversation.ConsentMatching, Wording: "w", At: day, Event: "e"}),
			tx.PutMatch(db.Match{Bot: "desk", User: "4711", Purpose: "crm", Basis: db.BasisOptIn, Sealed: []byte("C-1"), RefHash: "h", Event: "e", By: "ann", At: day}),
			tx.PutRuleSet(db.RuleSet{Hash: "set-1", ActivatedAt: day, Packs: "p", Sources: []byte("{}")}),
			tx.PutActivation(db.Activation{Bot: "desk", Set: "set-1", At: day, Packs: "p", Why: "start"}),
			tx.AddHandout(db.Handout{Question: "q-1", Attempt: 1, At: day, Bot: "desk", To: "127.0.0.1", What: "dm", Bytes: 20}),
			tx.PutConfigVersion(db.ConfigVersion{At: day, Hash: "c", Changed: "listen", Keys: "{}"}),
			tx.PutRedistribution(db.Redistribution{ID: "x-1", At: day, Recipient: "auditor", What: "posts", IDs: 3}))
	})
	if note, err := d.Checkpoint(context.Background(), d.now); err != nil || note == "" {
		d.Fatalf("checkpoint: %q, %v", note, err)
	}
	d.write(func(tx db.Tx) error {
		return errors.Join(tx.AppendDecision(decision(3)), tx.InsertAction(waiting("a-2")))
	})
}

func (d *desk) verify(kept ...string) Checked {
	d.Helper()
	c, err := Verify(context.Background(), d.below, key, kept...)
	if err != nil {
		d.Fatal(err)
	}
	return c
}

// sql changes the file past the host, as an engineer with sqlite3 would.
func (d *desk) sql(statements ...string) {
	d.Helper()
	raw, err := sql.Open("sqlite", "file:"+d.path)
	if err != nil {
		d.Fatal(err)
	}
	defer raw.Close()
	for _, s := range statements {
		r, err := raw.Exec(s)
		if err != nil {
			d.Fatalf("%s: %v", s, err)
		}
		if n, _ := r.RowsAffected(); n == 0 && !strings.HasPrefix(s, "DROP") {
			d.Fatalf("%s: it changed nothing", s)
		}
	}
}

func TestV1WhatIsWrittenIsNoted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.day1()
	got := d.verify()
	if len(got.Faults) > 0 {
		t.Fatalf("faults in what the host wrote: %v", got.Faults)
	}
	for _, k := range []string{
		KindDecision, KindAction, KindOptOut, KindSwitch, KindConsent, KindRuleSet, KindActivation, KindConfig, KindExport, KindHandout,
	} {
		if got.Records[k] == 0 {
			t.Errorf("no %s was checked: %v", k, got.Records)
		}
	}
	if got.Entries != 6 || got.Checkpoints != 1 { // the writer's, and five transactions
		t.Errorf("got %d entries and %d checkpoints, want 6 and 1", got.Entries, got.Checkpoints)
	}

	d.write(func(tx db.Tx) error { // again, later: it is there already
		return tx.AddHandout(db.Handout{Question: "q-1", Attempt: 1, At: day.Add(time.Hour), Bot: "desk", To: "127.0.0.1", What: "dm", Bytes: 20})
	})
	if got = d.verify(); len(got.Faults) > 0 {
		t.Fatalf("a handout told of twice: %v", got.Faults)
	}

	// What is rolled back leaves no entry, and a transaction without facts none.
	broken := errors.New("no")
	err := d.Write(context.Background(), func(tx db.Tx) error {
		return errors.Join(tx.AppendDecision(decision(9)), broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	d.write(func(tx db.Tx) error { return tx.SetMeta("a", "b") })
	if again := d.verify(); again.Entries != got.Entries || len(again.Faults) > 0 {
		t.Errorf("after a rollback: %d entries, faults %v", again.Entries, again.Faults)
	}
}

// TestV1FailedWritesAreNotNoted: a write that the engine refused is no fact,
// though its transaction goes on.
func TestV1FailedWritesAreNotNoted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(func(tx db.Tx) error {
		if err := tx.InsertAction(waiting("a-1")); err != nil {
			return err
		}
		other := waiting("a-1")
		other.User = "12"
		if err := tx.InsertAction(other); !errors.Is(err, db.ErrConflict) {
			t.Errorf("got %v, want a conflict", err)
		}
		return nil
	})
	if got := d.verify(); len(got.Faults) > 0 {
		t.Errorf("got %v", got.Faults)
	}
}

// TestV2Tampered changes the file in every way that one might, and wants it
// named.
func TestV2Tampered(t *testing.T) {
	t.Parallel()
	const free = "DROP TRIGGER audit_entries_stay"
	for name, c := range map[string]struct {
		sql  []string
		want string
	}{
		"decision changed":       {[]string{`UPDATE decisions SET record = '{}' WHERE id = 'd-0000000000000002'`}, "decision d-0000000000000002: the record was changed"},
		"decision removed":       {[]string{`DELETE FROM decisions WHERE id = 'd-0000000000000001'`}, "decision d-0000000000000001: the record is missing"},
		"decision put in":        {[]string{`INSERT INTO decisions (id, at, bot, event_id, action_id, record) VALUES ('d-9', 9999999999999, 'desk', '', '', '{}')`}, "decision d-9: the record is there, and no entry"},
		"approval changed":       {[]string{`UPDATE actions SET approval = replace(approval, 'ann', 'bob') WHERE id = 'a-1'`}, "action a-1: the record is not as the host left it"},
		"action removed":         {[]string{`DELETE FROM actions WHERE id = 'a-2'`}, "action a-2: the record is missing"},
		"opt-out ended":          {[]string{`UPDATE suppressions SET opted_out = 0`}, "optout " + key.User("4711") + ": the record is not as"},
		"opt-out removed":        {[]string{`DELETE FROM suppressions`}, "optout " + key.User("4711") + ": the record is missing"},
		"switch changed":         {[]string{`UPDATE switches SET set_by = 'bob'`}, "switch *: the record is not as"},
		"match on another basis": {[]string{`UPDATE matches SET basis = 'public'`}, "the record is not as the host left it"},
		"match hidden":           {[]string{`DELETE FROM matches`}, "the record is missing, and no receipt names it"},
		"consent made up":        {[]string{`UPDATE consents SET wording = 'everything'`}, "the record is not as the host left it"},
		"rules changed":          {[]string{`UPDATE rule_sets SET sources = '{"a":1}'`}, "ruleset set-1: the record is not as"},
		"activation removed":     {[]string{`DELETE FROM activations`}, "activation desk: the record is missing"},
		"configuration changed":  {[]string{`UPDATE config_versions SET changed = ''`}, "config c: the record was changed"},
		"handout removed":        {[]string{`DELETE FROM handouts`}, "handout q-1.1: the record is missing"},
		"export made smaller":    {[]string{`UPDATE redistributions SET ids = 1`}, "export x-1: the record was changed"},
		"entry changed":          {[]string{free, `UPDATE audit_entries SET facts = replace(facts, 'd-0000000000000001', 'd-000000000000000f') WHERE seq = 2`}, "entry 2 of W: it was changed"},
		"entry removed":          {[]string{`DELETE FROM audit_entries WHERE seq = 3`}, "entry 4 of W: it follows 2: entries between are missing"},
		"first entry removed":    {[]string{`DELETE FROM audit_entries WHERE seq = 1`}, "entry 2 of W: the chain begins here"},
		"entries in other order": {[]string{free, `UPDATE audit_entries SET seq = 100 WHERE seq = 3`, `UPDATE audit_entries SET seq = 3 WHERE seq = 4`, `UPDATE audit_entries SET seq = 4 WHERE seq = 100`}, "entry 3 of W: it does not follow entry 2"},
		"end cut off":            {[]string{`DELETE FROM audit_entries WHERE seq > 3`}, "entry 5 of W: a signed checkpoint names it, and it is not there"},
		"checkpoint changed":     {[]string{`UPDATE audit_checkpoints SET note = replace(note, 'at 2026', 'at 2025')`}, "no signature of a writer"},
		"writer's key changed":   {[]string{`UPDATE audit_writers SET verifier = 'beckon-audit+00000000+AAAA'`}, "its public key is not the one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.day1()
			d.sql(c.sql...)
			want := strings.ReplaceAll(c.want, "W", d.Writer())
			got := d.verify()
			for _, f := range got.Faults {
				if strings.Contains(f.String(), want) {
					return
				}
			}
			t.Errorf("got %v, want a fault with %q", got.Faults, want)
		})
	}
}

// TestV2EntriesStay: the schema refuses a change of an entry.
func TestV2EntriesStay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	raw, err := sql.Open("sqlite", "file:"+d.path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec(`UPDATE audit_entries SET facts = ''`); err == nil || !strings.Contains(err.Error(), "never changed") {
		t.Errorf("got %v, want the trigger's refusal", err)
	}
}

// TestV3ChainWrittenAgain: who holds the database and the key can write another
// chain; a checkpoint kept elsewhere shows it.
func TestV3ChainWrittenAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.day1()
	kept, err := d.Checkpoint(context.Background(), d.now.Add(time.Hour))
	if err != nil || !strings.HasPrefix(kept, "beckon.audit/v1\n6\n") || !strings.Contains(kept, d.Writer()+" 6 ") {
		t.Fatalf("got %q, %v", kept, err)
	}
	if again, err := d.Checkpoint(context.Background(), d.now.Add(2*time.Hour)); err != nil || again != "" {
		t.Errorf("a checkpoint of nothing new: %q, %v", again, err)
	}
	if got := d.verify(kept); len(got.Faults) > 0 || got.Checkpoints != 2 {
		t.Fatalf("got %d checkpoints and %v", got.Checkpoints, got.Faults)
	}
	_ = d.below.Close()
	d.path = filepath.Join(t.TempDir(), "forged.db")
	d.open()
	d.write(func(tx db.Tx) error { return tx.AppendDecision(decision(1)) })
	if got := d.verify(); len(got.Faults) > 0 {
		t.Fatalf("the forged chain holds by itself: %v", got.Faults)
	}
	got := d.verify(kept)
	if len(got.Faults) != 1 || !strings.Contains(got.Faults[0].String(), "entry 6 of "+d.Writer()+": a signed checkpoint names it") {
		t.Errorf("got %v", got.Faults)
	}
}

// TestV2OneChainAWriter: another key begins another chain; checkpoints name
// both.
func TestV2OneChainAWriter(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.day1()
	first := d.Writer()
	signer, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	d.signer = signer
	_ = d.below.Close()
	d.open()
	d.write(func(tx db.Tx) error { return tx.AppendDecision(decision(4)) })
	note, err := d.Checkpoint(context.Background(), d.now)
	if err != nil || !strings.Contains(note, first+" 6 ") || !strings.Contains(note, d.Writer()+" 2 ") {
		t.Fatalf("got %q, %v", note, err)
	}
	if got := d.verify(note); len(got.Faults) > 0 || got.Entries != 8 || len(got.Writers) != 2 {
		t.Errorf("got %+v", got)
	}
}

// TestV4Receipts: what a receipt names may be gone or blanked, and nothing
// else; what was pruned may be gone.
func TestV4Receipts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.day1()
	d.write(func(tx db.Tx) error {
		return tx.PutReceipt(db.Receipt{ID: "r-1", Cause: db.CauseUser, TriggeredAt: day, DueAt: day.Add(24 * time.Hour), At: day, Counts: "{}",
			Records: []db.RecordRef{{Kind: KindDecision, Ref: "d-0000000000000001"}, {Kind: KindAction, Ref: "a-1"}, {Kind: KindAction, Ref: "a-2"}}})
	})
	d.sql(`DELETE FROM decisions WHERE id = 'd-0000000000000001'`, `UPDATE actions SET user_id = '' WHERE id = 'a-1'`, `DELETE FROM actions WHERE id = 'a-2'`)
	if got := d.verify(); len(got.Faults) > 0 || got.Erased != 3 {
		t.Fatalf("got %d erased and %v", got.Erased, got.Faults)
	}
	d.now = day.AddDate(0, 4, 0)
	d.write(func(tx db.Tx) error { _, err := tx.PruneDecisions(day.Add(time.Minute), 1); return err })
	if got := d.verify(); len(got.Faults) > 0 || got.Expired != 1 || got.Records[KindDecision] != 1 {
		t.Fatalf("got %d expired, %v, %v", got.Expired, got.Records, got.Faults)
	}
	d.sql(`DELETE FROM receipt_records`)
	if got := d.verify(); len(got.Faults) != 2 { // the decision is past its time by now
		t.Errorf("without what the receipt names: got %v, want the two actions", got.Faults)
	}
}

// TestTrim: two years are kept, one past the end of access, and what is left
// still verifies.
func TestTrim(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.day1()
	trim := func(now time.Time) int {
		t.Helper()
		d.now = now
		n, err := d.Trim(context.Background(), now, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := trim(day.AddDate(2, 0, -1)); n != 0 {
		t.Errorf("before two years: %d are gone", n)
	}
	d.write(func(tx db.Tx) error { return tx.SetMeta(MetaAccessEnded, day.AddDate(1, 6, 0).Format(time.RFC3339)) })
	if n := trim(day.AddDate(2, 1, 0)); n != 0 {
		t.Errorf("within a year of the end of access: %d are gone", n)
	}
	if n := trim(day.AddDate(2, 7, 0)); n != 5 {
		t.Errorf("a year past the end: %d are gone, want all but the last", n)
	}
	d.write(func(tx db.Tx) error { return tx.PutSwitch(db.Switch{Bot: "desk", Paused: true, By: "ann", At: d.now}) })
	if got := d.verify(); len(got.Faults) > 0 || got.Entries != 3 {
		t.Fatalf("got %d entries and %v", got.Entries, got.Faults)
	}
	d.sql(`DELETE FROM audit_entries WHERE seq = 6`)
	if got := d.verify(); len(got.Faults) == 0 {
		t.Error("one more was removed, and nothing is wrong")
	}
}

// TestNothingPersonal: nothing that is written into the chain tells of a user
// or shows what an operator wrote.
func TestNothingPersonal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.day1()
	err := d.Read(context.Background(), func(tx db.Tx) error {
		list, err := tx.ListEntries(d.Writer(), 0, 100)
		for _, e := range list {
			for _, secret := range []string{"4711", "ann", "lunch", "because", "everything", "auditor"} {
				if strings.Contains(string(e.Facts), secret) {
					t.Errorf("entry %d shows %q:\n%s", e.Seq, secret, e.Facts)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesOtherKeys(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	other, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	mine, _, _ := strings.Cut(d.signer, " ")
	_, theirs, _ := strings.Cut(other, " ")
	for _, bad := range []string{"", "x", mine, mine + " " + theirs, "x " + theirs} {
		_, err := Open(context.Background(), d.below, Options{Key: key, Signer: bad})
		if err == nil || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("got %v, want an error without the key", err)
		}
	}
}

func TestFactsAreWords(t *testing.T) {
	t.Parallel()
	f := fact{"switch", "a b\n\"c\" é", "", "m"}
	got, err := readFacts(f.line(nil))
	if err != nil || len(got) != 1 || got[0].kind != "switch" || got[0].what != "-" || got[0].mac != "m" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := readFacts([]byte("one two\n")); err == nil {
		t.Error("half a fact: want an error")
	}
}

// TestV4PrunedMatch: what is dropped after its time leaves a receipt that names it.
func TestV4PrunedMatch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	m := db.Match{Bot: "desk", User: "4711", Purpose: "crm", Basis: db.BasisOptIn, Event: "e", By: "ann", At: day, EndedAt: day.Add(time.Hour)}
	stands := m
	stands.Purpose, stands.EndedAt, stands.Sealed, stands.RefHash = "shop", time.Time{}, []byte("C-1"), "h"
	d.write(func(tx db.Tx) error { return errors.Join(tx.PutMatch(m), tx.PutMatch(stands)) })
	if c := d.verify(); len(c.Faults) > 0 || c.Records[KindMatch] != 2 {
		t.Fatalf("%+v", c)
	}
	d.write(func(tx db.Tx) error {
		gone, err := tx.PruneMatches(day.AddDate(1, 0, 0), 10)
		if len(gone) != 1 || gone[0].Purpose != "crm" {
			t.Errorf("pruned %+v", gone)
		}
		return err
	})
	if c := d.verify(); len(c.Faults) > 0 || c.Records[KindMatch] != 1 || c.Erased != 1 {
		t.Errorf("%+v", c)
	}
}
