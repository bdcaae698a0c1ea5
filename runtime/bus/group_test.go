package bus_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/bus"
)

// Publishes that share a sync share nothing else: one that cannot be stored is
// told so, and the others are stored.
func TestB1PublishesInOneBatch(t *testing.T) {
	t.Parallel()
	large, full := msg(2), msgs(100, 150)
	large.Data = make([]byte, 2<<20)
	b := open(t, bus.Options{Dir: t.TempDir(), MaxBytes: 30 << 10})
	var got []string
	for _, err := range bus.StoreTogether(b, msgs(0, 1), msgs(1, 2), []bus.Message{large}, full, msgs(3, 5)) {
		what, _, _ := strings.Cut(fmt.Sprint(err), ": ")
		got = append(got, what)
	}
	want := []string{"<nil>", "<nil>", "nats", "nats", "<nil>"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if _, ids := take(t, b, 4); !cmp.Equal(ids, []string{"0", "1", "3", "4"}) {
		t.Errorf("stored %v", ids)
	}
	if n := pending(t, b); n != 4 {
		t.Errorf("%d messages are pending, want 4", n)
	}
}

// Each caller's messages keep their order, whoever publishes beside it.
func TestB2PublishersSideBySide(t *testing.T) {
	t.Parallel()
	const callers, each = 16, 40
	b := open(t, bus.Options{Dir: t.TempDir()})
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for n := range each {
				m := msg(n)
				m.ID, m.Data = fmt.Sprintf("%d-%d", c, n), []byte("{}")
				if err := b.Publish(t.Context(), m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	_, ids := take(t, b, callers*each)
	var next [callers]int
	for _, id := range ids {
		var c, n int
		if _, err := fmt.Sscanf(id, "%d-%d", &c, &n); err != nil || n != next[c] {
			t.Fatalf("%s came when caller %d's message %d was due (%v)", id, c, next[c], err)
		}
		next[c]++
	}
}
