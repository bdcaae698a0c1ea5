package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/gate"
)

func TestReloadChangesTheNextDecision(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.start()
	first := d.ask()
	if !first.Allowed() {
		t.Fatalf("before: %s", first.Decision.Say)
	}
	d.write(d.dir, "acme.yaml", shut)
	d.write(d.dir, "acme_test.yaml", testOf(silent))
	d.now = nine.Add(time.Hour)
	s := d.reload()
	if v := d.ask(); v.Allowed() || v.Decision.By[0].Rule != "acme.shut" {
		t.Errorf("after: %s by %v, want a denial by acme.shut", v.Decision.Effect, v.Decision.By)
	}
	f := s.Rules
	if f.Outcome != Changed || f.Account != "acme 1.1.0" || !f.Since.Equal(d.now) || f.Why != "operator maria" || f.Tests != 1 || f.Failure != nil {
		t.Errorf("status: %+v", f)
	}
	if s := d.reload(); s.Rules.Outcome != Unchanged || !s.Rules.Since.Equal(d.now) {
		t.Errorf("once more: %+v, want unchanged", s.Rules)
	}
	if n := d.r.Metrics.Changed.Load(); n != 2 {
		t.Errorf("%d changes counted, want the start and one", n)
	}
	if log := d.logged(); strings.Count(log, "rules in force") != 2 || !strings.Contains(log, "was="+first.Set.Hash()) {
		t.Errorf("logged:\n%s", log)
	}
}

// TestL1LastGoodSetStays: whatever is wrong with a directory, the rules in force
// decide as before, and the status, a metric and one line of log say why.
func TestL1LastGoodSetStays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(d *desk)
		step  Step
		want  string // in the problem
	}{
		{"half a file", func(d *desk) { d.write(d.dir, "acme.yaml", shut[:len(shut)-60]) }, StepLoad, "acme.yaml:11:5: yaml: not YAML"},
		{"half a file, which would load", func(d *desk) { // only its tests know what is missing
			d.write(d.dir, "acme_test.yaml", testOf(silent))
			d.write(d.dir, "acme.yaml", shut[:strings.Index(shut, "  - id: acme.shut")])
		}, StepTests, "test-failed: a mention: want deny, got allow"},
		{"an empty file", func(d *desk) { d.write(d.dir, "acme.yaml", "") }, StepLoad, "acme.yaml"},
		{"a typing error", func(d *desk) { d.write(d.dir, "acme.yaml", strings.Replace(shut, "forbid", "forbit", 1)) }, StepLoad, "acme.yaml:11:13: unknown-value: effect is never forbit"},
		{"a file of the platform layer", func(d *desk) { d.write(d.dir, "x.yaml", strings.Replace(pack, "layer: account", "layer: platform", 1)) }, StepLoad, "x.yaml:3:8: "},
		{"no directory", func(d *desk) { d.remove(d.dir) }, StepRead, "read: no such file"},
		{"no file", func(d *desk) { d.remove(filepath.Join(d.dir, "acme.yaml")) }, StepRead, "no-rules: 0 rule files"},
		{"a file that is a directory's", func(d *desk) {
			d.remove(filepath.Join(d.dir, "acme.yaml"))
			d.write(filepath.Join(d.dir, "acme.yaml"), "x", "")
		}, StepRead, "no-rules: "},
		{"a link to nowhere", func(d *desk) {
			if err := os.Symlink("nowhere", filepath.Join(d.dir, "more.yaml")); err != nil {
				d.t.Fatal(err)
			}
		}, StepRead, "more.yaml: read: no such file"},
		{"a failing test", func(d *desk) { d.write(d.dir, "acme.yaml", shut) }, StepTests, "acme_test.yaml:10: test-failed: a mention: want allow, got deny: We are closed."},
		{"a test that does not load", func(d *desk) { d.write(d.dir, "acme_test.yaml", testOf("maybe")) }, StepTests, "acme_test.yaml:10:"},
		{"a timeline without a host", func(d *desk) {
			d.write(d.dir, "time_test.yaml", "schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ntimelines:\n  - name: a day\n    steps:\n      - {at: 0s, event: dm.received, from: ann, text: hello}\n      - {at: 1s, draft: dm, to: ann, expect: deny}\n")
		}, StepTests, "time_test.yaml:4: test-failed: a day: "},
		{"a failing test behind a link", func(d *desk) {
			must(d.t, os.Rename(d.dir, d.dir+"-1"))
			must(d.t, os.Symlink(d.dir+"-1", d.dir))
			d.write(d.dir, "acme.yaml", shut)
		}, StepTests, "acme_test.yaml:10: test-failed: "},
		{"a violated invariant", func(d *desk) { d.write(d.dir, "never_test.yaml", invariant) }, StepInvariants, "never_test.yaml:3: invariant-violated: never"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.start()
			before := d.ask()
			d.logged()
			tt.spoil(d)
			s := d.reload()
			f := s.Rules.Failure
			if s.Rules.Outcome != Failed || f == nil || f.Step != tt.step || !strings.Contains(strings.Join(f.Problems, "\n"), tt.want) {
				t.Fatalf("got %s, %+v; want a failure of the step %s with %q", s.Rules.Outcome, f, tt.step, tt.want)
			}
			if v := d.ask(); v.Set != before.Set || !v.Allowed() || s.Rules.Set != before.Set.Hash() {
				t.Errorf("the set in force is %s, allowed %t; want that of before", v.Set.Hash(), v.Allowed())
			}
			if m := d.r.Metrics; m.Failed.Load() != 2+1 || m.Refused.Load() != 1 { // the candidate's directory is not there, twice
				t.Errorf("failed %d, refused %d; want 3, 1", m.Failed.Load(), m.Refused.Load())
			}
			log := d.logged()
			if strings.Count(log, "level=ERROR") != 1 || !strings.Contains(log, "rules refused; the last good ones stay in force") || !strings.Contains(log, "step="+string(tt.step)) {
				t.Errorf("logged:\n%s", log)
			}
			if n := len(d.activations()); n != 1 {
				t.Errorf("%d activations on record, want that of the start", n)
			}

			// Repaired, it means what it meant.
			d.remove(d.dir)
			d.write(d.dir, "acme.yaml", pack)
			if s := d.reload(); s.Rules.Outcome != Unchanged || s.Rules.Failure != nil || d.r.Metrics.Refused.Load() != 0 {
				t.Errorf("repaired: %+v, %d refused", s.Rules, d.r.Metrics.Refused.Load())
			}
		})
	}
}

