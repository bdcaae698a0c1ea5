package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/beckon-bot/beckon/runtime/bus"
)

// dial connects a handler as any program outside would.
func dial(t *testing.T, b *bus.JetStream, name, token string) (*nats.Conn, chan error) {
	t.Helper()
	refused := make(chan error, 16)
	nc, err := nats.Connect("nats://"+b.Addr(), nats.UserInfo(name, token), nats.CustomInboxPrefix("_INBOX_"+name),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc, refused
}

func listening(t *testing.T) *bus.JetStream {
	t.Helper()
	b := open(t, bus.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Logins: []bus.Login{
		{Name: "orders", Token: "orders-token"}, {Name: "other", Token: "other-token"},
	}})
	return b
}

func TestB4QuestionAndAnswer(t *testing.T) {
	t.Parallel()
	b := listening(t)
	ctx, cancel := context.WithCancel(t.Context())
	type said struct{ bot, handler, text string }
	heard := make(chan said, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- b.Answers(ctx, func(_ context.Context, bot, handler string, answer []byte) []byte {
			heard <- said{bot, handler, string(answer)}
			return []byte("taken")
		})
	}()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	nc, _ := dial(t, b, "orders", "orders-token")
	questions, err := nc.SubscribeSync("beckon.v1.question.*.orders")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := b.Ask("acme", "orders", []byte("where?")); err != nil {
		t.Fatal(err)
	}
	q, err := questions.NextMsg(10 * time.Second)
	if err != nil || string(q.Data) != "where?" || q.Subject != "beckon.v1.question.acme.orders" {
		t.Fatalf("got %+v, %v", q, err)
	}
	told, err := nc.Request("beckon.v1.answer.acme.orders", []byte("here"), 10*time.Second)
	if err != nil || string(told.Data) != "taken" {
		t.Fatalf("the handler is told %+v, %v", told, err)
	}
	if got := <-heard; got != (said{"acme", "orders", "here"}) {
		t.Errorf("heard %+v", got)
	}
	// The stream still works, and takes no part in this.
	if err := b.Publish(t.Context(), msg(1)); err != nil {
		t.Error(err)
	}
	if _, ids := take(t, b, 1); len(ids) != 1 {
		t.Errorf("the stream has %v", ids)
	}
}

// B4: the server refuses everything that is not the handler's.
func TestB4Permissions(t *testing.T) {
	t.Parallel()
	b := listening(t)
	for _, bad := range [][2]string{{"orders", "wrong"}, {"orders", ""}, {"nobody", "orders-token"}, {"beckon-host", "orders-token"}, {"beckon-host", ""}} {
		if nc, err := nats.Connect("nats://"+b.Addr(), nats.UserInfo(bad[0], bad[1])); err == nil {
			nc.Close()
			t.Errorf("%q is let in with %q", bad[0], bad[1])
		}
	}
	if nc, err := nats.Connect("nats://" + b.Addr()); err == nil {
		nc.Close()
		t.Error("somebody is let in without a login")
	}
	nc, refused := dial(t, b, "orders", "orders-token")
	wantRefused := func(what string) {
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
	for _, subject := range []string{">", "*.>", "beckon.>", "beckon.v1.event.>", "beckon.v1.event.acme.1.7", "beckon.v1.question.acme.other", "beckon.v1.question.>",
		"beckon.v1.answer.acme.other", "_INBOX.>", "_INBOX_other.>", "$JS.>", "$SYS.>", "$JS.API.STREAM.MSG.GET.BECKON_EVENTS", "$KV.>"} {
		if _, err := nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		wantRefused("listening on " + subject)
	}
	for _, subject := range []string{"beckon.v1.event.acme.1.7", "beckon.v1.answer.acme.other", "beckon.v1.question.acme.orders",
		"$JS.API.STREAM.DELETE.BECKON_EVENTS", "$JS.API.STREAM.MSG.GET.BECKON_EVENTS", "$JS.API.CONSUMER.CREATE.BECKON_EVENTS", "$JS.ACK.x",
		"$KV." + bus.SuppressionBucket + ".x", "$JS.API.DIRECT.GET.KV_" + bus.SuppressionBucket, "$JS.API.STREAM.PURGE.KV_" + bus.SuppressionBucket} {
		if err := nc.Publish(subject, []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		wantRefused("publishing to " + subject)
	}
	if n, err := b.Pending(t.Context()); err != nil || n != 0 {
		t.Errorf("%d messages on the stream, %v", n, err)
	}
}

func TestB4Logins(t *testing.T) {
	t.Parallel()
	for _, logins := range [][]bus.Login{
		{{Name: "a.b", Token: "x"}}, {{Name: "*", Token: "x"}}, {{Name: "_", Token: "x"}}, {{Name: "beckon-host", Token: "x"}},
		{{Name: "orders"}}, {{Name: "orders", Token: "x"}, {Name: "orders", Token: "y"}},
	} {
		b, err := bus.Open(t.Context(), bus.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Logins: logins})
		if err == nil {
			_ = b.Close()
			said, _ := json.Marshal(logins)
			t.Errorf("%s is taken", said)
		}
	}
	b := open(t, bus.Options{Dir: t.TempDir()})
	if b.Addr() != "" {
		t.Errorf("without being told to, it listens on %s", b.Addr())
	}
}
