package main_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// evidence is what the laws are held over: what users did, what X saw, and
// what the host remembers.
type evidence struct {
	acts  []act
	calls []call
	posts []xsim.Post              // made through the API, as the DMs
	dms   []xsim.DM                //
	chain func(post string) string // its first version
	taken map[string]receipt       // by id of the events that the webhook took
	sure  time.Time                // what was taken until then was worked off
	again time.Time                // before X delivered everything once more

	// found is the user's STOP that a life found in its database; zero: none.
	found func(life int, user string) time.Time

	actions []db.Action
	records []gate.Record // in the order of their commits
	letters []db.DeadLetter
	silent  []string // users to whom, the host believes, a person spoke
}

// laws says which laws are broken. What users do here makes each text of the
// bot the answer to one act, so that X alone can tell a second one.
func (e evidence) laws() (bad []fault) {
	for _, law := range []func() []fault{
		e.oneReply, e.oneDM, e.claimed, e.honest, e.silence, e.obeyed, e.nothingLost, e.answered, e.workedOff, e.noPerson,
	} {
		bad = append(bad, law()...)
	}
	return bad
}

// sent names what a text was to do: one of these to one user is one answer.
type sent struct {
	user, chain, what string
	dm                bool
}

func (s sent) String() string {
	if s.dm {
		return "DM of " + s.what
	}
	return "reply to post " + s.chain + " of " + s.what
}

// made counts what reached users.
func (e evidence) made() map[sent]int {
	n := map[sent]int{}
	for _, p := range e.posts {
		n[sent{p.ReplyToUser, e.chain(p.ReplyTo), label(p.Text), false}]++
	}
	for _, m := range e.dms {
		n[sent{m.To, "", label(m.Text), true}]++
	}
	return n
}

// byEvent finds the act that an event tells of.
func (e evidence) byEvent() map[string]act {
	m := map[string]act{}
	for _, a := range e.acts {
		for _, id := range a.events {
			m[id] = a
		}
	}
	return m
}

// logged is what the rows of the action log were to send.
func (e evidence) logged() map[sent][]db.Action {
	acts, rows := e.byEvent(), map[sent][]db.Action{}
	for _, a := range e.actions {
		s := sent{a.User, "", acts[a.Event].says, a.Kind == event.DM}
		if !s.dm {
			s.chain = a.Interaction
		}
		if a.Purpose == event.OptOutConfirmation {
			s.what = confirmation
		}
		rows[s] = append(rows[s], a)
	}
	return rows
}

// oneReply: a post is answered once, whatever its version (I2).
func (e evidence) oneReply() (bad []fault) {
	n := map[string]int{}
	for _, p := range e.posts {
		chain := e.chain(p.ReplyTo)
		if n[chain]++; n[chain] == 2 {
			bad = append(bad, fault{p.ReplyToUser, "second reply to post " + chain})
		}
	}
	return bad
}

// oneDM: a DM is answered once, by what it asked for (I2), and a STOP is
// confirmed once a day.
func (e evidence) oneDM() (bad []fault) {
	asked, stops := map[sent]int{}, map[string]int{}
	for _, a := range e.acts {
		if a.dm {
			asked[sent{a.user, "", a.says, true}]++
		}
	}
	for s, n := range e.made() {
		if s.what == confirmation {
			stops[s.user] += n
		} else if s.dm && n > asked[s] {
			bad = append(bad, fault{s.user, fmt.Sprintf("%d times %s, asked for %d times", n, s, asked[s])})
		}
	}
	for user, n := range stops {
		if n > 1 {
			bad = append(bad, fault{user, fmt.Sprintf("%d confirmations in a day", n)})
		}
	}
	return bad
}

// claimed: each call was claimed before (I1), and no claim was used twice (I3).
func (e evidence) claimed() (bad []fault) {
	calls := map[sent]int{}
	for _, c := range e.calls {
		s := sent{c.user, "", label(c.text), c.dm}
		if !c.dm {
			s.chain = e.chain(c.replyTo)
		}
		calls[s]++
	}
	rows := e.logged()
	for s, n := range calls {
		claims := 0
		for _, a := range rows[s] {
			claims += a.Attempts
		}
		if n > claims {
			bad = append(bad, fault{s.user, fmt.Sprintf("I1: %d calls for %s, and %d claims in the log", n, s, claims)})
		}
	}
	return bad
}

// honest: what X did is sent or unknown in the log, what the log calls sent is
// there, and X had nothing to refuse.
func (e evidence) honest() (bad []fault) {
	made, there := e.made(), map[string]bool{}
	for _, p := range e.posts {
		there[p.ID] = true
	}
	for _, m := range e.dms {
		there[m.ID] = true
	}
	rows := e.logged()
	for s, n := range made {
		may := 0
		for _, a := range rows[s] {
			if a.State == event.Sent || a.State == event.Unsettled {
				may++
			}
		}
		if n > may {
			bad = append(bad, fault{s.user, fmt.Sprintf("I3: X has %d times %s, and the log knows of %d", n, s, may)})
		}
	}
	for _, a := range e.actions {
		switch {
		case a.State == event.Sent && !there[a.RemoteID]:
			bad = append(bad, fault{a.User, fmt.Sprintf("action %s is sent as %q, which X does not have", a.ID, a.RemoteID)})
		case a.State == event.Failed:
			bad = append(bad, fault{a.User, fmt.Sprintf("action %s failed: %s", a.ID, a.Reason)})
		}
	}
	return bad
}

