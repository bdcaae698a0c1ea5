package action

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

func TestI3NextOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		class event.Class
		tries int
		state event.State
		after time.Duration
	}{
		{event.OK, 1, event.Sent, 0},
		{event.Transient, 1, event.Pending, 5 * time.Second},
		{event.Transient, 2, event.Pending, 10 * time.Second},
		{event.Transient, 7, event.Pending, 320 * time.Second},
		{event.Transient, 8, event.Pending, 10 * time.Minute},
		{event.Transient, 1 << 40, event.Pending, 10 * time.Minute},
		{event.RateLimited, 1, event.Pending, 5 * time.Second},
		{event.Auth, 1, event.Pending, 5 * time.Second},
		{event.UsageCapped, 1, event.Pending, 15 * time.Minute},
		{event.Refused, 1, event.Failed, 0},
		{event.Gone, 1, event.Failed, 0},
		{event.Bug, 1, event.Failed, 0},
		{event.UnknownOutcome, 1, event.Unsettled, 0},
		{"a class of tomorrow", 1, event.Unsettled, 0},
	}
	for _, tt := range tests {
		got := NextOf(tt.class, tt.tries)
		if got.State != tt.state || got.After != tt.after || got.Reason == "" {
			t.Errorf("NextOf(%q, %d): got %+v, want %s after %s", tt.class, tt.tries, got, tt.state, tt.after)
		}
	}
}

func TestI3NextFor(t *testing.T) {
	t.Parallel()
	duplicate := event.Outcome{Class: event.Refused, Status: 403}
	noAccess := event.Outcome{Class: event.Refused, Status: 403, Problem: "client-forbidden"}
	for _, tt := range []struct {
		kind  event.ActionKind
		out   event.Outcome
		tries int
		want  event.State
	}{
		{event.Reply, duplicate, 1, event.Failed},
		{event.Reply, duplicate, 2, event.Unsettled},
		{event.DM, duplicate, 3, event.Unsettled},
		{event.Like, duplicate, 2, event.Failed},
		{event.Reply, event.Outcome{Class: event.Refused, Status: 200}, 2, event.Failed},
		{event.DM, noAccess, 1, event.Pending},
		{event.Like, noAccess, 1, event.Failed},
		{event.Quote, noAccess, 1, event.Failed},
	} {
		if got := NextFor(tt.kind, tt.out, tt.tries); got.State != tt.want {
			t.Errorf("%s, %+v, try %d: got %+v, want %s", tt.kind, tt.out, tt.tries, got, tt.want)
		}
	}
}
