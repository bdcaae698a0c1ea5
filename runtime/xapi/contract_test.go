package xapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xapi"
	"github.com/beckon-bot/beckon/runtime/xsim/xsimtest"
)

// TestEndpointsAreX holds the table of endpoints to X's contract: each is there.
func TestEndpointsAreX(t *testing.T) {
	t.Parallel()
	c := xsimtest.Load(t)
	names := map[string]bool{}
	for _, e := range xapi.Endpoints() {
		if names[e.Name] || e.Name == "" {
			t.Errorf("%s is there twice", e.Name)
		}
		names[e.Name] = true
		err := c.Answer(e.Method, e.Path, 499, "application/json", nil)
		if err != nil && strings.Contains(err.Error(), "X has no") {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

// TestEveryCallHoldsToTheContract makes each call of the package: path, body and
// the endpoint's name are what X documents.
func TestEveryCallHoldsToTheContract(t *testing.T) {
	t.Parallel()
	contract := xsimtest.Load(t)
	var mu sync.Mutex
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.Path)
		if err := contract.Request(r); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		_, _ = io.WriteString(w, `{"data":[]}`)
	}))
	t.Cleanup(srv.Close)
	const id = "5000000000000000001"
	var told []xapi.Window
	c, err := xapi.New(xapi.Options{
		BaseURL: srv.URL,
		Auth:    func(context.Context, xapi.As) (xapi.Authorizer, error) { return xapi.Bearer("t"), nil },
		UserID:  func(string) string { return id },
		Learnt:  func(w xapi.Window) { told = append(told, w) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, app, text := t.Context(), xapi.As{}, "Hello \u2028 <b> & 語 🙂"
	for i, call := range []func(){
		func() { c.Send(ctx, event.Outgoing{Kind: event.Post, Text: text}) },
		func() { c.Send(ctx, event.Outgoing{Kind: event.Post, Media: []string{id, id, id, id}}) },
		func() {
			c.Send(ctx, event.Outgoing{Kind: event.Reply, ReplyTo: id, Text: text, ExcludeReply: []string{id}, Media: []string{id}})
		},
		func() {
			c.Send(ctx, event.Outgoing{Kind: event.Reply, ReplyTo: id, Text: text, ExcludeReply: []string{id}, Media: []string{id}, MadeWithAI: true})
		},
		func() { c.Send(ctx, event.Outgoing{Kind: event.Quote, Target: id, Text: text, PaidPartnership: true}) },
		func() { c.Send(ctx, event.Outgoing{Kind: event.Quote, Target: id, Text: text}) },
		func() { c.Send(ctx, event.Outgoing{Kind: event.DM, User: id, Text: text}) },
		func() { c.Send(ctx, event.Outgoing{Kind: event.DM, User: id, Media: []string{id}}) },
		func() { c.Send(ctx, event.Outgoing{Kind: event.DM, User: id, Text: text, Media: []string{id}}) },
		func() { c.Send(ctx, event.Outgoing{Kind: event.Repost, Target: id}) },
		func() { c.Send(ctx, event.Outgoing{Kind: event.Like, Target: id}) },
		func() { c.Send(ctx, event.Outgoing{Kind: event.Bookmark, Target: id}) },
		func() { c.Send(ctx, event.Outgoing{Kind: event.FollowU, User: id}) },
		func() { c.Send(ctx, event.Outgoing{Kind: event.ListAdd, User: id, List: id}) },
		func() {
			_, _, _ = c.UploadMedia(ctx, "desk", xapi.Media{Category: "dm_image", Data: []byte("\x89PNG")})
		},
		func() { _ = c.DeletePost(ctx, "desk", id) },
		func() { _ = c.DeleteDM(ctx, "desk", id) },
		func() { _ = c.UndoRepost(ctx, "desk", id) },
		func() { _ = c.UndoLike(ctx, "desk", id) },
		func() { _ = c.UndoBookmark(ctx, "desk", id) },
		func() { _ = c.Unfollow(ctx, "desk", id) },
		func() { _ = c.RemoveFromList(ctx, "desk", id, id) },
		func() { _, _ = c.Me(ctx, "desk") },
		func() { _, _ = c.User(ctx, app, id) },
		func() { _, _, _ = c.Users(ctx, app, id, id) },
		func() { _, _ = c.UserByName(ctx, app, "ann") },
		func() { _, _ = c.Post(ctx, app, id) },
		func() { _, _, _ = c.Posts(ctx, app, id, id) },
		func() { _, _, _ = c.OwnPosts(ctx, "desk", xapi.Since{ID: id, At: time.Now(), Page: "p"}) },
		func() { _, _, _ = c.Conversation(ctx, "desk", id, "0123456789abcdef") },
		func() { _, _ = c.CreateJob(ctx, event.JobUsers, "night") },
		func() { _, _ = c.Job(ctx, id) },
		func() { _, _ = c.Jobs(ctx, event.JobPosts, "") },
	} {
		before := len(asked)
		if call(); len(asked) != before+1 {
			t.Errorf("call %d made %d requests", i, len(asked)-before)
		}
	}
	// Every endpoint of ours was called by its path; those for what comes in have
	// their own tests.
	for _, e := range xapi.Endpoints() {
		if inbound(e.Name) {
			continue
		}
		found := false
		for _, a := range asked {
			found = found || fits(e.Method+" "+e.Path, a)
		}
		if !found {
			t.Errorf("%s: %s %s was not called", e.Name, e.Method, e.Path)
		}
	}
	if fmt.Sprint(told) != "[]" {
		t.Errorf("windows out of nothing: %v", told)
	}
}

func inbound(name string) bool {
	switch name {
	case xapi.ReadMentions, xapi.ReadDMs, xapi.ActivityStream, xapi.ListConnections, xapi.CloseAllConnections:
		return true
	}
	return strings.Contains(name, "webhook") || strings.Contains(name, "subscription")
}

// fits reports whether a path is one of a template's.
func fits(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	for i := range want {
		if len(want) != len(got) || want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}
