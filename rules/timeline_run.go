package rules

import (
	"errors"
	"fmt"
	"slices"
)

// stepName names a step for people: the timeline, and what happens when.
func stepName(t Timeline, step int) string {
	s := t.Steps[step-1]
	return fmt.Sprintf("%s, step %d (%s, at %s)", t.Name, step, s.Act, s.At)
}

var errNoHost = errors.New("nothing here plays it")

// run plays a timeline and returns how it came out, with the cases that its
// decisions are.
func (t Timeline) run(set *Set, host Host) (TestResult, []TestCase) {
	res := TestResult{Name: t.Name, File: t.File, Line: t.Line, Kind: "timeline", Todo: t.Todo}
	var played []Played
	err := errNoHost
	if host != nil {
		played, err = host.Play(set, t)
	}
	for i, p := range played {
		p = p.ruled(set)
		played[i] = p
		s := t.Steps[p.Step-1]
		c := s.wanted(t.Name, "")
		if differs := c.differs(p.Got); len(differs) > 0 {
			res.fail(stepName(t, p.Step), s.Line, differs, t.Todo)
			res.Want, res.Got = Wanted{c.Expect, c.By, c.Obligations}, p.Got
			q := Query{Input: p.Input, Features: p.Features, Lifted: p.Lifted}
			if p.Input.outside() == "" {
				res.Traces = set.traces(q, append(slices.Clone(p.Got.By), c.By...))
			}
			return res, nil
		}
	}
	if err != nil {
		res.Say = err.Error()
		name, line := t.Name, t.Line
		var at *StepError
		if errors.As(err, &at) {
			name, line = stepName(t, at.Step), t.Steps[at.Step-1].Line
		}
		res.fail(name, line, []string{"step"}, "") // a story that cannot be told is no todo
		return res, nil
	}
	res.hold()
	return res, t.cases(set, played)
}

func (r Replay) run(set *Set, host Host) TestResult {
	res := TestResult{Name: "replay of " + r.Events, File: r.File, Line: r.Line, Kind: "replay"}
	if host == nil {
		res.Say = errNoHost.Error()
		res.fail(res.Name, r.Line, []string{"replay"}, "")
		return res
	}
	diffs, err := host.Replay(set, r)
	if err != nil {
		res.Say = err.Error()
		res.fail(res.Name, r.Line, []string{"replay"}, "")
		return res
	}
	if len(diffs) > 0 {
		res.Differences = diffs
		res.fail(res.Name, r.Line, []string{"decisions"}, "")
		return res
	}
	res.hold()
	return res
}

// fail notes a failure, which a todo expected.
func (r *TestResult) fail(name string, line int, differs []string, todo string) {
	r.Name, r.Line, r.Differs, r.Status = name, line, differs, Failed
	if todo != "" {
		r.Status = Todo
	}
}

// hold notes that a test holds, which a todo did not expect.
func (r *TestResult) hold() {
	r.Status = Passed
	if r.Todo != "" {
		r.Status, r.Differs = Failed, []string{"todo"}
	}
}
