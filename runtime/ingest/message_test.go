package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
)

func signed(body string) *http.Request { return post("/x/webhook", body, headers(body)) }

// TestW5Batch: each event of a batch goes its own user's way, in the order of
// the body, and what is wrong with one is its own trouble.
func TestW5Batch(t *testing.T) {
	t.Parallel()
	tweet := func(id, from string) string {
		return `{"id_str":"` + id + `","text":"stop","user":{"id_str":"` + from + `"}}`
	}
	body := `{"for_user_id":"` + botID + `","tweet_create_events":[` + tweet("1", "7") + `,` + tweet("2", "8") + `,{"id":1,"id":2,"text":"stop","user":{"id_str":"9"}},` + tweet("3", "7") +
		`],"tweet_levitate_events":[{}],"user_event":{"revoke":{"source":{"user_id":"` + userID + `"}}}}`
	events := new(EventMetrics)
	w, p := newWebhook(func(o *Options) { o.Events = events })
	for range 2 { // X sends it again: the same messages
		if status, _ := record(w, signed(body)); status != 200 {
			t.Fatalf("status %d", status)
		}
	}
	msgs := p.all()
	if len(msgs) != 12 {
		t.Fatalf("want 12 messages, got %d", len(msgs))
	}
	if diff := cmp.Diff(msgs[:6], msgs[6:]); diff != "" {
		t.Errorf("the second time (-first +second):\n%s", diff)
	}
	var got []string
	for _, m := range msgs[:6] {
		got = append(got, fmt.Sprintf("%s %s %s %s", m.Bot, m.User, m.Type, m.Dead))
		if parts, err := event.Split(m.Data); m.Dead == "" && (err != nil || len(parts) != 1 || parts[0].ID != m.ID) {
			t.Errorf("message %s: holds %v, %v", m.ID, parts, err)
		}
	}
	want := []string{
		"acme 7 post.create ", "acme 8 post.create ",
		"acme 9 unknown unreadable: a field that is read is given twice: tweet_create_events.id",
		"acme 7 post.create ", "acme _ aaa.tweet_levitate_events " + deadUnknownType, "_ _ oauth.revoke " + deadNoBot,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if events.OK.Load() != 6 || events.Unreadable.Load() != 2 || events.UnknownType.Load() != 2 || events.NoBot.Load() != 2 {
		t.Errorf("counted: %d good, %d unreadable, %d unknown, %d for nobody", events.OK.Load(), events.Unreadable.Load(), events.UnknownType.Load(), events.NoBot.Load())
	}
	if diff := cmp.Diff(map[string]int64{"Unreadable": 2}, counts(w.opt.Metrics)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestW1BatchNotStored: a batch is stored whole, or X sends it again.
func TestW1BatchNotStored(t *testing.T) {
	t.Parallel()
	w, p := newWebhook(nil)
	p.err = errors.New("disk full")
	body := `{"for_user_id":"` + botID + `","follow_events":[{"type":"follow"},{"type":"unfollow"}]}`
	if status, _ := record(w, signed(body)); status != 503 {
		t.Errorf("status %d, want 503", status)
	}
}

// TestReplayed: the end of a replay job is told to whoever asked for it, and
// kept before X gets its 200.
func TestReplayed(t *testing.T) {
	t.Parallel()
	const body = `{"replay_job_status":{"webhook_id":"5","job_id":"6","job_state":"Incomplete","job_state_description":"try again"}}`
	var got ReplayStatus
	var fail error
	w, p := newWebhook(func(o *Options) {
		o.Replayed = func(_ context.Context, s ReplayStatus) error { got = s; return fail }
	})
	if status, _ := record(w, signed(body)); status != 200 || len(p.all()) != 0 {
		t.Errorf("status %d, %d published", status, len(p.all()))
	}
	if want := (ReplayStatus{"5", "6", "Incomplete", "try again"}); got != want {
		t.Errorf("want %+v, got %+v", want, got)
	}
	fail = errors.New("disk full")
	if status, _ := record(w, signed(body)); status != 503 {
		t.Errorf("status %d where it could not be kept, want 503", status)
	}
	// What names no state is kept as it came.
	fail = nil
	if status, _ := record(w, signed(`{"replay_job_status":5}`)); status != 200 || len(p.all()) != 1 || p.all()[0].Dead != deadReplay {
		t.Errorf("status %d, %+v", status, p.all())
	}
}

// TestTake: another way in stores by the same code, and says when it did not.
func TestTake(t *testing.T) {
	t.Parallel()
	w, p := newWebhook(nil)
	if err := w.Take(t.Context(), "/x/stream", []byte(mention)); err != nil {
		t.Fatal(err)
	}
	want := []bus.Message{{ID: "-17", Type: "post.mention.create", Source: "/x/stream", Bot: "acme", User: userID, Time: noon, Data: []byte(mention)}}
	if diff := cmp.Diff(want, p.all()); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	p.err = errors.New("disk full")
	if err := w.Take(t.Context(), "/x/stream", []byte(mention)); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("not stored, and the error is %v", err)
	}
}
