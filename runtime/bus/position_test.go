package bus_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/bus"
)

func TestB6BackToAPosition(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "bus")
	b := open(t, bus.Options{Dir: dir})
	if err := b.Publish(t.Context(), msgs(1, 7)...); err != nil {
		t.Fatal(err)
	}
	ds, _ := take(t, b, 6)
	if err := b.Ack(ds[:3]); err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	b = open(t, bus.Options{Dir: dir})
	at, err := b.Position(t.Context())
	if err != nil || at.Seq != 3 || at.Created.IsZero() {
		t.Fatalf("position %+v, %v; want 3", at, err)
	}
	ds, _ = take(t, b, 3)
	if err := b.Ack(ds); err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	for _, c := range []struct {
		name  string
		after uint64
		first int
	}{
		{"the backup's position", 3, 4},
		{"from the beginning", 0, 1},
	} {
		b = open(t, bus.Options{Dir: dir, Again: &c.after})
		ds, ids := take(t, b, 6-c.first+1)
		if diff := cmp.Diff(numbers(c.first, 7), ids); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
		if err := b.Ack(ds); err != nil {
			t.Fatal(err)
		}
		_ = b.Close()
	}
}

// The bus was lost too and begun anew: its numbers are smaller than the
// backup's, and nothing of it may be passed over.
func TestB6NeverForward(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "bus")
	b := open(t, bus.Options{Dir: dir})
	if err := b.Publish(t.Context(), msgs(1, 4)...); err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	b = open(t, bus.Options{Dir: dir, Again: new(uint64(500))})
	if _, ids := take(t, b, 3); !cmp.Equal(numbers(1, 4), ids) {
		t.Errorf("got %v, want all three", ids)
	}
}
