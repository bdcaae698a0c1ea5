package conversation

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// confirmEvery is how long no second opt-out confirmation follows.
const confirmEvery = 24 * time.Hour

// Reasons, for the operator.
const (
	reasonOptedOut  = "the user opted out"
	reasonRecorded  = "an operator recorded the user's opt-out"
	reasonBlocked   = "the user blocks us"
	reasonRefused   = "X refuses what goes to the user: they seem to block us"
	reasonEncrypted = "an encrypted message that we cannot read, perhaps a STOP"
	reasonDoubt     = "a message that is perhaps a STOP"
)

// Reduce is the whole state machine: the state after in, and what the caller
// must do besides storing it. It leaves Version alone; the store counts that.
func Reduce(s State, in Input) (State, []Effect) {
	switch in := in.(type) {
	case Received:
		return received(s, in)
	case Spoke:
		c := &s.Conversation
		c.PausedUntil = later(c.PausedUntil, stamp(in.Until))
		if c.HandedOff && !c.HandedOffUntil.IsZero() { // a person is at it
			c.HandedOffUntil = later(c.HandedOffUntil, c.PausedUntil)
		}
	case Drafted:
		if in.Purpose == event.OptOutConfirmation {
			s.Conversation.ConfirmedAt = later(s.Conversation.ConfirmedAt, stamp(in.At))
		}
		if in.Later {
			return s, nil
		}
		return count(s, in.Kind, in.Aside, "", in.State, in.At), nil
	case Moved:
		if !in.Later {
			s = count(s, in.Kind, in.Aside, in.From, in.To, in.DraftedAt)
		}
		return refused(s, in)
	case OptOutRecorded:
		// An operator acts on what stands now: a user's clock that runs ahead
		// does not undo it.
		stop(&s.Suppression, later(s.Suppression.At, stamp(in.At)), in.ID, TierOperator)
		s.Conversation.Flow = ""
		return s, []Effect{CancelOpen{Reason: reasonRecorded}}
	case HandedOff:
		c := &s.Conversation
		if !c.HandedOver(in.At) {
			c.HandedOff, c.HandedOffAt, c.HandedOffWhy = true, stamp(in.At), in.Why
		}
		c.HandedOffUntil = stamp(in.Until)
	case Released:
		c := &s.Conversation
		c.HandedOff, c.HandedOffAt, c.HandedOffUntil, c.HandedOffWhy = false, time.Time{}, time.Time{}, ""
		c.Missed = 0
		s.Conversation.PausedUntil = time.Time{}
		return lift(s, nil)
	case FlowMoved:
		s.Conversation.Flow = in.Flow
	case Missed:
		s.Conversation.Missed++
	case Understood:
		s.Conversation.Missed = 0
	case Consented:
		switch in.Kind {
		case ConsentDMStorage:
			s.Conversation.ConsentDMStorage = in.Given
		case ConsentMatching:
			s.Conversation.ConsentMatching = in.Given
		case ConsentOptIn:
			if i := s.Conversation.Initiated; in.Given && (i == "" || i == NotInitiated) {
				s.Conversation.Initiated, s.Conversation.InitiatedAt, s.Conversation.InitiatedBy = InitiatedOptIn, stamp(in.At), in.ID
			}
		}
	case Blocked:
		s.Conversation.BlockedUs = true
		stop(&s.Suppression, later(s.Suppression.At, stamp(in.At)), in.ID, TierBlocked)
		return s, []Effect{CancelOpen{Reason: reasonBlocked}}
	}
	return s, nil
}

// blockedAfter is how many sends to a user X refuses in a row before we take it
// that the user blocks us, which is an opt-out. X never says so to the sender; one
// refusal can have another cause, such as a text that X has already.
const blockedAfter = 2

// refused counts what X refused to deliver to the user, each for another act of
// theirs. A send that X takes proves that there is no block.
func refused(s State, in Moved) (State, []Effect) {
	c := &s.Conversation
	switch {
	case in.Kind != event.Reply && in.Kind != event.DM:
	case in.To == event.Sent:
		c.Refusals = 0
	case in.To == event.Failed && in.Refused:
		if c.Refusals++; c.Refusals >= blockedAfter && !c.BlockedUs {
			c.BlockedUs = true
			stop(&s.Suppression, later(s.Suppression.At, stamp(in.At)), in.ID, TierBlocked)
			return s, []Effect{CancelOpen{Reason: reasonRefused}}
		}
	}
	return s, nil
}