func (d *desk) remove(path string) {
	d.t.Helper()
	if err := os.RemoveAll(path); err != nil {
		d.t.Fatal(err)
	}
}

// A host does not start with rules that fail, and says whether they do not load
// or fail their tests.
func TestStartRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(d.dir, "acme.yaml", strings.Replace(pack, "permit", "allow", 1))
	var diags rules.Diagnostics
	if err := d.r.Start(t.Context()); !errors.As(err, &diags) || IsTests(err) {
		t.Errorf("rules that do not load: got %v", err)
	}
	d.write(d.dir, "acme.yaml", shut)
	if err := d.r.Start(t.Context()); !IsTests(err) || errors.As(err, &diags) {
		t.Errorf("rules that fail their tests: got %v", err)
	}
	if v := d.ask(); v.Set != nil || v.Allowed() {
		t.Error("a set that failed is in force")
	}
}

// TestL2StoredBeforeItDecides: what the database does not take does not decide,
// and what decides can be loaded from it.
func TestL2StoredBeforeItDecides(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.start()
	before := d.ask()
	full := &broken{d.store, errors.New("disk full")}
	d.r.Store = full
	d.write(d.dir, "acme.yaml", shut)
	d.write(d.dir, "acme_test.yaml", testOf(silent))
	s := d.reload()
	if s.Rules.Failure == nil || s.Rules.Failure.Step != StepStore || d.ask().Set != before.Set {
		t.Fatalf("the database is full: %+v, set %s", s.Rules, d.ask().Set.Hash())
	}
	// Once it takes it, the next look needs no change of the directory.
	full.err = nil
	d.r.changed(t.Context())
	after := d.ask()
	if after.Allowed() || after.Set == before.Set {
		t.Fatal("the new rules are not in force")
	}
	for _, v := range []gate.Verdict{before, after} {
		var kept db.RuleSet
		err := d.store.Read(t.Context(), func(tx db.Tx) (err error) { kept, err = tx.RuleSet(v.Set.Hash()); return err })
		if err != nil {
			t.Fatalf("set %s: %v", v.Set.Hash(), err)
		}
		var files map[string]string
		if err := json.Unmarshal(kept.Sources, &files); err != nil {
			t.Fatal(err)
		}
		var sources []rules.Source
		for name, data := range files {
			sources = append(sources, rules.Source{Name: name, Data: []byte(data)})
		}
		again, err := rules.Load(sources, rules.Options{})
		if err != nil || again.Hash() != v.Set.Hash() {
			t.Errorf("loaded again: %s, %v; want %s", again.Hash(), err, v.Set.Hash())
		}
	}
	platform, _ := before.Set.Packs()
	want := []gate.Activation{
		{Bot: "acme", Set: before.Set.Hash(), Platform: platform, Account: "acme 1.0.0", Why: WhyStart},
		{Bot: "acme", Was: before.Set.Hash(), Set: after.Set.Hash(), Platform: platform, Account: "acme 1.1.0", Why: WhyChange},
	}
	if diff := cmp.Diff(want, d.activations()); diff != "" {
		t.Errorf("activations (-want +got):\n%s", diff)
	}
}

