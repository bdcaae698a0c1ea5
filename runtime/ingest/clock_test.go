package ingest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

// A machine whose clock was ahead for a while, as after a start without a
// network, kept positions of that time: none may keep a way in from bringing
// what comes, or from asking for what was missed.
func TestClockWasAhead(t *testing.T) {
	t.Parallel()
	ahead := noon.AddDate(5, 0, 0)
	t.Run("poll", func(t *testing.T) {
		for _, what := range []string{"mentions", "dms"} {
			synctest.Test(t, func(t *testing.T) {
				<-time.After(time.Until(noon))
				x := &lists{start: time.Now(), size: 10, mentions: []int{-300, 5, 200}}
				x.dms = x.mentions
				pos := &kept{at: map[string]string{"poll/" + what + "/acme": event.SnowflakeAt(ahead)}}
				got, _ := polls(t, x, pos, 300*time.Second, what, nil)
				if diff := cmp.Diff(x.ids(5, 200), got); diff != "" { // it begins now (P3)
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			})
		}
	})
	t.Run("stream", func(t *testing.T) {
		s := NewStream(StreamOptions{})
		s.seen = ahead
		backfill, start := s.gap(noon)
		if backfill != 5 || start.After(noon.Add(-23*time.Hour)) || start.Before(noon.Add(-24*time.Hour)) {
			t.Errorf("asked for %d minutes, since %s", backfill, start)
		}
		s.seen = noon.Add(20 * time.Second) // a clock that was set back a little
		if backfill, start := s.gap(noon); backfill != 1 || !start.IsZero() {
			t.Errorf("asked for %d minutes, since %s", backfill, start)
		}
	})
	t.Run("watchdog", func(t *testing.T) {
		pos := &kept{at: map[string]string{alivePosition: ahead.Format(time.RFC3339)}}
		dog := NewWatchdog(WatchOptions{URL: "https://a.example/x", Positions: pos, Now: func() time.Time { return noon }})
		if err := dog.wake(t.Context()); err != nil {
			t.Fatal(err)
		}
		m, err := readMissed(t.Context(), pos)
		if err != nil || noon.Sub(m.Want.From) < 23*time.Hour || !m.Want.To.Equal(noon) {
			t.Errorf("missed %+v, %v", m.Want, err)
		}
		// A gap that was noted then is asked for as far as it has been.
		m = missed{Want: span{noon.Add(-2 * time.Hour), ahead}}
		if ask, _, wait, ok := m.due(noon.Add(time.Hour)); !ok || wait > 15*time.Minute || wait == 0 && ask.empty() {
			t.Errorf("ask %+v, wait %s, %t", ask, wait, ok)
		}
	})
}
