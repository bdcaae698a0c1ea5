package xsim

import (
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEngage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	w.do(Act{Kind: ActPost, From: "cat", Text: "mine"})
	w.do(Act{Kind: ActBlock, From: "cat", To: "HelpTwin"})
	cats := w.do(Act{Kind: ActPost, From: "cat", Text: "mine too"}).ID
	me, twin := "/2/users/"+deskID, "/2/users/"+twinID
	on := func(id string) string { return fmt.Sprintf(`{"tweet_id":%q}`, id) }
	for _, tc := range []struct {
		method, path, token, body string
		want                      int
		says                      string
	}{
		{"POST", me + "/likes", "t-desk", on(post), 403, "client-forbidden"},
		{"POST", twin + "/likes", "t-twin", on(post), 200, `{"data":{"liked":true}}`},
		{"POST", twin + "/likes", "t-twin", on(cats), 403, "blocked"},
		{"DELETE", twin + "/likes/" + cats, "t-twin", "", 200, `{"data":{"liked":false}}`},
		{"POST", me + "/retweets", "t-desk", on(post), 200, `"retweeted":true`},
		{"POST", me + "/retweets", "t-desk", on(post), 403, "already"},
		{"DELETE", me + "/retweets/" + post, "t-desk", "", 200, `{"data":{"retweeted":false}}`},
		{"POST", me + "/retweets", "t-desk", on(post), 200, `"rest_id"`},
		{"POST", me + "/bookmarks", "t-desk", on(post), 200, `{"data":{"bookmarked":true}}`},
		{"POST", me + "/bookmarks", "t-desk", on("1"), 404, "resource-not-found"},
		{"POST", twin + "/bookmarks", "t-desk", on(post), 403, "authenticated user"},
		{"POST", me + "/following", "t-desk", `{"target_user_id":"` + annID + `"}`, 403, "client-forbidden"},
		{"POST", twin + "/following", "t-twin", `{"target_user_id":"` + annID + `"}`, 200, `"following":true,"pending_follow":false`},
		{"POST", twin + "/following", "t-twin", `{"target_user_id":"1"}`, 404, "resource-not-found"},
		{"DELETE", twin + "/following/" + annID, "t-twin", "", 200, `{"data":{"following":false}}`},
		{"POST", "/2/lists/77/members", "t-desk", `{"user_id":"` + annID + `"}`, 200, `{"data":{"is_member":true}}`},
		{"POST", "/2/lists/77/members", "t-desk", `{"user":"` + annID + `"}`, 400, "unknown field"},
		{"DELETE", "/2/tweets/" + post, "t-desk", "", 403, "not permitted"},
		{"DELETE", "/2/tweets/1", "t-desk", "", 404, "resource-not-found"},
	} {
		if status, _, body := w.call(tc.method, tc.path, tc.token, tc.body); status != tc.want || !strings.Contains(body, tc.says) {
			t.Errorf("%s %s %s: want %d %s, got %d %s", tc.method, tc.path, tc.token, tc.want, tc.says, status, body)
		}
	}
	for verb, want := range map[string][]string{"repost": {post}, "bookmark": {post}, "list:77": {annID}, "like": nil} {
		if diff := cmp.Diff(want, w.Marks("HelpDesk", verb)); diff != "" {
			t.Errorf("%s: %s", verb, diff)
		}
	}
	if got := w.Marks("HelpTwin", "like"); len(got) != 1 {
		t.Errorf("likes: %v", got)
	}
}

// TestDeletes: our own posts go for everybody, our own DMs for us alone.
func TestDeletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	theirs := w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	w.reply(post, "Hello.")
	w.dm(annID, "Hello.")
	w.Take()
	mine, dm := w.Posts()[0].ID, w.DMs()[0].ID
	for range 2 {
		if status, _, body := w.call("DELETE", "/2/tweets/"+mine, "t-desk", ""); status != 200 || body != `{"data":{"deleted":true}}` {
			t.Errorf("post: %d %s", status, body)
		}
		if status, _, body := w.call("DELETE", "/2/dm_events/"+dm, "t-desk", ""); status != 200 || body != `{"data":{"deleted":true}}` {
			t.Errorf("DM: %d %s", status, body)
		}
	}
	if bodies := w.Take(); len(bodies) != 1 || !strings.Contains(string(bodies[0]), "post.delete") {
		t.Errorf("told: %s", bodies)
	}
	if _, _, body := w.call("GET", "/2/dm_events", "t-desk", ""); strings.Contains(body, dm) || !strings.Contains(body, theirs) {
		t.Errorf("DMs: %s", body)
	}
	if status, _, _ := w.call("DELETE", "/2/dm_events/"+theirs, "t-desk", ""); status != 403 {
		t.Errorf("theirs: %d", status)
	}
	if status, _, body := w.call("GET", "/2/tweets/"+mine, "t-desk", ""); status != 200 || !strings.HasPrefix(body, `{"errors":[`) {
		t.Errorf("a post that is gone: %d %s", status, body)
	}
}

