package conversation

import (
	"testing"
	"time"
)

func TestC5Merge(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return time.Date(2026, 12, 1, h, 0, 0, 0, time.UTC) }
	none := Suppression{UserHash: "u"}
	stopped := func(h int, id string) Suppression {
		return Suppression{UserHash: "u", OptedOut: true, At: at(h), EventID: id, Tier: TierHard}
	}
	started := func(h int) Suppression {
		return Suppression{UserHash: "u", At: at(h), EventID: "s", Tier: TierStart}
	}
	tests := []struct {
		name             string
		have, told, want Suppression
	}{
		{"not known", none, stopped(2, "a"), stopped(2, "a")},
		{"later", stopped(1, "a"), stopped(2, "b"), stopped(2, "b")},
		{"earlier", stopped(2, "b"), stopped(1, "a"), stopped(2, "b")},
		{"the same", stopped(2, "a"), stopped(2, "a"), stopped(2, "a")},
		{"after a START", started(1), stopped(2, "a"), stopped(2, "a")},
		{"before a START", started(3), stopped(2, "a"), started(3)},
		{"with a START", started(2), stopped(2, "a"), stopped(2, "a")},
		{"a START", stopped(1, "a"), started(2), stopped(1, "a")},
		{"nothing", stopped(1, "a"), none, stopped(1, "a")},
	}
	for _, tt := range tests {
		if got := tt.have.Merge(tt.told); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
