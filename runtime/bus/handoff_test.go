package bus_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/beckon-bot/beckon/runtime/bus"
)

const deskToken = "desk-token"

// desk is a bus that tells a desk's program of handoffs, and the program.
func desk(t *testing.T, dir string) (*bus.JetStream, jetstream.Consumer, *nats.Conn, chan error) {
	t.Helper()
	b := open(t, bus.Options{Dir: dir, Listen: "127.0.0.1:0", Desk: deskToken})
	nc, refused := dial(t, b, bus.DeskLogin, deskToken)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.Consumer(t.Context(), bus.HandoffStream, bus.HandoffConsumer)
	if err != nil {
		t.Fatal(err)
	}
	return b, c, nc, refused
}

func handoff(id, user string) bus.Message {
	return bus.Message{ID: id, Type: "beckon.handoff", Source: "beckon", Time: time.Unix(1772442000, 0), Bot: "acme", User: user, Data: []byte(`{"id":"` + id + `"}`)}
}

func fetch(t *testing.T, c jetstream.Consumer) []jetstream.Msg {
	t.Helper()
	got, err := c.Fetch(10, jetstream.FetchMaxWait(200*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	var out []jetstream.Msg
	for m := range got.Messages() {
		out = append(out, m)
	}
	return out
}

// A desk's program takes each handoff by its consumer: what it did not
// acknowledge is there after a restart, what it did is gone, and the same id
// twice is one.
func TestHandoffs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, c, nc, _ := desk(t, dir)
	for _, m := range []bus.Message{handoff("h-1", "7"), handoff("h-2", "8"), handoff("h-1", "7")} {
		if err := b.HandOff(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	got := fetch(t, c)
	if len(got) != 2 || string(got[0].Data()) != `{"id":"h-1"}` || got[0].Subject() != "beckon.v1.handoff.acme.7" || got[1].Headers().Get("ce-id") != "h-2" {
		t.Fatalf("got %d: %v", len(got), got)
	}
	for name, want := range map[string]string{"ce-type": "beckon.handoff", "ce-subject": "7", "ce-beckonbot": "acme", "ce-specversion": "1.0"} {
		if h := got[0].Headers().Get(name); h != want {
			t.Errorf("%s is %q, want %q", name, h, want)
		}
	}
	if err := got[0].DoubleAck(t.Context()); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b, c, _, _ = desk(t, dir)
	if err := b.HandOff(t.Context(), handoff("h-3", "9")); err != nil {
		t.Fatal(err)
	}
	// The second is handed out again once its minute is over; that it is kept
	// shows in what the consumer has.
	if got := fetch(t, c); len(got) != 1 || got[0].Headers().Get("ce-id") != "h-3" {
		t.Errorf("after the restart: %v", got)
	}
	info, err := c.Info(t.Context())
	if err != nil || info.NumAckPending != 2 {
		t.Errorf("%d wait for an acknowledgement, %v; want the second and the third", info.NumAckPending, err)
	}
	if n, err := b.Erase(t.Context(), "", "8", func(bus.Message) error { return nil }); err != nil || n != 1 {
		t.Errorf("erased %d, %v", n, err)
	}
}

// The program may do nothing but that.
func TestB4DeskPermissions(t *testing.T) {
	t.Parallel()
	b, _, nc, refused := desk(t, t.TempDir())
	if err := b.Publish(t.Context(), msg(1)); err != nil {
		t.Fatal(err)
	}
	want := func(what string) {
		t.Helper()
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-refused:
			if !errors.Is(err, nats.ErrPermissionViolation) && !strings.Contains(strings.ToLower(err.Error()), "permissions violation") {
				t.Errorf("%s: got %v", what, err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s is let through", what)
		}
	}
	for _, subject := range []string{">", "beckon.v1.event.>", "beckon.v1.handoff.>", "beckon.v1.question.>", "$JS.API.>"} {
		if _, err := nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		want("hearing " + subject)
	}
	for _, subject := range []string{
		"beckon.v1.event.acme.1.7", "beckon.v1.handoff.acme.7", "beckon.v1.answer.acme.orders", "$JS.API.STREAM.DELETE.BECKON_EVENTS",
		"$JS.API.STREAM.MSG.GET.BECKON_EVENTS", "$JS.API.CONSUMER.MSG.NEXT.BECKON_EVENTS.dispatch", "$JS.API.CONSUMER.CREATE.BECKON_HANDOFFS",
		"$JS.API.STREAM.PURGE.BECKON_HANDOFFS", "$JS.ACK.BECKON_EVENTS.dispatch.1.1.1.1.1",
	} {
		if err := nc.Publish(subject, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		want("publishing " + subject)
	}
	// Without a program there is no stream, and nothing to erase.
	none := open(t, bus.Options{Dir: t.TempDir()})
	if err := none.HandOff(context.Background(), handoff("h-1", "7")); err == nil {
		t.Error("a handoff without a stream is stored")
	}
	if _, err := none.Erase(t.Context(), "acme", "7", func(bus.Message) error { return nil }); err != nil {
		t.Error(err)
	}
}
