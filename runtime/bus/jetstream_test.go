package bus_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server/ats"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/bus/bustest"
)

func TestMain(m *testing.M) {
	ats.Register() // outside of every bubble, else a consumer inside one hangs for ever
	os.Exit(m.Run())
}

// open opens a bus that the test's cleanup closes.
func open(t testing.TB, o bus.Options) *bus.JetStream {
	t.Helper()
	b, err := bus.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() }) // ErrClosed where the test closed it
	return b
}

func TestJetStream(t *testing.T) {
	t.Parallel()
	bustest.Exercise(t, func(t *testing.T) bustest.Harness {
		dir := t.TempDir()
		var b *bus.JetStream
		return bustest.Harness{
			Open: func() bustest.Bus {
				if b != nil {
					_ = b.Close() // ErrClosed where the test closed it
				}
				b = open(t, bus.Options{Dir: filepath.Join(dir, "bus")})
				return b
			},
			Small: func() bustest.Bus {
				return open(t, bus.Options{Dir: filepath.Join(dir, "small"), MaxBytes: 30 << 10})
			},
		}
	}, bustest.Features{})
}

func msg(n int) bus.Message {
	return bus.Message{
		ID: strconv.Itoa(n), Type: "dm.received", Source: "/x/webhook", Bot: "acme", User: strconv.Itoa(n % 5),
		Time: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Data: make([]byte, 1024),
	}
}

func msgs(from, to int) []bus.Message {
	var out []bus.Message
	for n := from; n < to; n++ {
		out = append(out, msg(n))
	}
	return out
}

// take calls Next until n deliveries are there, and returns their ids.
func take(t testing.TB, b bus.Bus, n int) (ds []bus.Delivery, ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	for len(ds) < n {
		got, err := b.Next(ctx, n-len(ds))
		if err != nil {
			t.Fatalf("Next after %d of %d: %v", len(ds), n, err)
		}
		ds = append(ds, got...)
	}
	for _, d := range ds {
		ids = append(ids, d.ID)
	}
	return ds, ids
}

func numbers(from, to int) (ids []string) {
	for n := from; n < to; n++ {
		ids = append(ids, strconv.Itoa(n))
	}
	return ids
}

func pending(t testing.TB, b *bus.JetStream) int64 {
	t.Helper()
	n, err := b.Pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A delivery that nobody acknowledged comes again after ten minutes, in its
// order; one that was acknowledged does not.
func TestJetStreamRedeliversOnFakeTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := open(t, bus.Options{Dir: t.TempDir()})
		if err := b.Publish(t.Context(), msgs(0, 4)...); err != nil {
			t.Fatal(err)
		}
		ds, _ := take(t, b, 4)
		if err := b.Ack(ds[1:2]); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
		defer cancel()
		if ds, err := b.Next(ctx, 256); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("within 9 minutes: got %d deliveries and %v, want none", len(ds), err)
		}
		ds, ids := take(t, b, 3)
		if diff := cmp.Diff([]string{"0", "2", "3"}, ids); diff != "" {
			t.Fatalf("redelivered (-want +got):\n%s", diff)
		}
		if waited := time.Since(start); waited < 10*time.Minute || waited > 11*time.Minute {
			t.Errorf("redelivered after %v, want 10 minutes", waited)
		}
		if err := b.Ack(ds); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := pending(t, b); got != 0 {
			t.Errorf("pending: got %d, want 0", got)
		}
	})
}

func TestJetStreamMaxAgeOnFakeTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := open(t, bus.Options{Dir: t.TempDir(), MaxBytes: 20 << 10})
		fill := func() (n int) {
			for n = range 100 {
				err := b.Publish(t.Context(), msg(n))
				if errors.Is(err, bus.ErrFull) {
					return n
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			t.Fatal("100 messages of 1 KiB fit into 20 KiB")
			return 0
		}
		first := fill()
		ds, _ := take(t, b, first)
		if err := b.Ack(ds); err != nil {
			t.Fatal(err)
		}
		time.Sleep(71 * time.Hour)
		if n := fill(); n != 0 {
			t.Errorf("after 71 h: room for %d messages, want none", n)
		}
		time.Sleep(2 * time.Hour)
		if n := fill(); n != first {
			t.Errorf("after 73 h: room for %d messages, want %d", n, first)
		}
		if _, ids := take(t, b, first); !slices.Equal(ids, numbers(0, first)) {
			t.Errorf("after 73 h: got %v", ids)
		}
	})
}

