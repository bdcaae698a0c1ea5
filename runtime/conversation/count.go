package conversation

import (
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// RepliesWithin counts the replies to the user that are younger than d and
// pending, attempting, sent or unknown. It saturates at RingSize.
func (c Conversation) RepliesWithin(d time.Duration, now time.Time) int64 {
	return c.within(event.Reply, d, now)
}

// Introduced reports whether a DM went to the user that could say how to stop:
// any but those that introduce nobody.
func (c Conversation) Introduced() bool { return c.DMsSent > c.DMsAside }

// DMsWithin counts DMs as RepliesWithin counts replies.
func (c Conversation) DMsWithin(d time.Duration, now time.Time) int64 {
	return c.within(event.DM, d, now)
}

func (c Conversation) within(kind event.ActionKind, d time.Duration, now time.Time) (n int64) {
	since := now.Add(-d)
	for _, s := range c.Sends {
		if s.Kind == kind && s.At.After(since) {
			n++
		}
	}
	return n
}

// WithoutAction is the state as if one row of the action log were not there.
// The sender decides on it when it claims that row: a row is not its own
// second reply.
func WithoutAction(s State, kind event.ActionKind, aside bool, state event.State, draftedAt time.Time) State {
	return count(s, kind, aside, state, "", draftedAt)
}

// counted reports whether a row in that state is out, or may be.
func counted(s event.State) bool {
	return s == event.Pending || s == event.Attempting || s == event.Sent || s == event.Unsettled
}

// count moves one row of the action log from a state to another; "" is no row.
func count(s State, kind event.ActionKind, aside bool, from, to event.State, draftedAt time.Time) State {
	c, i := &s.Conversation, &s.Interaction
	add(&i.DraftsWaiting, from == event.Hold, to == event.Hold)
	switch kind {
	case event.Reply:
		add(&c.RepliesSent, counted(from), counted(to))
		add(&i.RepliesSent, counted(from), counted(to))
	case event.DM:
		add(&c.DMsSent, counted(from), counted(to))
		if aside {
			add(&c.DMsAside, counted(from), counted(to))
		}
		add(&i.DMsSent, counted(from), counted(to))
	default:
		return s
	}
	send := Send{At: stamp(draftedAt), Kind: kind}
	switch was, is := counted(from), counted(to); {
	case is && !was:
		c.Sends = withSend(c.Sends, send)
	case was && !is:
		c.Sends = withoutSend(c.Sends, send)
	}
	return s
}

func add(n *int64, was, is bool) {
	switch {
	case is && !was:
		*n++
	case was && !is && *n > 0:
		*n--
	}
}

// withSend and withoutSend copy: a State shares its ring with its ancestors.
func withSend(ring []Send, s Send) []Send {
	i, _ := slices.BinarySearchFunc(ring, s, compareSends)
	out := make([]Send, 0, len(ring)+1)
	out = append(append(append(out, ring[:i]...), s), ring[i:]...)
	return out[max(0, len(out)-RingSize):]
}

func withoutSend(ring []Send, s Send) []Send {
	i, found := slices.BinarySearchFunc(ring, s, compareSends)
	switch {
	case !found: // pushed out by newer ones
		return ring
	case len(ring) == 1:
		return nil
	}
	return slices.Concat(ring[:i], ring[i+1:])
}

func compareSends(a, b Send) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	return strings.Compare(string(a.Kind), string(b.Kind))
}
