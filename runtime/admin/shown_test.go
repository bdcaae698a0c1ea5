package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/display"
	"github.com/beckon-bot/beckon/runtime/event"
)

var deskKey = event.Key("0123456789abcdef0123456789abcdef")

// heard is a desk beside a bus that keeps what it is told.
func heard(t *testing.T) *desk {
	t.Helper()
	d := open(t)
	d.opt.Heard = func(_ context.Context, bot, user string, see func([]byte, bool) error) error {
		if bot != "" && bot != "acme" || user != "" && user != ann {
			return nil
		}
		for _, body := range d.bus {
			if err := see([]byte(body), !strings.Contains(body, "not yet")); err != nil {
				return err
			}
		}
		return nil
	}
	d.Handler = admin.New(d.opt)
	return d
}

// mention dispatches a post of ann's, and returns the id of the action that it
// led to. version is how often it was edited; its first id is 501.
func (d *desk) mention(version int, text string) string {
	d.t.Helper()
	chain, id := `"501"`, "501"
	if version > 0 {
		chain, id = `"501","502"`, "502"
	}
	return d.deliver("e-"+id, fmt.Sprintf(`{"data":{"event_uuid":"e-%[1]s","event_type":"post.mention.create","filter":{"user_id":%[2]q},"payload":{
		"id":%[1]q,"author_id":%[3]q,"created_at":"2026-03-02T09:10:00.000Z","text":%[4]q,"edit_history_tweet_ids":[%[5]s],
		"entities":{"mentions":[{"start":0,"end":9,"id":%[2]q}]}},
		"includes":{"users":[{"id":%[3]q,"name":"Ann Example","username":"ann_e"}]}}}`, id, botUser, ann, text, chain)).Action.ID
}

