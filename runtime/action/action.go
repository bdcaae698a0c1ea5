// Package action is the log of everything that leaves, and the worker that
// makes it leave.
//
// What it owns: the states of an action and who may move it, the unit of work
// in which actions and the state that counts them change together, the sender,
// and a person's word on a held draft. What it refuses: to send what the gate
// did not allow a moment ago, to send twice, to guess how a lost call ended.
//
//   - I1 no call to X without a committed attempting row.
//   - I2 one row for a key: (bot, interaction, kind, purpose, part, version of
//     the post answered). For replies, besides, at most one row for (bot,
//     interaction), whatever its purpose, states denied and cancelled aside.
//   - I3 unknown is never sent again by itself. The class of a failed send
//     follows how far it got; at start every attempting row becomes unknown
//     before the sender runs.
//   - I4 opt-out, pause and the kill switch are read inside the claim
//     transaction.
//   - I5 terminal states do not change.
//   - I6 each row holds the rule-set hash, the inputs and the decision that
//     allowed it.
//   - I7 one function in the program calls the sender's X.
//   - I8 if state cannot be read or written, nothing is sent.
//   - I9 a claim takes its call from every rate window that X counts it in, in
//     its own transaction. Where one is used up, or X refuses the whole app, the
//     action waits, for the account that it was drafted for and no other.
//   - I10 who has just been served stands behind everybody who waited then: of
//     what is due the earliest turn goes first, and what else waits for the
//     served user at that bot gets a later turn than anybody has who waits.
//   - I11 an action that waits, is under way or is unknown holds its cost in
//     the budget of the day; one that was sent has spent it; any other has none.
//   - I12 nothing is drafted or claimed that the bot's budget cannot pay.
//   - I13 a part of an answer leaves only once X is known to have the part before
//     it, and never where that one failed or was stopped.
//   - I14 after a restore from a backup nothing is sent until who said stop since
//     is known again; and what waited in the backup, or answers something from
//     before the restore, goes only once a person has approved it since.
//
// The way of one action, with its crash windows:
//
//	1 insert pending      with the event's own transaction (dispatch)
//	2 claim: attempting   committed before anything leaves; a crash after it
//	                      leaves attempting, which the next start turns unknown
//	3 POST                the only call to X
//	4 settle              sent, failed, pending again, or unknown; if it cannot
//	                      be stored it is tried again before anything else
//	5 reconcile           unknown only: X is read back, and the row becomes
//	                      sent, failed, or a person's; a crash repeats the look
package action

import (
	"context"
	"net/http"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/retry"
)

// X is the way out. Send makes one call and tells how it ended; it never
// retries by itself, and an error it cannot place is UnknownOutcome.
type X interface {
	Send(ctx context.Context, o event.Outgoing) event.Outcome
}

// Next says what a settled call makes of an attempting action.
type Next struct {
	State  event.State
	After  time.Duration // wait before the next try, for Pending without a RetryAt
	Reason string        // for the operator
}

// Waits before another try, where X surely did nothing.
const (
	firstRetry  = 5 * time.Second
	maxRetry    = 10 * time.Minute
	cappedRetry = 15 * time.Minute
)

// NextOf is the one place that says what follows from a class (I3). tries
// counts the attempts so far, from 1.
func NextOf(c event.Class, tries int) Next {
	switch c {
	case event.OK:
		return Next{State: event.Sent, Reason: "X has it"}
	case event.Transient:
		return Next{State: event.Pending, After: backoff(tries), Reason: "X could not be reached; nothing was sent, it is tried again"}
	case event.RateLimited:
		return Next{State: event.Pending, After: backoff(tries), Reason: "X's rate limit is used up; nothing was sent"}
	case event.Auth:
		return Next{State: event.Pending, After: backoff(tries), Reason: "X does not accept the account's token; renew it, nothing was sent"}
	case event.UsageCapped:
		return Next{State: event.Pending, After: cappedRetry, Reason: "the app's usage cap or credit is used up; raise it, nothing was sent"}
	case event.Refused:
		return Next{State: event.Failed, Reason: "X refused it for good"}
	case event.Gone:
		return Next{State: event.Failed, Reason: "what it answers is no longer on X"}
	case event.Bug:
		return Next{State: event.Failed, Reason: "X calls the request wrong; please report it with its detail"}
	}
	return Next{State: event.Unsettled, Reason: "the answer was lost; X is read back whether it went out, it is not sent again by itself"}
}

// Say is what the operator reads: what it means, then X's problem type and X's
// own words, where there are any.
func (n Next) Say(o event.Outcome) string {
	s := n.Reason
	if o.Problem != "" {
		s += " (" + o.Problem + ")"
	}
	if o.Detail != "" {
		s += ": " + o.Detail
	}
	return s
}

// NextFor is NextOf with what an outcome tells beyond its class.
func NextFor(k event.ActionKind, o event.Outcome, tries int) Next {
	switch {
	case banned(k, o):
		return Next{State: event.Pending, After: backoff(tries), Reason: "the app may not make this call: the bot is paused until a person has seen to it; nothing was sent"}
	case refusedText(k, o) && tries > 1:
		// X says of each try before this one that it did nothing. But it refuses
		// a text that it has already by a problem without a type of its own
		// (facts.md: 403, duplicate content; practice).
		return Next{State: event.Unsettled, Reason: "X refuses the second try, as it does with a text that it has already; it is read back whether the first went out"}
	}
	return NextOf(o.Class, tries)
}

// forbiddenClient is X's problem of an app that lacks access to a call.
const forbiddenClient = "client-forbidden"

// banned reports whether X lets the app answer nobody. That likes or quotes are
// not in its tier is a refusal like others.
func banned(k event.ActionKind, o event.Outcome) bool {
	return o.Problem == forbiddenClient && (k == event.Reply || k == event.DM || k == event.Post)
}

// refusedText reports whether X may have refused a text because it has it.
func refusedText(k event.ActionKind, o event.Outcome) bool {
	return o.Class == event.Refused && o.Status == http.StatusForbidden && findable(k)
}

func backoff(tries int) time.Duration { return retry.After(tries, firstRetry, maxRetry) }
