package xapi_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xapi"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// TestWalk makes every call against the simulated X, by OAuth 2.0 for the bot
// and the app's own token, and looks at what came of each.
func TestWalk(t *testing.T) {
	t.Parallel()
	const deskID = "7000000000000000001"
	s, err := xsim.New(xsim.Options{
		Accounts: []xsim.Account{{User: xsim.User{ID: deskID, Username: "HelpDesk", Automated: true, Bio: "Bot by @acme"}, Token: "t-desk"}},
		Users:    []xsim.User{{ID: annID, Username: "ann"}}, AppToken: "t-app", DuplicateWindow: time.Nanosecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(srv.Close)
	windows := map[string]xapi.Window{}
	c, err := xapi.New(xapi.Options{
		BaseURL: srv.URL, HTTP: srv.Client(),
		Auth: func(_ context.Context, as xapi.As) (xapi.Authorizer, error) {
			if as.Bot == "" {
				return xapi.Bearer("t-app"), nil
			}
			return xapi.Bearer("t-desk"), nil
		},
		UserID: func(string) string { return deskID },
		Learnt: func(w xapi.Window) { windows[w.Bot+"/"+w.Endpoint] = w },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, as := t.Context(), xapi.As{Bot: "desk"}
	post := act(t, s, xsim.Act{Kind: xsim.ActMention, From: "ann", To: "HelpDesk", Text: "hi & <hello>"})
	act(t, s, xsim.Act{Kind: xsim.ActDM, From: "ann", To: "HelpDesk", Text: "R&D"})
	send := func(o event.Outgoing) string {
		t.Helper()
		o.Bot = "desk"
		out := c.Send(ctx, o)
		if out.Class != event.OK || (out.RemoteID == "") != o.Kind.Repeatable() {
			t.Errorf("%s: %+v", o.Kind, out)
		}
		return out.RemoteID
	}
	is := func(what string, ok bool, err error) {
		t.Helper()
		if err != nil || !ok {
			t.Errorf("%s: %v, %v", what, ok, err)
		}
	}

	u, err := c.Me(ctx, "desk")
	is("me", u.ID == deskID && u.Automated == event.Yes && u.Bio == "Bot by @acme", err)
	u, err = c.User(ctx, as, annID)
	is("user", u.Username == "ann" && u.Automated == event.No && u.ReceivesDM != event.Unknown, err)
	u, err = c.UserByName(ctx, as, "ann")
	is("user by name", u.ID == annID, err)
	users, none, err := c.Users(ctx, as, annID, "1")
	is("users", len(users) == 1 && len(none) == 1 && none[0].ID == "1" && none[0].Gone(), err)
	_, err = c.User(ctx, as, "1")
	var e *xapi.Error
	is("a user that is none", errors.As(err, &e) && e.Class == event.Gone, nil)
	p, err := c.Post(ctx, as, post)
	is("post", p.Author == annID && p.Text == "@HelpDesk hi & <hello>", err)
	_, none, err = c.Posts(ctx, as, post, "1")
	is("posts", len(none) == 1 && none[0].Gone(), err)

	image, until, err := c.UploadMedia(ctx, "desk", xapi.Media{Category: "tweet_image", Data: []byte("\x89PNG")})
	is("upload", xapi.IsID(image) && until.After(time.Now()), err)
	_, _, err = c.UploadMedia(ctx, "desk", xapi.Media{Category: "tweet_video", Data: []byte("x")})
	is("a video", errors.As(err, &e) && e.Class == event.Bug, nil)
	reply := send(event.Outgoing{Kind: event.Reply, ReplyTo: post, Text: "Hello, ann", Media: []string{image}})
	own := send(event.Outgoing{Kind: event.Post, Text: "Good morning"})
	dm := send(event.Outgoing{Kind: event.DM, User: annID, Text: "We look into it & more"})
	send(event.Outgoing{Kind: event.Bookmark, Target: post})
	send(event.Outgoing{Kind: event.Repost, Target: post})
	again := c.Send(ctx, event.Outgoing{Bot: "desk", Kind: event.Repost, Target: post})
	is("once more", again.Class == event.OK || again.Class == event.Refused, nil) // it leaves X the same
	out := c.Send(ctx, event.Outgoing{Bot: "desk", Kind: event.Like, Target: post})
	is("a like outside Enterprise", out.Class == event.Refused && out.Detail != "", nil)

	posts, next, err := c.OwnPosts(ctx, "desk", xapi.Since{ID: post})
	is("own posts", next == "", err)
	found := false
	for _, p := range posts {
		found = found || p.ID == reply && p.ReplyTo == post && p.ReplyToUser == annID
	}
	is("own reply", found, nil)
	talk, _, err := c.Conversation(ctx, "desk", annID, "")
	is("conversation", len(talk) == 2 && talk[0].ID == dm && talk[0].Sender == deskID && talk[0].Text == "We look into it & more" && talk[1].Text == "R&D", err)

	is("undo bookmark", true, c.UndoBookmark(ctx, "desk", post))
	is("undo repost", true, c.UndoRepost(ctx, "desk", post))
	is("delete DM", true, c.DeleteDM(ctx, "desk", dm))
	is("delete post", true, c.DeletePost(ctx, "desk", own))
	_, err = c.Post(ctx, as, own)
	is("a deleted post", errors.As(err, &e) && e.Class == event.Gone, nil)

	job, err := c.CreateJob(ctx, event.JobPosts, "night")
	is("job", job.Status == event.JobCreated && job.UploadURL != "", err)
	is("upload ids", true, c.Upload(ctx, job, []string{post, own}))
	for range 3 {
		if job, err = c.Job(ctx, job.ID); err != nil || job.Status == event.JobComplete {
			break
		}
	}
	is("complete", job.Status == event.JobComplete, err)
	var lines []event.Redaction
	is("download", true, c.Download(ctx, job, func(r event.Redaction) error { lines = append(lines, r); return nil }))
	is("result", len(lines) == 1 && lines[0].ID == own && lines[0].Reason == "deleted", nil)
	jobs, err := c.Jobs(ctx, event.JobPosts, "")
	is("jobs", len(jobs) == 1 && jobs[0].ID == job.ID, err)

	for _, endpoint := range []string{"desk/create_post", "desk/send_dm", "desk/users_me", "/create_compliance_job"} {
		if w := windows[endpoint]; w.Limit == 0 || !w.Reset.After(time.Now()) {
			t.Errorf("nothing was learnt about %s: %+v", endpoint, w)
		}
	}
}
