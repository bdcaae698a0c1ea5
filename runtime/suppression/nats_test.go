package suppression

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server/ats"

	"github.com/beckon-bot/beckon/runtime/bus"
)

func TestMain(m *testing.M) {
	ats.Register() // a bubble would wait for the server's clock
	m.Run()
}

// TestS12ARunningHostKeepsTheCopy runs the loop on an embedded server, on fake
// time, and reads the copy after a restart.
func TestS12ARunningHostKeepsTheCopy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		open := func() (*bus.JetStream, *bus.Bucket) {
			b, err := bus.Open(t.Context(), bus.Options{Dir: filepath.Join(dir, "bus")})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = b.Close() })
			k, err := b.Bucket(t.Context(), bus.SuppressionBucket)
			if err != nil {
				t.Fatal(err)
			}
			return b, k
		}
		b, bucket := open()
		wake := make(chan struct{}, 1)
		below := newDB(t)
		s := Watch(below, new(atomic.Bool), func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		})
		k := keeper(s, bucket)
		merge(t, k)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- k.Run(ctx, time.Now, wake) }()
		began := time.Now()
		says(t, s, ann, true, at(1))
		says(t, s, ben, true, at(1))
		synctest.Wait()
		for k.Metrics.Written.Load() < 2 { // the server answers on its own time
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
		}
		if took := time.Since(began); took > calm/2 {
			t.Errorf("written after %s: nobody was woken", took)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}

		_, bucket = open()
		restored := newDB(t)
		id := waits(t, restored, ann)
		k = keeper(restored, bucket)
		if r := merge(t, k); r != (Report{Entries: 2, OptedOut: 2, Cancelled: 1}) {
			t.Errorf("merged %+v", r)
		}
		if got := stands(t, restored, ann); !got.OptedOut || state(t, restored, id) != "cancelled" {
			t.Errorf("ann: %+v", got)
		}
	})
}