// A restart with the same rules is no activation; one with others is.
func TestRestart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.start()
	d.now = nine.Add(time.Hour)
	d.restart()
	d.start()
	if n := len(d.activations()); n != 1 {
		t.Errorf("%d activations after a restart, want 1", n)
	}
	if s := d.r.Status()[0].Rules; !s.Since.Equal(nine) || s.Why != WhyStart {
		t.Errorf("in force since %s, want %s", s.Since, nine)
	}
	old := d.ask().Set.Hash()
	d.write(d.dir, "acme.yaml", shut)
	d.write(d.dir, "acme_test.yaml", testOf(silent))
	d.restart()
	d.start()
	all := d.activations()
	if len(all) != 2 || all[1].Was != old || all[1].Why != WhyStart || !d.r.Status()[0].Rules.Since.Equal(d.now) {
		t.Errorf("activations %+v, want a second one", all)
	}
}

// TestL3CandidateStopsNothing: it comes and goes, is broken and repaired, and no
// decision changes; what it would have decided is counted.
func TestL3CandidateStopsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.start() // without the candidate's directory
	s := d.r.Status()[0]
	if s.Candidate == nil || s.Candidate.Set != "" || s.Candidate.Failure == nil || s.Rules.Failure != nil {
		t.Fatalf("without a directory: %+v", s.Candidate)
	}
	d.write(d.next, "acme.yaml", shut)
	d.r.changed(t.Context())
	for range 3 {
		v := d.ask()
		if !v.Allowed() || v.Candidate == nil || v.Candidate.Change != gate.Tighter {
			t.Fatalf("%s, candidate %+v; want allow, and tighter", v.Decision.Effect, v.Candidate)
		}
		d.logged()
		d.r.Saw(t.Context(), v.Record(gate.Record{Bot: "acme", Event: "e1", Action: &gate.ActionRef{Stage: gate.StageDraft}}, conversation.State{}, nil))
		if log := d.logged(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "candidate_rule=acme.shut change=tighter") {
			t.Errorf("logged: %s", log)
		}
	}
	m := d.r.Metrics
	if s := d.r.Status()[0].Candidate; s.Tally != (Tally{Tighter: 3}) || m.AllowDeny.Load() != 3 || m.Doubtful.Load() != 0 {
		t.Errorf("tally %+v, metric %d, doubtful %d", s.Tally, m.AllowDeny.Load(), m.Doubtful.Load())
	}
	d.write(d.next, "acme.yaml", "half")
	d.r.changed(t.Context())
	if s := d.r.Status()[0]; s.Candidate.Failure == nil || s.Candidate.Account != "acme 1.1.0" || m.Doubtful.Load() != 1 || !d.ask().Allowed() {
		t.Errorf("broken: %+v", s.Candidate)
	}
	if log := d.logged(); strings.Contains(log, "ERROR") || strings.Count(log, "candidate rules refused") != 1 {
		t.Errorf("logged:\n%s", log)
	}
	// Another candidate begins at nothing, and promotion is a copy.
	d.write(d.next, "acme.yaml", strings.Replace(shut, "forbid", "hold", 1))
	d.r.changed(t.Context())
	if s := d.r.Status()[0].Candidate; s.Tally != (Tally{}) || s.Failure != nil {
		t.Errorf("another candidate: %+v", s)
	}
	d.write(d.dir, "acme.yaml", strings.Replace(shut, "forbid", "hold", 1))
	d.write(d.dir, "acme_test.yaml", testOf("hold"))
	d.r.changed(t.Context())
	if v := d.ask(); v.Decision.Effect != gate.Hold || v.Candidate.Change != gate.Same {
		t.Errorf("promoted: %s, candidate %+v", v.Decision.Effect, v.Candidate)
	}
	last := d.activations()
	if a := last[len(last)-1]; a.Candidate || a.Why != WhyChange || !last[1].Candidate {
		t.Errorf("activations: %+v", last)
	}
}

// A reload while others decide: run it with -race.
func TestReloadWhileDeciding(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.start()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			v := d.ask()
			if v.Set == nil {
				t.Error("no rules for a moment")
			}
			d.r.Saw(ctx, v.Record(gate.Record{Bot: "acme"}, conversation.State{}, nil))
			d.r.Status()
		}
	}()
	for i := range 4 {
		d.write(d.dir, "acme.yaml", []string{shut, pack}[i%2])
		d.write(d.dir, "acme_test.yaml", testOf([]string{silent, answers}[i%2]))
		if s := d.reload(); s.Rules.Outcome != Changed {
			t.Errorf("reload %d: %+v", i, s.Rules)
		}
	}
	stop()
	<-done
}
