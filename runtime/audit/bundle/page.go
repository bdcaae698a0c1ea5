package bundle

import (
	"bytes"
	_ "embed" // for the page
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// The page is one file without scripts, fonts or pictures of others, so that it
// reads and prints the same in ten years.
//
//go:embed report.html
var pageText string

// page is the report for people.
func (r Report) page() ([]byte, error) {
	t, err := template.New("report").Funcs(template.FuncMap{
		"day": func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"at": func(t time.Time) string {
			if t.IsZero() {
				return "–"
			}
			return t.UTC().Format("2006-01-02 15:04")
		},
		"short": func(s string) string { // of a hash
			s = strings.TrimPrefix(s, "sha256:")
			return s[:min(len(s), 12)]
		},
		"words": func(s string) string { return strings.ReplaceAll(s, ",", ", ") },
		"n":     thousands,
	}).Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("read the report's page: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Report
		LastDay   string
		Outcomes  []outcome
		Reasons   []reason
		Daily     template.HTML
		Lags      template.HTML
		LeftOut   []string
		Late      int
		OptOutN   int64
		Decisions int64
	}{
		r, r.lastDay(), r.outcomes(), r.reasons(), r.daily(), r.lags(), leftOut(), r.late(), r.optOutN(), r.decided(),
	})
	if err != nil {
		return nil, fmt.Errorf("write the report's page: %w", err)
	}
	return b.Bytes(), nil
}

// outcome is how decisions came out over the period.
type outcome struct {
	Decision, Means string
	N               int64
	Part            string
}

// outcomeNames are in the order in which charts stack them.
func outcomeNames() []outcome {
	return []outcome{
		{Decision: "allow", Means: "may be sent"},
		{Decision: "hold", Means: "waits for a person"},
		{Decision: "deny", Means: "is not sent"},
		{Decision: "none", Means: "nothing was to be said"},
	}
}

func (r Report) outcomes() []outcome {
	all := outcomeNames()
	total := r.decided()
	for i := range all {
		for _, d := range r.Decisions {
			if d.Decision == all[i].Decision {
				all[i].N += d.N
			}
		}
		if total > 0 {
			all[i].Part = fmt.Sprintf("%.1f %%", 100*float64(all[i].N)/float64(total))
		}
	}
	return all
}

func (r Report) decided() (n int64) {
	for _, d := range r.Decisions {
		n += d.N
	}
	return n
}

func (r Report) optOutN() (n int64) {
	for _, w := range r.OptOuts.Within {
		n += w.N
	}
	return n
}

func (r Report) late() (n int) {
	for _, d := range r.Deletions {
		if !d.InTime {
			n++
		}
	}
	return n
}

// reason is one row of the decisions, summed over bots and days.
type reason struct {
	Stage, Decision, Rule, Reason string
	N                             int64
}

// reasons are the decisions by rule and reason, the most frequent first.
func (r Report) reasons() []reason {
	sum := map[reason]int64{}
	for _, d := range r.Decisions {
		sum[reason{d.Stage, d.Decision, d.Rule, d.Reason, 0}] += d.N
	}
	var all []reason
	for k, n := range sum {
		k.N = n
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b reason) int {
		if a.N != b.N {
			return int(min(max(b.N-a.N, -1), 1))
		}
		return strings.Compare(a.Stage+a.Decision+a.Rule+a.Reason, b.Stage+b.Decision+b.Rule+b.Reason)
	})
	return all
}

// thousands writes a number with thin spaces between groups of three.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u2009" + s[i:]
	}
	return s
}