// The server goes away without a word from us: no barrier for acks, no close
// of the consumer.
func TestB3JetStreamSurvivesServerShutdown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, bus.Options{Dir: dir})
	if err := b.Publish(t.Context(), msgs(0, 20)...); err != nil {
		t.Fatal(err)
	}
	take(t, b, 7) // handed out, never acknowledged
	bus.ShutdownServer(b)

	if err := b.Publish(t.Context(), msg(99)); err == nil {
		t.Error("Publish without a server: got nil")
	}
	if _, err := drain(t, b); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Next without a server: got %v, want an error of its own", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("Close without a server: %v", err)
	}

	b = open(t, bus.Options{Dir: dir})
	if err := b.Publish(t.Context(), msg(20)); err != nil {
		t.Fatal(err)
	}
	if _, ids := take(t, b, 21); !slices.Equal(ids, numbers(0, 21)) {
		t.Errorf("after the restart: got %v", ids)
	}
}

// drain takes what was queued before the server went, then waits for the error.
func drain(t *testing.T, b bus.Bus) (n int, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		ds, err := b.Next(ctx, 256)
		if err != nil {
			return n, err
		}
		n += len(ds)
	}
}

// A copy of the directory while the bus is in use is what a power cut leaves,
// or less: everything whose Publish had returned is in it, in order.
func TestB1B3JetStreamCopyWhileRunning(t *testing.T) {
	t.Parallel()
	dir, copied := filepath.Join(t.TempDir(), "bus"), filepath.Join(t.TempDir(), "copy")
	b := open(t, bus.Options{Dir: dir})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stored atomic.Int64 // all up to this number are on disk
	var wg sync.WaitGroup
	enough := make(chan struct{})
	wg.Go(func() {
		for n := 0; ctx.Err() == nil; {
			to := n + 1 + n%3 // one, or several at once
			if err := b.Publish(t.Context(), msgs(n, to)...); err != nil {
				t.Errorf("Publish: %v", err)
				return
			}
			stored.Store(int64(to))
			if n < 200 && to >= 200 {
				close(enough)
			}
			n = to
		}
	})
	<-enough
	ds, _ := take(t, b, 100)
	if err := b.Ack(ds[:40]); err != nil {
		t.Fatal(err)
	}
	want := int(stored.Load())
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	cancel()
	wg.Wait()

	// The acks may be in the copy or not: it starts somewhere up to number 40.
	c := open(t, bus.Options{Dir: copied})
	ds, _ = take(t, c, 1)
	first, err := strconv.Atoi(ds[0].ID)
	if err != nil || first > 40 {
		t.Fatalf("the copy starts with %q, want 0 to 40", ds[0].ID)
	}
	if _, ids := take(t, c, want-first-1); !slices.Equal(ids, numbers(first+1, want)) {
		t.Errorf("the copy of %d messages holds %v", want, ids)
	}
	if err := c.Publish(t.Context(), msg(0)); err != nil {
		t.Errorf("Publish on the copy: %v", err)
	}
}

// Beyond one atomic batch some may be stored, and then ErrFull, which promises
// that nothing was, must not be the answer.
func TestB1JetStreamPartlyStoredIsNotErrFull(t *testing.T) {
	t.Parallel()
	b := open(t, bus.Options{Dir: t.TempDir(), MaxBytes: 1800 << 10})
	err := b.Publish(t.Context(), msgs(0, 1500)...)
	if err == nil || errors.Is(err, bus.ErrFull) {
		t.Fatalf("got %v, want an error other than ErrFull", err)
	}
	if got := pending(t, b); got != 1000 {
		t.Errorf("stored %d, want 1000", got)
	}
	if _, ids := take(t, b, 1000); !slices.Equal(ids, numbers(0, 1000)) {
		t.Error("B2: not in order")
	}
}