// gone opens a duty.
func (d *desk) gone(duty db.Duty) {
	d.t.Helper()
	err := d.store.Write(context.Background(), func(tx db.Tx) error {
		_, err := tx.OpenDuty(duty)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

const held = "@acmehelp a <refund>\u202e, please"

// Whoever decides on a draft sees the post that it answers, as it is on X.
func TestO3ThePostAnswered(t *testing.T) {
	t.Parallel()
	d := heard(t)
	vic := d.added("vic", db.RoleViewer, "")
	id := d.mention(0, held)
	if id == "" {
		t.Fatal("no draft is held")
	}
	answers := func(edit ...func(*http.Request)) display.Post {
		t.Helper()
		got := d.do("GET", "/v1/actions/"+id, "", edit...)
		if got.status != http.StatusOK || strings.Contains(d.log.String(), "refund") {
			t.Fatalf("%d %s\n%s", got.status, got.body, d.log.String())
		}
		a := get[admin.ActionDetail](d, "GET", "/v1/actions/"+id, "")
		if len(edit) > 0 && strings.Contains(got.body, "refund>") {
			t.Errorf("a viewer reads %s", got.body)
		}
		if a.Answers == nil {
			t.Fatalf("nothing is answered: %s", got.body)
		}
		return *a.Answers
	}
	p := answers()
	if p.Text != held || p.Author.Name != "Ann Example" || p.Author.Handle != "ann_e" || p.Link != "https://x.com/ann_e/status/501" ||
		p.Attribution != display.OnX || !p.At.Equal(start) {
		t.Errorf("got %+v by %+v", p, p.Author)
	}
	answers(as(vic))
	if got := d.do("GET", "/v1/actions/"+id, "", as(vic)); strings.Contains(got.body, "Ann") || strings.Contains(got.body, "refund\\u003e") || !strings.Contains(got.body, "reads no text") {
		t.Errorf("a viewer reads %s", got.body)
	}
	d.bus = append(d.bus, "no JSON")
	d.mention(1, "@acmehelp a refund, now")
	if p := answers(); p.Text != "@acmehelp a refund, now" || p.ID != "502" || p.Edits != 1 {
		t.Errorf("edited: got %+v", p)
	}
	d.bus = nil
	if p := answers(); p.Text != "" || p.NoText == "" || !strings.HasSuffix(p.Link, "/502") {
		t.Errorf("kept no more: got %+v", p)
	}
	d.mention(1, held)
	d.gone(compliance.Item(deskKey, start, db.DutyPost, "501", compliance.Told{By: "job"}))
	if p := answers(); p != display.Gone(true) {
		t.Errorf("gone: got %+v", p)
	}
}

// What a person has is shown, and nothing else can be looked up.
func TestO3Conversations(t *testing.T) {
	t.Parallel()
	d := heard(t)
	path := "/v1/conversations/acme/" + ann
	d.mention(0, held)
	d.receive("601", "a refund, please")
	if got := d.do("GET", path, ""); got.status != http.StatusConflict || strings.Contains(got.body, "refund") {
		t.Fatalf("that nobody has: got %d %s", got.status, got.body)
	}
	d.do("POST", path+"/handoff", `{"by":"bob"}`)
	texts := func() (all []string) {
		t.Helper()
		for _, p := range get[admin.Talk](d, "GET", path, "").Posts {
			all = append(all, p.Attribution+": "+p.Text)
		}
		return all
	}
	if got, want := fmt.Sprint(texts()), fmt.Sprint([]string{"on X: " + held, "Direct Message on X: a refund, please"}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	d.gone(compliance.User(deskKey, start.Add(time.Second), db.DutyPosts, ann, compliance.Told{By: "job", Reason: "protected"}))
	if got := fmt.Sprint(texts()); got != "[Direct Message on X: a refund, please]" {
		t.Errorf("protected: got %s", got)
	}
	d.gone(compliance.User(deskKey, start.Add(time.Second), db.DutyUser, ann, compliance.Told{By: "job", Reason: "deleted"}))
	if got := texts(); len(got) != 0 {
		t.Errorf("deleted: got %v", got)
	}
	for at, want := range map[string]int{"/v1/conversations/nobody/" + ann: 400, "/v1/conversations/acme/ann_e": 400, "/v1/conversations/acme/1": 409} {
		if got := d.do("GET", at, ""); got.status != want {
			t.Errorf("%s: got %d %s, want %d", at, got.status, got.body, want)
		}
	}
	if all := strings.Join(d.acts(t), "\n"); !strings.Contains(all, "read a conversation") || strings.Contains(all, ann) {
		t.Errorf("O5: got\n%s", all)
	}
}

// A dead letter shows what can be read in it, and not what is gone.
func TestO3DeadLetters(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := `{"data":{"event_uuid":"e-1","event_type":"post.mention.create","filter":{"user_id":"` + botUser + `"},"payload":{
		"id":"501","author_id":"` + ann + `","created_at":"2026-03-02T09:10:00.000Z","text":"@acmehelp hello"}}}`
	err := d.store.Write(context.Background(), func(tx db.Tx) error {
		return tx.AppendDeadLetter(db.DeadLetter{ID: "l-1", At: start, Bot: "acme", Stage: "handle", Raw: event.Seal([]byte(body))})
	})
	if err != nil {
		t.Fatal(err)
	}
	l := get[admin.Letter](d, "GET", "/v1/dead/l-1", "")
	if len(l.Posts) != 1 || l.Posts[0].Text != "@acmehelp hello" || l.Posts[0].Link == "" || l.Body != body {
		t.Errorf("got %+v", l)
	}
	d.gone(compliance.Item(deskKey, start, db.DutyPost, "501", compliance.Told{By: "job"}))
	if l := get[admin.Letter](d, "GET", "/v1/dead/l-1", ""); l.Body != "" || len(l.Posts) != 1 || l.Posts[0] != display.Gone(true) {
		t.Errorf("gone: got %+v", l)
	}
}

// The link to a post of our own goes with it.
func TestO3OwnPosts(t *testing.T) {
	t.Parallel()
	d := heard(t)
	id := d.mention(0, "@acmehelp hello, no refund")
	err := d.store.Write(context.Background(), func(tx db.Tx) error {
		a, err := tx.Action(id)
		if err != nil {
			return err
		}
		for _, next := range []event.State{event.Pending, event.Attempting, event.Sent} {
			was := a.State
			if a.State = next; next == event.Sent {
				a.RemoteID = "901"
			}
			if err := tx.UpdateAction(a, was); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := get[admin.ActionDetail](d, "GET", "/v1/actions/"+id, "").Link; got != "https://x.com/i/web/status/901" {
		t.Errorf("got %q", got)
	}
	d.gone(compliance.Item(deskKey, start, db.DutyPost, "901", compliance.Told{By: "post.delete"}))
	if got := get[admin.ActionDetail](d, "GET", "/v1/actions/"+id, "").Link; got != "" {
		t.Errorf("deleted: got %q", got)
	}
}
