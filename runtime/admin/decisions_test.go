package admin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/event"
)

// listed is what a list shows, a line a decision.
func (d *desk) listed(query string) (lines []string, fate admin.Fate) {
	d.t.Helper()
	list := get[admin.Decisions](d, "GET", "/v1/decisions?"+query, "")
	for _, x := range list.Decisions {
		lines = append(lines, fmt.Sprintf("%s %s %s %s %v", x.Interaction, x.Kind, x.Stage, x.Decision, x.Rules))
	}
	if list.Post != nil {
		fate = *list.Post
	}
	return lines, fate
}

func TestDecisionsListed(t *testing.T) {
	t.Parallel()
	d := heard(t)
	d.receive("601", "a refund, please")
	d.mention(0, held)
	d.do("POST", "/v1/optouts", `{"by":"bob","user":"`+ann+`"}`)
	d.deliver("e-3", strings.ReplaceAll(d.bus[0], "601", "603"))
	all, _ := d.listed("")
	if len(all) != 3 || !strings.HasPrefix(all[2], "601 dm draft hold [acme.refund") || !strings.HasPrefix(all[1], "501 reply draft hold [acme.refund") {
		t.Fatalf("got %q", all)
	}
	for query, want := range map[string][]string{
		"max=1":                            all[:1],
		"bot=other":                        nil,
		"bot=acme&denied=false":            all,
		"denied=true":                      denials(all),
		"post=501":                         all[1:2],
		"post=501&denied=true":             denials(all[1:2]),
		"since=" + later(0):                all,
		"since=" + later(-time.Hour):       all,
		"since=" + later(24*time.Hour):     nil,
		"post=501&since=" + later(2e9):     nil,
		"post=601&bot=acme&max=5":          all[2:],
		"post=601&bot=other":               nil,
		"post=60":                          nil, // no part of an id is one
		"denied=true&since=" + later(1e12): nil,
	} {
		if got, _ := d.listed(query); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]int{"bot=nobody": 400, "max=0": 400, "since=yesterday": 400, "post=abc": 400, "post=123456789012345678901": 400} {
		if got := d.do("GET", "/v1/decisions?"+query, ""); got.status != want {
			t.Errorf("%s: got %d %s", query, got.status, got.body)
		}
	}
	id := get[admin.Decisions](d, "GET", "/v1/decisions?post=501", "").Decisions[0].ID
	one := get[admin.Decided](d, "GET", "/v1/decisions/"+id, "")
	if one.ID != id || !strings.Contains(string(one.Record), `"id":"`+id+`"`) {
		t.Errorf("got %+v", one)
	}
	if got := d.do("GET", "/v1/decisions/d-none", ""); got.status != http.StatusNotFound {
		t.Errorf("got %d %s", got.status, got.body)
	}
	vic := d.added("vic", db.RoleViewer, "")
	if got := d.do("GET", "/v1/decisions?post=501", "", as(vic)); got.status != http.StatusOK || strings.Contains(got.body, "refund>") || strings.Contains(got.body, "Ann") {
		t.Errorf("a viewer gets %d %s", got.status, got.body)
	}
}

func later(d time.Duration) string { return url.QueryEscape(start.Add(d).Format(time.RFC3339)) }

func denials(all []string) (out []string) {
	for _, l := range all {
		if strings.Contains(l, " deny ") {
			out = append(out, l)
		}
	}
	return out
}

// Whoever asks why a post was not answered is told where it stands.
func TestFate(t *testing.T) {
	t.Parallel()
	d := heard(t)
	d.mention(0, held)
	d.mention(1, "@acmehelp a refund, now")
	body := func(id string) string { return strings.ReplaceAll(d.bus[0], "501", id) }
	d.bus = append(d.bus, body("701")+" "+"\n", strings.Replace(body("702"), "Ann Example", "not yet", 1))
	err := d.store.Write(context.Background(), func(tx db.Tx) error {
		asked, err := event.Asked{Handler: "orders", Event: event.Event{ID: "e", Bot: "acme", User: ann, Interaction: "703", Message: "703", Kind: event.KindPost}}.Body()
		for _, key := range []string{"703", "704"} {
			i, e := tx.Interaction("acme", key)
			i.User, i.Kind, i.Message, i.FirstAt, i.LastAt = ann, event.KindPost, key, start, start
			err = errors.Join(err, e, tx.PutInteraction(i))
		}
		return errors.Join(err,
			tx.PutQuestion(db.Question{ID: "q", Bot: "acme", User: ann, Interaction: "703", Handler: "orders", State: db.QuestionOpen, Deadline: start}),
			tx.PutQuestionText("q", asked),
			tx.AppendDeadLetter(db.DeadLetter{ID: "l-1", At: start, Bot: "acme", Stage: "handle", Raw: []byte(body("705"))}),
			tx.AppendDeadLetter(db.DeadLetter{ID: "l-2", At: start, Bot: "acme", Stage: "decode", Raw: []byte(`{"data":{"id":"1994000000000000706"`)}))
	})
	if err != nil {
		t.Fatal(err)
	}
	d.gone(compliance.Item(deskKey, start, db.DutyPost, "707", compliance.Told{By: "job"}))
	for post, want := range map[string]admin.FateState{
		"501": admin.FateDecided, "502": admin.FateDecided, "701": admin.FateTaken, "702": admin.FateWaiting, "703": admin.FateAsked,
		"704": admin.FateTaken, "705": admin.FateDead, "1994000000000000706": admin.FateDead, "706": admin.FateNever, "707": admin.FateGone, "708": admin.FateNever, "70": admin.FateNever,
	} {
		lines, f := d.listed("post=" + post)
		if f.State != want || f.Say == "" {
			t.Errorf("%s: got %+v, want %s", post, f, want)
		}
		if (want == admin.FateDecided) != (len(lines) > 0) {
			t.Errorf("%s is %s, with %q", post, f.State, lines)
		}
	}
	if _, f := d.listed("post=502"); len(f.Actions) == 0 {
		t.Error("what came of an edited post is not found by its newest id")
	}
	if _, f := d.listed("post=705"); !strings.Contains(f.Say, "l-1") {
		t.Errorf("got %q", f.Say)
	}
	d.opt.Heard = nil
	d.Handler = admin.New(d.opt)
	if _, f := d.listed("post=702"); f.State != admin.FateNever {
		t.Errorf("without a bus: got %+v", f)
	}
}