func TestMedia(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	data := base64.StdEncoding.EncodeToString([]byte("picture"))
	status, _, body := w.call("POST", "/2/media/upload", "t-desk", `{"media":"`+data+`","media_category":"tweet_image"}`)
	_, rest, _ := strings.Cut(body, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	if status != 200 || id == "" {
		t.Fatalf("%d %s", status, body)
	}
	for _, bad := range []string{`{}`, `{"media":"*","media_category":"tweet_image"}`, `{"media":"` + data + `","media_category":"song"}`} {
		if status, _, _ := w.call("POST", "/2/media/upload", "t-desk", bad); status != 400 {
			t.Errorf("%s: %d", bad, status)
		}
	}
	var form strings.Builder
	m := multipart.NewWriter(&form)
	_ = m.WriteField("media_category", "dm_image")
	f, err := m.CreateFormFile("media", "a.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write([]byte("picture"))
	_ = m.Close()
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://x.test/2/media/upload", strings.NewReader(form.String()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	req.Header.Set("Authorization", "Bearer t-desk")
	if resp, err := w.api.RoundTrip(req); err != nil || resp.StatusCode != 200 {
		t.Errorf("as a form: %v, %v", resp, err)
	}
	w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
	post := func(id, token string) int {
		status, _, _ := w.call("POST", "/2/tweets", token, `{"text":"see `+id+token+w.now.String()+`","media":{"media_ids":["`+id+`"]}}`)
		return status
	}
	if got := post(id, "t-desk"); got != 201 {
		t.Errorf("attached: %d", got)
	}
	if got := post(id, "t-twin"); got != 400 {
		t.Errorf("attached by another: %d", got)
	}
	if got := post("1", "t-desk"); got != 400 {
		t.Errorf("attached out of nothing: %d", got)
	}
	if status, _, body := w.call("POST", "/2/dm_conversations/with/"+annID+"/messages", "t-desk", `{"attachments":[{"media_id":"`+id+`"}]}`); status != 201 || w.DMs()[0].Media[0] != id {
		t.Errorf("in a DM: %d %s", status, body)
	}
	w.wait(24 * time.Hour)
	if got := post(id, "t-desk"); got != 400 {
		t.Errorf("after a day: %d", got)
	}
}

// TestEditByAPI: a post of our own gets another version, a reply does not.
func TestEditByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	mention := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	w.reply(mention, "Hello.")
	w.call("POST", "/2/tweets", "t-desk", `{"text":"We are open."}`)
	reply, own := w.Posts()[0].ID, w.Posts()[1].ID
	edit := func(id string) (int, string) {
		status, _, body := w.call("POST", "/2/tweets", "t-desk", `{"text":"We are closed.","edit_options":{"previous_post_id":"`+id+`"}}`)
		return status, body
	}
	for id, want := range map[string]int{reply: 403, mention: 403, "1": 404} {
		if status, body := edit(id); status != want {
			t.Errorf("%s: want %d, got %d %s", id, want, status, body)
		}
	}
	if status, body := edit(own); status != 201 || !strings.Contains(body, `"edit_history_tweet_ids":["`+own+`","`) {
		t.Errorf("own: %d %s", status, body)
	}
	for text, want := range map[string]int{"$AAA and $BBB": 403, "$AAA rises": 201, "see @ann": 403} {
		if status, _, body := w.call("POST", "/2/tweets", "t-desk", fmt.Sprintf(`{"text":%q}`, text)); status != want {
			t.Errorf("%s: want %d, got %d %s", text, want, status, body)
		}
	}
}
