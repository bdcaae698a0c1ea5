package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/bus"
)

func bucket(t *testing.T, b *bus.JetStream) *bus.Bucket {
	t.Helper()
	k, err := b.Bucket(t.Context(), bus.SuppressionBucket)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// all is what the bucket shows, oldest put first.
func all(t *testing.T, k *bus.Bucket) (out []string) {
	t.Helper()
	err := k.All(t.Context(), func(e bus.Entry) error {
		out = append(out, e.Key+"="+string(e.Value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestB5NewestValueStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, bus.Options{Dir: dir})
	k := bucket(t, b)
	if got := all(t, k); got != nil {
		t.Errorf("a new bucket has %v", got)
	}
	if e, err := k.Get(t.Context(), "a"); err != nil || e.Rev != 0 {
		t.Errorf("nothing there: got %+v, %v", e, err)
	}
	put := func(key, value string) {
		t.Helper()
		e, err := k.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		e.Value = []byte(value)
		if err := k.Put(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if err := k.Put(t.Context(), e); !errors.Is(err, bus.ErrChanged) {
			t.Errorf("%s put on a revision that is gone: got %v", key, err)
		}
	}
	put("a", "1")
	put("b", "1")
	put("a", "2")
	if err := k.Put(t.Context(), bus.Entry{Key: "b", Value: []byte("blind")}); !errors.Is(err, bus.ErrChanged) {
		t.Errorf("put without having read: got %v", err)
	}
	want := []string{"b=1", "a=2"}
	if d := cmp.Diff(want, all(t, k)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := b.Publish(t.Context(), msg(1)); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Erase(t.Context(), "", "", func(bus.Message) error { return nil }); err != nil || n != 1 {
		t.Errorf("erased %d, %v", n, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(context.Background(), "a"); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("after Close: got %v", err)
	}
	k = bucket(t, open(t, bus.Options{Dir: dir}))
	if d := cmp.Diff(want, all(t, k)); d != "" {
		t.Errorf("after a restart (-want +got):\n%s", d)
	}
	stop := errors.New("enough")
	if err := k.All(t.Context(), func(bus.Entry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of who sees: got %v", err)
	}
	if err := k.Put(t.Context(), bus.Entry{Key: "no good", Value: []byte("x")}); err == nil {
		t.Error("a key that is none is taken")
	}
}

// TestB5NoUpdateIsLost counts up from many writers.
func TestB5NoUpdateIsLost(t *testing.T) {
	t.Parallel()
	b := open(t, bus.Options{Dir: t.TempDir()})
	var wg sync.WaitGroup
	const writers, each = 4, 5
	for range writers {
		k := bucket(t, b) // each with a handle of its own
		wg.Go(func() {
			for done := 0; done < each; {
				e, err := k.Get(t.Context(), "n")
				if err != nil {
					t.Error(err)
					return
				}
				n, _ := strconv.Atoi(string(e.Value))
				e.Value = fmt.Append(nil, n+1)
				switch err := k.Put(t.Context(), e); {
				case err == nil:
					done++
				case !errors.Is(err, bus.ErrChanged):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got, want := all(t, bucket(t, b)), []string{"n=20"}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
