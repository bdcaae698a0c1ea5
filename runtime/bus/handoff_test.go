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

// EditHandoffs puts another body in the place of what the desk has not taken. An
// erasure takes the user's, and leaves what tells the desk to remove something.
func TestEditHandoffs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, c, _, _ := desk(t, dir)
	removal := handoff("h-1.post", bus.NoUser)
	removal.Type = "beckon.removal"
	for _, m := range []bus.Message{handoff("h-1", "7"), handoff("h-2", "8"), removal} {
		if err := b.HandOff(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	edit := func(body []byte) ([]byte, error) {
		if seen++; string(body) == `{"id":"h-1"}` {
			return []byte(`{"id":"h-1","less":true}`), nil
		}
		return nil, nil
	}
	if n, err := b.EditHandoffs(t.Context(), edit); n != 1 || seen != 3 || err != nil {
		t.Fatalf("edited %d of %d, %v", n, seen, err)
	}
	if n, err := b.EditHandoffs(t.Context(), edit); n != 0 || err != nil {
		t.Errorf("once more: %d, %v", n, err)
	}
	// A crash between the two steps: the old one is there again.
	old := handoff("h-1", "7")
	old.ID = "h-1-again"
	old.Data = []byte(`{"id":"h-1"}`)
	if err := b.HandOff(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if n, err := b.EditHandoffs(t.Context(), edit); n != 1 || err != nil {
		t.Errorf("after a crash: %d, %v", n, err)
	}
	var got []string
	for _, m := range fetch(t, c) {
		got = append(got, m.Headers().Get("ce-id")+" "+m.Subject()+" "+string(m.Data()))
	}
	if want := []string{
		`h-2 beckon.v1.handoff.acme.8 {"id":"h-2"}`, `h-1.post beckon.v1.handoff.acme._ {"id":"h-1.post"}`, `h-1 beckon.v1.handoff.acme.7 {"id":"h-1","less":true}`,
	}; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n, err := b.EditHandoffs(t.Context(), func([]byte) ([]byte, error) { return nil, context.Canceled }); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("an error of edit's is lost: %d, %v", n, err)
	}
	if n, err := b.Erase(t.Context(), "acme", "", func(bus.Message) error { return nil }); err != nil || n != 2 {
		t.Errorf("erased %d, %v, want all but the removal", n, err)
	}
	left := 0
	if _, err := b.EditHandoffs(t.Context(), func([]byte) ([]byte, error) { left++; return nil, nil }); err != nil || left != 1 {
		t.Errorf("%d are left, %v", left, err)
	}
	none := open(t, bus.Options{Dir: t.TempDir()})
	if n, err := none.EditHandoffs(t.Context(), edit); n != 0 || err != nil {
		t.Errorf("without a stream: %d, %v", n, err)
	}
}
