package bustest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/bus"
)

func storedWhenPublishReturns(t *testing.T, h Harness) {
	b := h.Open()
	want := messages("7", 0, 5)
	publish(t, b, want[0])
	publish(t, b, want[1:]...)
	publish(t, b) // nothing is nothing
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	wantIDs(t, take(t, h.Open(), len(want)), want)
}

func roundTrip(t *testing.T, h Harness) {
	good := message("2244994945", 1)
	with := func(change func(*bus.Message)) bus.Message {
		m := good
		change(&m)
		return m
	}
	var want []bus.Message
	add := func(change func(*bus.Message)) { want = append(want, with(change)) }

	add(func(*bus.Message) {})
	for _, user := range []string{bus.NoUser, "0", "007", "b", "_7", "a.b", "x*>", "a b", "ünïcode", "100%", "%41", "\"q\"", "\x00\r\n", "ge2dc", string(make([]byte, 5000))} {
		add(func(m *bus.Message) { m.User = user })
	}
	for _, id := range []string{"-6870275393148932045", "5f0c3a52-9a1e-4b6d-8a57-0e8d2c1b9f10", "a b\r\nce-id: x", " lead", "trail ", "%"} {
		add(func(m *bus.Message) { m.ID = id })
	}
	for _, data := range [][]byte{nil, {}, {0}, {1}, {0, 0}, {7, 'x'}, {8}, []byte("not JSON"), {0xff, 0xfe}, slices.Repeat([]byte("{}"), 512<<10)} {
		add(func(m *bus.Message) { m.Data = data })
	}
	add(func(m *bus.Message) { m.Bot = bus.NoBot })
	add(func(m *bus.Message) {
		m.Bot, m.User, m.Dead = bus.NoBot, bus.NoUser, "no event_type, at byte 12: \"x\"\n"
	})
	add(func(m *bus.Message) { m.Bot = "0-support-bot" })
	add(func(m *bus.Message) { m.Type, m.Source = "unknown", "/x/stream?a=b c" })
	add(func(m *bus.Message) { m.Time = time.Time{} })
	add(func(m *bus.Message) { m.Time = time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC) })

	b := h.Open()
	for _, m := range want {
		data := slices.Clone(m.Data)
		m.Data = data
		publish(t, b, m)
		clear(data) // the sender's buffer is its own again
	}
	publish(t, b, with(func(m *bus.Message) { m.Bot, m.User, m.Time = "", "", at().In(time.FixedZone("", 3600)) }))
	want = append(want, with(func(m *bus.Message) { m.Bot, m.User = bus.NoBot, bus.NoUser }))

	for i, d := range take(t, b, len(want)) {
		if len(want[i].Data) == 0 {
			want[i].Data = nil
		}
		if diff := cmp.Diff(want[i], d.Message); diff != "" {
			t.Errorf("message %d (-want +got):\n%s", i, diff)
		}
		if !d.Time.IsZero() && d.Time.Location() != time.UTC {
			t.Errorf("message %d: time zone %v, want UTC", i, d.Time.Location())
		}
	}
}

func publishRefuses(t *testing.T, h Harness) {
	b := h.Open()
	for name, change := range map[string]func(*bus.Message){
		"no id":            func(m *bus.Message) { m.ID = "" },
		"no type":          func(m *bus.Message) { m.Type = "" },
		"no source":        func(m *bus.Message) { m.Source = "" },
		"bot with a dot":   func(m *bus.Message) { m.Bot = "a.b" },
		"bot with a star":  func(m *bus.Message) { m.Bot = "*" },
		"bot upper case":   func(m *bus.Message) { m.Bot = "Acme" },
		"bot with a dash":  func(m *bus.Message) { m.Bot = "-a" },
		"year out of form": func(m *bus.Message) { m.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		bad := message("7", 1)
		change(&bad)
		if err := b.Publish(ctx(t), message("7", 0), bad); err == nil || errors.Is(err, bus.ErrFull) {
			t.Errorf("%s: got %v, want an error of its own", name, err)
		}
	}
	wantPending(t, b, 0)
}

// fill publishes until the bus is full, and returns what it took.
func fill(t *testing.T, b Bus) []bus.Message {
	t.Helper()
	var in []bus.Message
	for n := range 100 {
		m := message("7", n)
		m.Data = make([]byte, 1024)
		err := b.Publish(ctx(t), m)
		if errors.Is(err, bus.ErrFull) {
			return in
		}
		if err != nil {
			t.Fatalf("Publish: %v", err)
		}
		in = append(in, m)
	}
	t.Fatal("100 messages of 1 KiB fit")
	return nil
}

func fullStoresNothing(t *testing.T, h Harness) {
	b := h.Small()
	many := messages("8", 0, 60)
	for i := range many {
		many[i].Data = make([]byte, 1024)
	}
	if err := b.Publish(ctx(t), many...); !errors.Is(err, bus.ErrFull) {
		t.Fatalf("60 at once: got %v, want ErrFull", err)
	}
	wantPending(t, b, 0)
	want := fill(t, b)
	if len(want) < 5 {
		t.Fatalf("room for %d messages, want at least 5", len(want))
	}
	if err := b.Publish(ctx(t), many[:2]...); !errors.Is(err, bus.ErrFull) {
		t.Fatalf("two more: got %v, want ErrFull", err)
	}
	wantPending(t, b, int64(len(want)))
	wantIDs(t, take(t, b, len(want)), want)
}

func fullFrees(t *testing.T, h Harness, f Features) {
	b := h.Small()
	in := fill(t, b)
	ack(t, b, take(t, b, len(in))...)
	wantPending(t, b, 0)
	m := message("7", 1)
	m.Data = make([]byte, 1024)
	err := b.Publish(ctx(t), m)
	if f.FreesOnAck && err != nil {
		t.Fatalf("after the acks: %v", err)
	}
	if !f.FreesOnAck && !errors.Is(err, bus.ErrFull) {
		t.Fatalf("after the acks: got %v, want ErrFull", err)
	}
}
