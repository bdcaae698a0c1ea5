package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// TestKillLaws breaks each law of the judge of TestKill.
func TestKillLaws(t *testing.T) {
	t.Parallel()
	at := func(sec int) time.Time { return time.Date(2026, 12, 1, 10, 0, sec, 0, time.UTC) }
	claim := func(user, ev, id string, sec int) gate.Record {
		return gate.Record{At: at(sec), User: user, Event: ev, Decision: gate.Allow,
			Action: &gate.ActionRef{ID: id, Stage: gate.StageClaim, Purpose: event.Answer}}
	}
	// ann is answered once in public; ben once by DM, says stop, and asks again.
	lawful := func() evidence {
		return evidence{
			acts: []act{
				{user: "ann", at: at(0), says: "topic0", interaction: "p1", events: []string{"e1", "e2"}},
				{user: "ben", at: at(0), dm: true, says: "topic0", interaction: "m1", events: []string{"e3"}},
				{user: "ben", at: at(5), dm: true, says: "STOP", interaction: "m2", events: []string{"e4"}},
				{user: "ben", at: at(9), dm: true, says: "topic1", interaction: "m3", events: []string{"e5"}},
			},
			calls: []call{
				{at: at(1), life: 1, user: "ann", replyTo: "p1", text: answer(0)},
				{at: at(2), life: 1, dm: true, user: "ben", text: answer(0)},
			},
			posts: []xsim.Post{{ID: "x1", ReplyTo: "p1", ReplyToUser: "ann", Text: answer(0)}},
			dms:   []xsim.DM{{ID: "x2", To: "ben", Text: answer(0)}},
			chain: func(post string) string { return strings.TrimSuffix(post, "-edited") },
			taken: map[string]receipt{"e1": {"ann", at(0)}, "e3": {"ben", at(0)}, "e4": {"ben", at(5)}, "e5": {"ben", at(9)}},
			sure:  at(20), again: at(21),
			found: func(life int, user string) time.Time {
				if life == 2 && user == "ben" {
					return at(5)
				}
				return time.Time{}
			},
			actions: []db.Action{
				{ID: "a1", User: "ann", Event: "e1", Interaction: "p1", Kind: event.Reply, Attempts: 1, State: event.Sent, RemoteID: "x1"},
				{ID: "a2", User: "ben", Event: "e3", Interaction: "m1", Kind: event.DM, Attempts: 1, State: event.Sent, RemoteID: "x2"},
			},
			records: []gate.Record{
				claim("ann", "e1", "a1", 1), claim("ben", "e3", "a2", 2),
				{At: at(6), User: "ben", Event: "e4"}, {At: at(10), User: "ben", Event: "e5"},
			},
		}
	}
	if bad := lawful().laws(); len(bad) > 0 {
		t.Fatalf("a lawful course breaks laws: %v", bad)
	}
	for name, c := range map[string]struct {
		spoil func(*evidence)
		want  string
	}{
		"second reply": {func(e *evidence) {
			e.posts = append(e.posts, xsim.Post{ID: "x3", ReplyTo: "p1-edited", ReplyToUser: "ann", Text: answer(1)})
		}, "second reply to post p1"},
		"second DM": {func(e *evidence) { e.dms = append(e.dms, xsim.DM{ID: "x3", To: "ben", Text: answer(0)}) },
			"2 times DM of topic0, asked for 1 times"},
		"call without a claim": {func(e *evidence) { e.calls = append(e.calls, e.calls[0]) }, "I1: 2 calls"},
		"sent, says the log":   {func(e *evidence) { e.posts = nil }, "which X does not have"},
		"not sent, says the log": {func(e *evidence) { e.actions[1].State = event.Pending },
			"I3: X has 1 times DM of topic0, and the log knows of 0"},
		"refused": {func(e *evidence) { e.actions[1].State = event.Failed }, "action a2 failed"},
		"call of a life that knew of the STOP": {func(e *evidence) { e.calls[1].at, e.calls[1].life = at(8), 2 },
			"life 2 knew of the STOP"},
		"call after the confirmation": {func(e *evidence) {
			e.calls[1].at = at(8)
			e.calls = append(e.calls, call{at: at(7), life: 1, dm: true, user: "ben", text: "You will not hear from this account again."})
		}, "the STOP was confirmed, and life 1 called X"},
		"claim after the STOP": {func(e *evidence) { e.records = append(e.records, claim("ben", "e5", "a3", 11)) },
			"I4: action a3 was claimed after the STOP"},
		"two confirmations": {func(e *evidence) {
			m := xsim.DM{ID: "x3", To: "ben", Text: "You will not hear from this account again."}
			e.dms = append(e.dms, m, m)
		}, "2 confirmations in a day"},
		"lost event":               {func(e *evidence) { e.records = e.records[:3] }, "event e5 was taken, and nothing tells of it"},
		"lost until it came again": {func(e *evidence) { e.records[3].At = at(22) }, "event e5 was taken, and nothing tells of it"},
		"dead letter":              {func(e *evidence) { e.letters = []db.DeadLetter{{Event: "e5", Reason: "odd"}} }, "event e5 is a dead letter"},
		"unanswered":               {func(e *evidence) { e.actions[0].State = event.Cancelled }, "interaction p1, topic0, has no answer"},
		"left over":                {func(e *evidence) { e.actions[1].State = event.Attempting }, "action a2 is attempting at the end"},
		"person":                   {func(e *evidence) { e.silent = []string{"ann"} }, "taken for a person's"},
	} {
		e := lawful()
		c.spoil(&e)
		if bad := e.laws(); !slices.ContainsFunc(bad, func(f fault) bool { return strings.Contains(f.text, c.want) }) {
			t.Errorf("%s: got %v, want %q", name, bad, c.want)
		}
	}
}
