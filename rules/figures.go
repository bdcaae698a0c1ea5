package rules

import (
	"errors"
	"math/big"
	"math/rand/v2"

	"github.com/beckon-bot/beckon/rules/corpus"
)

// Figures are what Beckon claims of its rules, counted by the program itself,
// from what is compiled into it: nothing of them depends on the machine.
type Figures struct {
	Traps      int      `json:"traps"`         // conditions and files of the corpus that must not load
	Refused    int      `json:"traps_refused"` // refused with the right code, file, line and column, with a caret and a hint
	Good       int      `json:"good_conditions"`
	Loaded     int      `json:"good_conditions_loaded"`
	Programs   int      `json:"programs"`        // conditions evaluated by expr, by its optimizer's program, and directly
	Agreeing   int      `json:"programs_agreed"` // on which the three agree in every run
	Runs       int      `json:"program_runs"`
	Invariants int      `json:"invariants"` // of the platform pack, for every account pack
	Proved     int      `json:"invariants_proved"`
	States     *big.Int `json:"abstract_states"` // that the proofs cover
	Mutations  int      `json:"mutations"`       // of the platform pack, those that change no decision apart
	Killed     int      `json:"mutations_killed"`
	Denials    int      `json:"denials"`              // in the platform pack's tests
	Named      int      `json:"denials_named"`        // that name their rules, each with its conditions where it has any
	Nearest    int      `json:"denials_with_nearest"` // and the nearest change that would make them milder
	Outright   int      `json:"denials_outright"`     // and that no change can, for what is asked: a follow, a scheduled message
}

// randomPrograms is how many random conditions the evaluators are compared on,
// each on runsEach inputs.
const (
	randomPrograms = 2000
	runsEach       = 50
)

// CountFigures counts all of them. budget is that of Verify.
func CountFigures(budget int) (Figures, error) {
	var f Figures
	f.corpus()
	f.agreement()
	for _, count := range []func(int) error{f.proofs, f.mutations} {
		if err := count(budget); err != nil {
			return f, err
		}
	}
	return f, f.denials()
}

func (f *Figures) corpus() {
	refused := func(src, code string) {
		f.Traps++
		clean, line, col := corpus.Unmark(src)
		_, err := Load([]Source{{"trap.yaml", []byte(clean)}}, Options{})
		var ds Diagnostics
		if !errors.As(err, &ds) {
			return
		}
		d := ds[0]
		placed := d.Line == 0 || d.Snippet != ""
		if d.Code == code && d.File == "trap.yaml" && d.Line == line && d.Col == col && placed && d.Hint != "" {
			f.Refused++
		}
	}
	for _, c := range corpus.Conditions() {
		refused(corpus.WithCondition(c.Source), c.Code)
	}
	for _, c := range corpus.Files() {
		refused(c.Source, c.Code)
	}
	for _, c := range corpus.Good() {
		f.Good++
		if _, err := parseCondition(c, scope{features: oracleFeatures()}); err == nil {
			f.Loaded++
		}
	}
}

// agreement compares the evaluators on the good conditions and on random ones.
func (f *Figures) agreement() {
	r := rand.New(rand.NewPCG(3, 9))
	one := func(src string) bool {
		cond, err := parseCondition(src, scope{features: oracleFeatures()})
		if err != nil {
			return false
		}
		f.Programs++
		f.Runs += runsEach
		if evaluatorsAgree(r, src, cond, runsEach) == nil {
			f.Agreeing++
		}
		return true
	}
	for _, src := range corpus.Good() {
		one(src)
	}
	for n := 0; n < randomPrograms; {
		if one(randomCondition(r, n%4)) {
			n++
		}
	}
}

func (f *Figures) proofs(budget int) error {
	ps, err := VerifyPlatform(budget)
	f.States = new(big.Int)
	for _, p := range ps {
		f.Invariants++
		if p.Status == Proved {
			f.Proved++
			f.States.Add(f.States, p.States)
		}
	}
	return err
}

func (f *Figures) mutations(budget int) error {
	ms, err := MutatePlatform(budget)
	f.Mutations, f.Killed = len(ms)-Score(ms, Equivalent), Score(ms, Killed)
	return err
}

// unconditional reports whether the rule has no conditions that a decision
// could name.
func (s *Set) unconditional(id string) bool {
	for _, us := range s.byKind {
		for _, u := range us {
			if u.ID == id {
				return len(u.When) == 0
			}
		}
	}
	return false
}

// denials explains every case of the platform pack's tests that is denied.
func (f *Figures) denials() error {
	set, _, err := Platform()
	if err != nil {
		return err
	}
	files, err := set.platformTests()
	if err != nil {
		return err
	}
	for _, file := range files {
		for _, c := range file.Cases {
			x := set.Explain(c.query(set))
			if x.Effect != Deny {
				continue
			}
			f.Denials++
			named := len(x.By) > 0
			for _, by := range x.By {
				named = named && by.Rule != "" && (len(by.Conditions) > 0 || set.unconditional(by.Rule))
			}
			switch {
			case !named:
				continue
			case len(x.Flips) > 0:
				f.Nearest++
			case len(x.Outright) > 0:
				f.Outright++
			}
			f.Named++
		}
	}
	return nil
}
