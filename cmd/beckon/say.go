package main

import (
	"fmt"
	"strings"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// sayRecord is a decision record as one line for people: when, what came, what
// was decided, by which rule, why. Types, ids and handles are what a log says.
func sayRecord(e event.Event, r gate.Record) string {
	what := string(e.Type)
	if what == "" {
		what = "unreadable"
	}
	if r.Action != nil && r.Action.Stage != gate.StageDraft {
		what = r.Action.Stage + " " + string(r.Action.Kind)
	}
	if r.Activated != nil {
		what = "rules activated"
	}
	user := r.User
	if e.Name != "" {
		user = "@" + e.Name
	}
	return strings.TrimRight(fmt.Sprintf("%s  %-19s %-16s %-5s %-28s %s",
		r.At.UTC().Format("2006-01-02 15:04:05"), clip(safe(what), 19), clip(safe(user), 16), r.Decision, clip(rulesOf(r), 28), safe(r.Say)), " ")
}

// rulesOf names what decided, the first rule and how many more.
func rulesOf(r gate.Record) string {
	if len(r.By) == 0 {
		return "-"
	}
	s := r.By[0].Rule
	if r.Decision == gate.Allow { // the account's permit says more than the platform's
		s = r.By[len(r.By)-1].Rule
	}
	if n := len(r.By) - 1; n > 0 && r.Decision != gate.Allow {
		s += fmt.Sprintf(" +%d", n)
	}
	return s
}

// clip shortens to n runes.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