func TestJetStreamTooLargeIsNotErrFull(t *testing.T) {
	t.Parallel()
	b := open(t, bus.Options{Dir: t.TempDir()})
	big := msg(0)
	big.Data = make([]byte, 5<<20)
	if err := b.Publish(t.Context(), big); err == nil || errors.Is(err, bus.ErrFull) {
		t.Errorf("got %v, want an error other than ErrFull", err)
	}
	if err := b.Publish(t.Context(), msg(1)); err != nil {
		t.Errorf("the bus is gone after it: %v", err)
	}
}

// More waits than the client may hold, behind a full queue: nothing is dropped
// on the way.
func TestB2JetStreamBacklogOfLargeMessages(t *testing.T) {
	t.Parallel()
	b := open(t, bus.Options{Dir: t.TempDir()})
	const small, all = 300, 380
	if err := b.Publish(t.Context(), msgs(0, small)...); err != nil {
		t.Fatal(err)
	}
	big := msg(0)
	big.Data = make([]byte, 1<<20) // the largest body that ingest takes
	for n := small; n < all; n++ {
		big.ID = strconv.Itoa(n)
		if err := b.Publish(t.Context(), big); err != nil {
			t.Fatal(err)
		}
	}
	if _, ids := take(t, b, all); !slices.Equal(ids, numbers(0, all)) {
		t.Errorf("got %v", ids)
	}
}

// A backlog above MaxAckPending flows on as it is acknowledged.
func TestB2JetStreamBacklogAboveMaxAckPending(t *testing.T) {
	t.Parallel()
	b := open(t, bus.Options{Dir: t.TempDir()})
	const n = 5000
	if err := b.Publish(t.Context(), msgs(0, n)...); err != nil {
		t.Fatal(err)
	}
	var got []string
	for len(got) < n {
		ds, ids := take(t, b, min(256, n-len(got)))
		got = append(got, ids...)
		if err := b.Ack(ds); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, numbers(0, n)) {
		t.Error("not in order")
	}
}

func TestJetStreamLowerLimitsKeepWhatIsStored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, bus.Options{Dir: dir})
	if err := b.Publish(t.Context(), msgs(0, 50)...); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, bus.Options{Dir: dir, MaxBytes: 10 << 10, MaxAge: time.Hour})
	if err := b.Publish(t.Context(), msg(50)); !errors.Is(err, bus.ErrFull) {
		t.Errorf("Publish: got %v, want ErrFull", err)
	}
	if _, ids := take(t, b, 50); !slices.Equal(ids, numbers(0, 50)) {
		t.Errorf("got %v", ids)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := bus.Open(t.Context(), bus.Options{Dir: file}); err == nil {
		_ = b.Close()
		t.Error("a file as Dir: got nil")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if b, err := bus.Open(ctx, bus.Options{Dir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		_ = b.Close()
		t.Errorf("a cancelled context: got %v", err)
	}
}

// Two buses in one process do not know each other, and the server's log goes
// to ours without a word of a message.
func TestJetStreamTwoAndTheirLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a := open(t, bus.Options{Dir: t.TempDir(), Log: log})
	b := open(t, bus.Options{Dir: t.TempDir()})
	secret := msg(1)
	secret.Data = []byte(`{"text":"my secret"}`)
	if err := a.Publish(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	ds, _ := take(t, a, 1)
	if err := a.Ack(ds); err != nil {
		t.Fatal(err)
	}
	if got := pending(t, b); got != 0 {
		t.Errorf("the other bus holds %d messages", got)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); !strings.Contains(s, "nats-server") || strings.Contains(s, "secret") || strings.Contains(s, "level=WARN") {
		t.Errorf("log:\n%s", s)
	}
}
