package audit

import (
	"strings"
	"time"
)

// Kinds of counts. They outlive the records that they count, and tell of nobody.
const (
	CountDecision = "decision" // name: see DecisionCount
	CountOptOut   = "optout"   // name: one of OptOutLags
)

// DecisionCount names the count of a decision: its stage, how it came out, the
// rule that made it so, and the conditions of it that were true.
func DecisionCount(stage, decision, rule string, conditions []string) string {
	return strings.Join([]string{word(stage), word(decision), word(rule), word(strings.Join(conditions, ","))}, " ")
}

// lags are how soon an opt-out was in force after it had reached the host.
var lags = [...]struct {
	most time.Duration
	name string
}{{time.Second, "1 s"}, {5 * time.Second, "5 s"}, {time.Minute, "1 min"}, {time.Hour, "1 h"}}

// later is the lag beyond all others.
const later = "later"

// OptOutLag names the count of an opt-out that took so long from the host's door
// to its commit.
func OptOutLag(d time.Duration) string {
	for _, l := range lags {
		if d <= l.most {
			return l.name
		}
	}
	return later
}

// OptOutLags are all of them, the shortest first.
func OptOutLags() []string {
	var out []string
	for _, l := range lags {
		out = append(out, l.name)
	}
	return append(out, later)
}
