package bus_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/bus"
)

// Remove picks among messages, and says which of them dispatch has had.
func TestRemove(t *testing.T) {
	t.Parallel()
	b := open(t, bus.Options{Dir: t.TempDir()})
	if err := b.Publish(t.Context(), msgs(1, 9)...); err != nil {
		t.Fatal(err)
	}
	ds, _ := take(t, b, 8)
	if err := b.Ack(ds[:4]); err != nil {
		t.Fatal(err)
	}
	var taken, seen []string
	look := func(m bus.Stored) (bool, error) {
		seen = append(seen, m.ID)
		if m.Taken {
			taken = append(taken, m.ID)
		}
		return false, nil
	}
	for range 200 { // an acknowledgement takes a moment to arrive
		taken, seen = nil, nil
		if n, err := b.Remove(t.Context(), "", "", look); n != 0 || err != nil {
			t.Fatalf("looking removed %d, %v", n, err)
		}
		if len(taken) == 4 {
			break
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
	if !slices.Equal(taken, numbers(1, 5)) || !slices.Equal(seen, numbers(1, 9)) {
		t.Fatalf("taken %v of %v", taken, seen)
	}
	odd := func(m bus.Stored) (bool, error) { return m.ID == "1" || m.ID == "7", nil }
	for _, tt := range []struct {
		bot, user string
		want      int
	}{{"other", "", 0}, {"acme", "1", 1}, {"", "1", 0}, {"", "", 1}, {"", "", 0}} {
		if n, err := b.Remove(t.Context(), tt.bot, tt.user, odd); n != tt.want || err != nil {
			t.Errorf("%q %q: removed %d, %v, want %d", tt.bot, tt.user, n, err, tt.want)
		}
	}
	seen = nil
	if _, err := b.Remove(t.Context(), "", "", look); err != nil || !slices.Equal(seen, []string{"2", "3", "4", "5", "6", "8"}) {
		t.Errorf("left: %v, %v", seen, err)
	}
	if n, err := b.Erase(t.Context(), "acme", "", func(bus.Message) error { return nil }); n != 6 || err != nil {
		t.Errorf("of a whole bot: %d, %v", n, err)
	}
	if _, err := b.Remove(context.Background(), "Not a bot", "", odd); err == nil {
		t.Error("a name that is none")
	}
}

// See shows a user's messages toward a bot, taken or not, and leaves them.
func TestSee(t *testing.T) {
	t.Parallel()
	memory := bus.NewMemory(bus.MemoryOptions{})
	for name, b := range map[string]interface {
		bus.Bus
		See(ctx context.Context, bot, user string, see func(bus.Stored) error) error
	}{"jetstream": open(t, bus.Options{Dir: t.TempDir()}), "memory": memory} {
		if err := b.Publish(t.Context(), msgs(1, 9)...); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			var seen []string
			err := b.See(t.Context(), "acme", "1", func(m bus.Stored) error {
				seen = append(seen, m.ID)
				return nil
			})
			if want := msgs(1, 9)[0].ID; err != nil || !slices.Contains(seen, want) || len(seen) == 8 {
				t.Errorf("%s: saw %v, %v, want user 1's, such as %s, and no others", name, seen, err, want)
			}
		}
		if err := b.See(t.Context(), "acme", "1", func(bus.Stored) error { return context.Canceled }); err == nil {
			t.Errorf("%s: an error of who looks is lost", name)
		}
	}
}
