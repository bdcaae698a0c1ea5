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