// received applies an event of the other side. Opt-out comes first: it counts
// where nothing else does.
func received(s State, in Received) (State, []Effect) {
	e, at := in.Event, stamp(in.Event.At)
	if e.User == "" || (e.Kind != event.KindPost && e.Kind != event.KindDM && e.Kind != event.KindChat) {
		return s, nil
	}
	old := s.Suppression.Erased(at)
	addresses := e.Addresses() || s.Interaction.addresses()

	var effects []Effect
	var stopped bool
	switch {
	case in.Tier.OptsOut() && (addresses || e.Kind == event.KindDM):
		before := s.Suppression
		if stopped = stop(&s.Suppression, at, e.ID, in.Tier); !stopped {
			break
		}
		s.Conversation.Flow = ""
		effects = append(effects, CancelOpen{Reason: reasonOptedOut})
		if addresses && !in.Stale && !old && confirmable(s, before, at) {
			effects = append(effects, ConfirmOptOut{Kind: channel(e.Kind)})
		}
	case in.Tier == TierStart && addresses && !old:
		start(&s.Suppression, at, e.ID)
		// Should the block be newer than this START, X refuses the next send
		// and tells us again.
		if !in.Stale && !s.Suppression.OptedOut {
			s.Conversation.BlockedUs = false
		}
	}
	if old {
		return s, effects
	}

	doubt := in.Tier == TierDoubt && (addresses || e.Kind == event.KindDM)
	readable := e.Kind == event.KindDM && !e.Group && e.Readable && !doubt
	latest := !at.IsZero() && !at.Before(s.Conversation.LastEventAt)
	switch {
	case e.Kind == event.KindChat:
		s = hold(s, reasonEncrypted)
	case doubt:
		if !s.Conversation.Held && addresses && !in.Stale {
			effects = append(effects, AskStop{Kind: channel(e.Kind)})
		}
		s = hold(s, reasonDoubt)
	case readable && latest:
		s, effects = lift(s, effects)
	}

	fresh := s.Interaction.Kind == ""
	s.Conversation = turned(s.Conversation, in, at, fresh)
	if e.Interaction == "" {
		return s, effects
	}
	var changed bool
	s.Interaction, changed = told(s.Interaction, e, at, in.TextHash)
	if changed && !stopped {
		effects = append(effects, TextChanged{})
	}
	return s, effects
}

// turned records in the conversation that the user did something; fresh: by an
// act not heard of before.
func turned(c Conversation, in Received, at time.Time, fresh bool) Conversation {
	e := in.Event
	switch {
	case in.FromHostBot:
		c.Automated = event.Yes
	case e.Automated != event.Yes && e.Automated != event.No:
		// Unknown overwrites nothing.
	case c.Automated != event.Yes && c.Automated != event.No, !at.Before(c.LastEventAt):
		c.Automated = e.Automated
	}
	c = initiate(c, e, at)
	if in.Lang != "" && (c.Lang == "" || !at.Before(c.LastEventAt)) {
		c.Lang = in.Lang
	}
	if e.Kind == event.KindDM && !e.Group {
		if fresh {
			c.DMsReceived++
		}
		c.LastDMAt = later(c.LastDMAt, at)
	}
	c.LastEventAt = later(c.LastEventAt, at)
	return c
}

// initiate keeps the earliest act by which the user turned to the bot. Events
// of one act share their time, so kind and id break ties: the result does not
// depend on the order of arrival.
func initiate(c Conversation, e event.Event, at time.Time) Conversation {
	var kind Initiated
	switch {
	case !e.Addresses():
		return c
	case e.Kind == event.KindDM:
		kind = InitiatedDM
	case e.Mentioned:
		kind = InitiatedMention
	case e.Replied:
		kind = InitiatedReply
	default:
		kind = InitiatedQuote
	}
	first := c.Initiated == "" || c.Initiated == NotInitiated
	if !first {
		switch was, is := c.Initiated.rank(), kind.rank(); {
		case c.Initiated == InitiatedOptIn:
			first = true // the user's own act says more
		case !at.Equal(c.InitiatedAt):
			first = !at.IsZero() && (c.InitiatedAt.IsZero() || at.Before(c.InitiatedAt))
		case was != is:
			first = is < was
		default:
			first = e.ID < c.InitiatedBy
		}
	}
	if first {
		c.Initiated, c.InitiatedAt, c.InitiatedBy = kind, at, e.ID
	}
	return c
}

func (i Initiated) rank() int {
	switch i {
	case InitiatedMention:
		return 0
	case InitiatedReply:
		return 1
	case InitiatedQuote:
		return 2
	case InitiatedDM:
		return 3
	}
	return 4
}

// told adds to an interaction what one event tells of it, and reports whether
// an edit gave it another text.
func told(i Interaction, e event.Event, at time.Time, textHash string) (_ Interaction, changed bool) {
	fresh := i.Kind == ""
	if fresh {
		i.Kind, i.User = e.Kind, e.User
	}
	if fresh || e.Version > i.Version {
		changed = !fresh && textHash != i.TextHash
		i.Message, i.Version, i.TextHash = e.Message, e.Version, textHash
	}
	i.Mentioned = i.Mentioned || e.Mentioned
	i.Replied = i.Replied || e.Replied
	i.Quoted = i.Quoted || e.Quoted
	i.Summoned = i.Summoned || e.Summoned
	if !at.IsZero() && (i.FirstAt.IsZero() || at.Before(i.FirstAt)) {
		i.FirstAt = at
	}
	i.LastAt = later(i.LastAt, at)
	return i, changed
}

func hold(s State, reason string) State {
	if !s.Conversation.Held {
		s.Conversation.Held, s.Conversation.HeldReason = true, reason
	}
	return s
}

func lift(s State, effects []Effect) (State, []Effect) {
	if s.Conversation.Held {
		effects = append(effects, HoldLifted{Reason: s.Conversation.HeldReason})
		s.Conversation.Held, s.Conversation.HeldReason = false, ""
	}
	return s, effects
}

// Superseded reports whether a later version of the post than the event tells
// of is known: such an event is recorded, and there is nothing to answer.
func (i Interaction) Superseded(e event.Event) bool { return i.Kind != "" && e.Version < i.Version }

func (i Interaction) addresses() bool {
	return i.Kind == event.KindPost && (i.Mentioned || i.Replied || i.Quoted)
}

func channel(k event.Kind) event.ActionKind {
	if k == event.KindDM {
		return event.DM
	}
	return event.Reply
}

// stamp brings a time to the form the database keeps.
func stamp(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