// wish is the last STOP or START of a user before a time.
func (e evidence) wish(user string, before time.Time) (last act) {
	for _, a := range e.acts {
		if a.user == user && (a.says == "STOP" || a.says == "START") && a.at.Before(before) && a.at.After(last.at) {
			last = a
		}
	}
	return last
}

// silence, as X sees it: no call but the confirmation begins to a user whose
// last word is a STOP that the host surely knows of. It does where the life
// that calls found it in its database, and where it has confirmed it. The calls
// that began before are what may have been under way.
func (e evidence) silence() (bad []fault) {
	stops, told := map[string]int{}, map[string]time.Time{}
	for _, a := range e.acts {
		if a.says == "STOP" {
			stops[a.user]++
		}
	}
	for _, c := range slices.SortedFunc(slices.Values(e.calls), func(a, b call) int { return a.at.Compare(b.at) }) {
		if label(c.text) == confirmation {
			told[c.user] = c.at
			continue
		}
		w := e.wish(c.user, c.at)
		if w.says != "STOP" {
			continue
		}
		if !e.found(c.life, c.user).Before(w.at) {
			bad = append(bad, fault{c.user, fmt.Sprintf("life %d knew of the STOP, and called X at %s", c.life, clock(c.at))})
		} else if stops[c.user] == 1 && told[c.user].After(w.at) {
			bad = append(bad, fault{c.user, fmt.Sprintf("the STOP was confirmed, and life %d called X at %s", c.life, clock(c.at))})
		}
	}
	return bad
}

// obeyed, in the order of commits: no claim but the confirmation's follows the
// event of a user's last STOP (I4). With claimed, which ties calls to claims,
// this is to the point what silence must grant some time.
func (e evidence) obeyed() (bad []fault) {
	acts, last := e.byEvent(), map[string]act{}
	for _, r := range e.records {
		if a, ok := acts[r.Event]; ok && (a.says == "STOP" || a.says == "START") && a.at.After(last[a.user].at) {
			last[a.user] = a
		}
		if r.Action == nil || r.Action.Stage != gate.StageClaim || r.Decision != gate.Allow || r.Action.Purpose == event.OptOutConfirmation {
			continue
		}
		if last[r.User].says == "STOP" {
			bad = append(bad, fault{r.User, fmt.Sprintf("I4: action %s was claimed after the STOP was committed", r.Action.ID)})
		}
	}
	return bad
}

// nothingLost: an event that the webhook took has a decision, made before X
// delivered it once more and so would mend a loss (W1, E1). All of them can be
// read: none is a dead letter.
func (e evidence) nothingLost() (bad []fault) {
	decided := map[string]time.Time{}
	for _, r := range e.records {
		if _, ok := decided[r.Event]; !ok {
			decided[r.Event] = r.At
		}
	}
	for id, first := range e.taken {
		at, ok := decided[id]
		if !ok || first.at.Before(e.sure) && at.After(e.again) {
			bad = append(bad, fault{first.user, fmt.Sprintf("event %s was taken, and nothing tells of it", id)})
		}
	}
	for _, l := range e.letters {
		bad = append(bad, fault{e.taken[l.Event].user, fmt.Sprintf("event %s is a dead letter: %s", l.Event, l.Reason)})
	}
	return bad
}

// answered: who never said stop has an answer to each post and DM, or one of
// which nobody knows whether it arrived. A host that is silent breaks no other
// law.
func (e evidence) answered() (bad []fault) {
	stopped, done := map[string]bool{}, map[string]bool{}
	for _, a := range e.acts {
		stopped[a.user] = stopped[a.user] || a.says == "STOP"
	}
	for _, a := range e.actions {
		if a.State == event.Sent || a.State == event.Unsettled {
			done[a.Interaction] = true
		}
	}
	for _, a := range e.acts {
		if !stopped[a.user] && !done[a.interaction] {
			bad = append(bad, fault{a.user, fmt.Sprintf("interaction %s, %s, has no answer", a.interaction, a.says)})
			done[a.interaction] = true // said
		}
	}
	return bad
}

// workedOff: nothing waits any more, and nothing is under way.
func (e evidence) workedOff() (bad []fault) {
	for _, a := range e.actions {
		switch a.State {
		case event.Hold, event.Pending, event.Attempting:
			bad = append(bad, fault{a.User, fmt.Sprintf("action %s is %s at the end: %s", a.ID, a.State, a.Reason)})
		}
	}
	return bad
}

// noPerson: the host takes no post or DM of its own for a person's.
func (e evidence) noPerson() (bad []fault) {
	for _, user := range e.silent {
		bad = append(bad, fault{user, "our own message was taken for a person's"})
	}
	return bad
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }
