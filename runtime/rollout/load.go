package rollout

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/rules"
)

// digest is a hash over everything in a directory that counts, or over why it
// cannot be read.
type digest [sha256.Size]byte

// directory is what was read of a directory at one moment.
type directory struct {
	path    string
	sources []rules.Source
	tests   []rules.Source
	err     error // rules.Diagnostics; nil: all was read
	digest  digest
}

// read takes a directory into memory, so that what is loaded is what was read.
func read(path string) directory {
	d := directory{path: path}
	var fault error
	d.sources, d.err = rules.ReadDir(path)
	d.tests, fault = rules.ReadTestDir(path)
	if d.err == nil {
		d.err = fault
	}
	h := sha256.New()
	for _, part := range [][]rules.Source{d.sources, d.tests} {
		fmt.Fprintf(h, "%d\n", len(part))
		for _, s := range part {
			fmt.Fprintf(h, "%q %d\n", s.Name, len(s.Data))
			h.Write(s.Data)
		}
	}
	fmt.Fprintln(h, d.err)
	h.Sum(d.digest[:0])
	return d
}

// A directory that is being written to is read until it holds still.
const (
	readAgain = 50 * time.Millisecond
	readTries = 20
)

// readSettled reads a directory until two readings in a row are the same. What
// never holds still is taken as it was read last.
func readSettled(ctx context.Context, path string) (directory, error) {
	d := read(path)
	for range readTries {
		select {
		case <-ctx.Done():
			return d, ctx.Err()
		case <-time.After(readAgain):
		}
		last := d
		if d = read(path); d.digest == last.digest {
			break
		}
	}
	return d, nil
}

// loaded is a set that passed its tests.
type loaded struct {
	set   *rules.Set
	tests int
}

// invariantSteps bounds the proof of one invariant for one kind of action. A
// violation within them refuses the set; `beckon rules verify` looks further.
const invariantSteps = 20_000

// load loads what was read and holds it to its own tests and invariants. It
// changes nothing. The error is one of a step.
func (r *Rollout) load(ctx context.Context, d directory) (l loaded, err error) {
	defer func() { // a fault of ours must not end a host that has good rules (L1)
		if p := recover(); p != nil {
			l, err = loaded{}, stepError{StepTests, fmt.Errorf("the loader failed: %v", p)}
		}
	}()
	if d.err != nil {
		return loaded{}, stepError{StepRead, d.err}
	}
	set, err := rules.Load(d.sources, rules.Options{})
	if err != nil {
		return loaded{}, stepError{StepLoad, err}
	}
	files, err := rules.LoadTests(set, d.tests)
	if err != nil {
		return loaded{}, stepError{StepTests, err}
	}
	report, err := r.Test(ctx, set, files)
	if err != nil {
		return loaded{}, stepError{StepTests, err}
	}
	if report.Count(rules.Failed) > 0 {
		return loaded{}, stepError{StepTests, failedTests(report)}
	}
	if err := invariants(set, files); err != nil {
		return loaded{}, stepError{StepInvariants, err}
	}
	return loaded{set, len(report.Results)}, nil
}

// failedTests says which tests failed, a line each.
func failedTests(report rules.Report) error {
	var out problems
	for _, t := range report.Results {
		if t.Status != rules.Failed {
			continue
		}
		out = append(out, fmt.Sprintf("%s:%d: test-failed: %s: %s", t.File, t.Line, t.Name, whyFailed(t)))
	}
	return out
}

func whyFailed(t rules.TestResult) string {
	switch {
	case t.Say != "":
		return t.Say
	case len(t.Differences) > 0:
		return fmt.Sprintf("decisions that are not as recorded: %d; `beckon rules test` on the folder shows them, and with --update records today's", len(t.Differences))
	case t.Want.Effect != t.Got.Effect:
		return fmt.Sprintf("want %s, got %s: %s", t.Want.Effect, t.Got.Effect, t.Got.Say)
	}
	return "differs in " + strings.Join(t.Differs, ", ")
}

// invariants looks for a violation of what the directory's tests say can never
// happen.
func invariants(set *rules.Set, files []rules.TestFile) error {
	var out problems
	for _, f := range files {
		proofs, err := rules.Verify(set, f.Invariants, invariantSteps)
		if err != nil {
			return err
		}
		for _, p := range proofs {
			if p.Status == rules.Violated {
				out = append(out, fmt.Sprintf("%s:%d: invariant-violated: %s: `beckon rules verify` shows a counterexample", p.File, p.Line, p.ID))
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	return nil
}

// problems is what is wrong, a line each.
type problems []string

func (p problems) Error() string { return strings.Join(p, "\n") }

// Step is where a directory failed.
type Step string

// Steps, in their order.
const (
	StepRead       Step = "read"
	StepLoad       Step = "load"
	StepTests      Step = "tests"
	StepInvariants Step = "invariants"
	StepStore      Step = "store" // the database did not take it
)

type stepError struct {
	step Step
	err  error
}

func (e stepError) Error() string { return fmt.Sprintf("%s: %v", e.step, e.err) }
func (e stepError) Unwrap() error { return e.err }

// Failure is why a directory is not in force.
type Failure struct {
	At       time.Time `json:"at"` // UTC
	Step     Step      `json:"step"`
	Problems []string  `json:"problems"` // at most maxProblems, a line each, file:line:col first where there is one
	More     int       `json:"more,omitempty"`

	err error
}

// Error says all; of a failure that came over the wire, its problems.
func (f *Failure) Error() string {
	if f.err == nil {
		return strings.Join(f.Problems, "\n")
	}
	return f.err.Error()
}

func (f *Failure) Unwrap() error { return f.err }

const maxProblems = 20

// failureOf writes a fault down.
func failureOf(err error, at time.Time) *Failure {
	f := &Failure{At: at.UTC(), Step: StepStore, err: err}
	var step stepError
	if errors.As(err, &step) {
		f.Step, f.err = step.step, step.err
	}
	var diags rules.Diagnostics
	var several problems
	switch {
	case errors.As(f.err, &diags):
		for _, d := range diags {
			d.Snippet, d.Hint = "", ""
			f.Problems = append(f.Problems, d.Error())
		}
	case errors.As(f.err, &several):
		f.Problems = several
	default:
		f.Problems = strings.Split(f.err.Error(), "\n")
	}
	if n := len(f.Problems); n > maxProblems {
		f.Problems, f.More = f.Problems[:maxProblems], n-maxProblems
	}
	return f
}
