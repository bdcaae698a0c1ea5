package xapi

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

// says is an X that gives one answer and keeps what it was asked.
func says(t *testing.T, status int, body string) (*Client, func() *http.Request) {
	t.Helper()
	var asked *http.Request
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		if r.Header.Get("Authorization") != "Bearer "+testToken {
			t.Errorf("%s %s bears %q", r.Method, r.URL, r.Header.Get("Authorization"))
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	return newClient(t, srv.URL, nil), func() *http.Request { return asked }
}

func classIn(err error) event.Class {
	var e *Error
	if !errors.As(err, &e) {
		return event.OK
	}
	return e.Class
}

func TestUsers(t *testing.T) {
	t.Parallel()
	ann := User{
		ID: "5", Username: "ann", Name: "Ann & Co", Bio: "a <b>", At: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
		Automated: event.Yes, ReceivesDM: event.No, Protected: event.Yes, Verified: event.No,
	}
	const body = `{"id":"5","username":"ann","name":"Ann & Co","description":"a &lt;b&gt;","created_at":"2020-01-02T03:04:05.000Z",` +
		`"affiliation":{"description":"Automated","user_id":["9"]},"receives_your_dm":false,"protected":true,"verified":false,"new_field":{"a":[1]}}`
	bare := User{ID: "5", Automated: event.Unknown, ReceivesDM: event.Unknown, Protected: event.Unknown, Verified: event.Unknown}
	other := bare
	other.Automated = event.No
	for _, tc := range []struct {
		name, body string
		want       User
		class      event.Class
	}{
		{"whole", `{"data":` + body + `}`, ann, event.OK},
		{"wrapped twice", `{"data":{"data":` + body + `}}`, ann, event.OK},
		{"nothing said", `{"data":{"id":"5"}}`, bare, event.OK},
		{"another affiliation", `{"data":{"id":"5","affiliation":{"description":"Acme"}}}`, other, event.OK},
		{"no affiliation", `{"data":{"id":"5","affiliation":null}}`, other, event.OK},
		{"an empty one", `{"data":{"id":"5","affiliation":{}}}`, other, event.OK},
		{"of another shape", `{"data":{"id":"5","affiliation":"Automated"}}`, bare, event.OK},
		{"an id that is a number", `{"data":{"id":5}}`, User{}, event.UnknownOutcome},
		{"no id", `{"data":{"username":"ann"}}`, User{}, event.UnknownOutcome},
		{"empty", `{}`, User{}, event.UnknownOutcome},
		{"HTML", `<html>`, User{}, event.UnknownOutcome},
		{"suspended", `{"errors":[{"value":"5","detail":"User has been suspended: [5].","type":"https://api.x.com/2/problems/resource-not-found"}]}`, User{}, event.Gone},
	} {
		c, asked := says(t, 200, tc.body)
		for path, get := range map[string]func() (User, error){
			"/2/users/me":              func() (User, error) { return c.Me(t.Context(), "desk") },
			"/2/users/5":               func() (User, error) { return c.User(t.Context(), As{Bot: "desk"}, "5") },
			"/2/users/by/username/ann": func() (User, error) { return c.UserByName(t.Context(), As{}, "ann") },
		} {
			got, err := get()
			if diff := cmp.Diff(tc.want, got); diff != "" || classIn(err) != tc.class {
				t.Errorf("%s %s: %v (-want +got):\n%s", tc.name, path, err, diff)
			}
			if r := asked(); r.URL.Path != path || r.Method != http.MethodGet ||
				r.URL.Query().Get("user.fields") != "affiliation,created_at,description,name,protected,receives_your_dm,username,verified" {
				t.Errorf("asked %s %s", r.Method, r.URL)
			}
		}
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	const gone = `{"value":"7","resource_id":"7","parameter":"ids","title":"Not Found Error","type":"https://api.x.com/2/problems/resource-not-found","detail":"no 7"}`
	const hidden = `{"value":8,"resource_id":"8","title":"Authorization Error","type":"https://api.x.com/2/problems/not-authorized-for-resource"}`
	missing := []Missing{{"7", "resource-not-found", "no 7"}, {"8", "not-authorized-for-resource", "Authorization Error"}}
	for _, tc := range []struct {
		body  string
		found int
		want  []Missing
		class event.Class
	}{
		{`{"data":[{"id":"5"},{"id":"7"},{"id":"8"}]}`, 3, nil, event.OK},
		{`{"data":[{"id":"5"}],"errors":[` + gone + `,` + hidden + `]}`, 1, missing, event.OK},
		{`{"errors":[{"value":"5","type":"resource-not-found"},` + gone + `,` + hidden + `]}`, 0, append([]Missing{{"5", "resource-not-found", ""}}, missing...), event.OK},
		{`{"errors":[` + gone + `]}`, 0, nil, event.Gone}, // nothing about the others: no answer
		{`{"errors":[{"title":"Oops","status":503}]}`, 0, nil, event.UnknownOutcome},
	} {
		c, asked := says(t, 200, tc.body)
		users, none, err := c.Users(t.Context(), As{Bot: "desk"}, "5", "7", "8")
		if diff := cmp.Diff(tc.want, none); diff != "" || len(users) != tc.found || classIn(err) != tc.class {
			t.Errorf("users of %s: %d, %v %s", tc.body, len(users), err, diff)
		}
		posts, none, err := c.Posts(t.Context(), As{}, "5", "7", "8")
		if diff := cmp.Diff(tc.want, none); diff != "" || len(posts) != tc.found || classIn(err) != tc.class {
			t.Errorf("posts of %s: %d, %v %s", tc.body, len(posts), err, diff)
		}
		if r := asked(); r.URL.Path != "/2/tweets" || r.URL.Query().Get("ids") != "5,7,8" {
			t.Errorf("asked %s", r.URL)
		}
	}
	if !missing[0].Gone() || missing[1].Gone() {
		t.Error("what is hidden is not gone")
	}
	c := newClient(t, "http://127.0.0.1:1", nil)
	for _, ids := range [][]string{nil, {"x"}, {"1", ""}, make([]string, 101)} {
		if _, _, err := c.Users(t.Context(), As{}, ids...); classIn(err) != event.Bug {
			t.Errorf("%q: want bug, got %v", ids, err)
		}
	}
}

func TestPosts(t *testing.T) {
	t.Parallel()
	want := Post{
		ID: "31", Author: "7", Text: "the whole & long text", At: time.Date(2026, 8, 20, 11, 0, 0, 0, time.UTC),
		ReplyTo: "21", ReplyToUser: "5", Quoted: "22", Edits: []string{"30", "31"},
	}
	const common = `{"id":"31","author_id":"7","text":"the whole…","created_at":"2026-08-20T11:00:00.000Z","in_reply_to_user_id":"5",`
	const refs = `:[{"type":"replied_to","id":"21"},{"type":"quoted","id":"22"}],`
	for name, body := range map[string]string{
		"tweet spelling": common + `"referenced_tweets"` + refs + `"edit_history_tweet_ids":["30","31"],"note_tweet":{"text":"the whole &amp; long text"}}`,
		"post spelling":  common + `"referenced_posts"` + refs + `"edit_history_post_ids":["30","31"],"note_post":{"text":"the whole &amp; long text"}}`,
		"both": common + `"referenced_tweets"` + refs + `"edit_history_tweet_ids":["30","31"],"note_tweet":{"text":"the whole &amp; long text"},` +
			`"note_post":{"text":"other"},"referenced_posts":[],"edit_history_post_ids":["1"]}`,
	} {
		c, asked := says(t, 200, `{"data":`+body+`,"includes":{"tweets":[],"posts":[]}}`)
		if got, err := c.Post(t.Context(), As{Bot: "desk"}, "31"); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%s: %v %s", name, err, cmp.Diff(want, got))
		}
		if r := asked(); r.URL.Path != "/2/tweets/31" || !strings.Contains(r.URL.Query().Get("tweet.fields"), "note_tweet") {
			t.Errorf("asked %s", r.URL)
		}
		c, asked = says(t, 200, `{"data":[`+body+`],"meta":{"next_token":"more"}}`)
		posts, next, err := c.OwnPosts(t.Context(), "desk", Since{ID: "20", At: time.Date(2026, 8, 20, 10, 0, 0, 0, time.FixedZone("", 7200)), Page: "p"})
		if err != nil || next != "more" || cmp.Diff([]Post{want}, posts) != "" {
			t.Errorf("%s: %q, %v %s", name, next, err, cmp.Diff([]Post{want}, posts))
		}
		wantQuery := url.Values{"since_id": {"20"}, "start_time": {"2026-08-20T08:00:00Z"}, "pagination_token": {"p"}, "max_results": {"100"}}
		for key := range wantQuery {
			if got := asked().URL.Query().Get(key); got != wantQuery.Get(key) {
				t.Errorf("%s: want %s, got %s", key, wantQuery.Get(key), got)
			}
		}
	}
	for body, class := range map[string]event.Class{
		`{"errors":[{"type":"https://api.x.com/2/problems/resource-not-found"}]}`:          event.Gone,
		`{"errors":[{"type":"https://api.x.com/2/problems/not-authorized-for-resource"}]}`: event.Refused,
		`{"data":null}`:        event.UnknownOutcome,
		`{"data":{"id":31}}`:   event.UnknownOutcome,
		`[]`:                   event.UnknownOutcome,
		`{"data":{"id":"31"}}`: event.OK,
	} {
		c, _ := says(t, 200, body)
		if _, err := c.Post(t.Context(), As{}, "31"); classIn(err) != class {
			t.Errorf("%s: want %q, got %v", body, class, err)
		}
	}
	c, _ := says(t, 200, `{"meta":{"result_count":0}}`)
	if posts, next, err := c.OwnPosts(t.Context(), "desk", Since{}); err != nil || next != "" || len(posts) != 0 {
		t.Errorf("an empty page: %v, %q, %v", posts, next, err)
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	c, asked := says(t, 200, `{"data":[{"id":"41","event_type":"MessageCreate","text":"R&amp;D","sender_id":"7","dm_conversation_id":"5-7",`+
		`"created_at":"2026-08-20T11:00:00.000Z","attachments":{"media_keys":["3_1"]}},{"id":"40","text":"hi"}],"meta":{"next_token":"older"}}`)
	got, next, err := c.Conversation(t.Context(), "desk", "5", "p")
	want := []Message{
		{ID: "41", Conversation: "5-7", Sender: "7", Text: "R&D", At: time.Date(2026, 8, 20, 11, 0, 0, 0, time.UTC), Media: true},
		{ID: "40", Text: "hi"},
	}
	if err != nil || next != "older" || cmp.Diff(want, got) != "" {
		t.Errorf("%q, %v %s", next, err, cmp.Diff(want, got))
	}
	q := asked().URL.Query()
	if asked().URL.Path != "/2/dm_conversations/with/5/dm_events" || q.Get("dm_event.fields") != DMFields || q.Get("event_types") != "MessageCreate" || q.Get("pagination_token") != "p" {
		t.Errorf("asked %s", asked().URL)
	}
	if _, _, err := c.Conversation(t.Context(), "desk", "../5", ""); classIn(err) != event.Bug {
		t.Errorf("a path for a user: %v", err)
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	self := "/2/users/" + testSelf
	for path, tc := range map[string]struct {
		call     func(c *Client, id string) error
		done, no string
	}{
		"/2/tweets/9":           {func(c *Client, id string) error { return c.DeletePost(t.Context(), "desk", id) }, `{"deleted":true}`, `{"deleted":false}`},
		"/2/dm_events/9":        {func(c *Client, id string) error { return c.DeleteDM(t.Context(), "desk", id) }, `{"deleted":true}`, `{"deleted":false}`},
		self + "/retweets/9":    {func(c *Client, id string) error { return c.UndoRepost(t.Context(), "desk", id) }, `{"retweeted":false}`, `{"retweeted":true}`},
		self + "/likes/9":       {func(c *Client, id string) error { return c.UndoLike(t.Context(), "desk", id) }, `{"liked":false}`, `{"liked":true}`},
		self + "/bookmarks/9":   {func(c *Client, id string) error { return c.UndoBookmark(t.Context(), "desk", id) }, `{"bookmarked":false}`, `{"bookmarked":true}`},
		self + "/following/9":   {func(c *Client, id string) error { return c.Unfollow(t.Context(), "desk", id) }, `{"following":false}`, `{"following":true}`},
		"/2/lists/84/members/9": {func(c *Client, id string) error { return c.RemoveFromList(t.Context(), "desk", "84", id) }, `{"is_member":false}`, `{"is_member":true}`},
	} {
		for body, class := range map[string]event.Class{
			`{"data":` + tc.done + `}`:   event.OK,
			`{"data":` + tc.no + `}`:     event.Refused,
			`{"data":{}}`:                event.UnknownOutcome,
			``:                           event.UnknownOutcome,
			`{"errors":[{"title":"n"}]}`: event.Refused,
		} {
			c, asked := says(t, 200, body)
			if err := tc.call(c, "9"); classIn(err) != class || (err != nil) != (class != event.OK) {
				t.Errorf("%s says %s: want %q, got %v", path, body, class, err)
			}
			if r := asked(); r.URL.Path != path || r.Method != http.MethodDelete {
				t.Errorf("want %s, asked %s %s", path, r.Method, r.URL)
			}
		}
		c := newClient(t, "http://127.0.0.1:1", nil)
		if err := tc.call(c, "9/.."); classIn(err) != event.Bug {
			t.Errorf("%s with a path: %v", path, err)
		}
	}
}

// What an answer gave is told by its ids, for what X bills; a failure gives
// nothing, and what is asked in the app's name is no bot's.
func TestGave(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"data":[{"id":"1"},{"id":"2","text":"x"},{"text":"no id"}],"includes":{"users":[{"id":"9"}]}}`: {"1", "2", ""},
		`{"data":{"id":"5"}}`:          {"5"},
		`{"data":{"data":{"id":"5"}}}`: {"5"},
		`{"data":[]}`:                  {},
		`{"meta":{"result_count":0}}`:  {},
		`{"data":{"deleted":true}}`:    {""},
		`{"data":null}`:                {},
		`[]`:                           nil,
		`<html>`:                       nil,
	} {
		if got := resources([]byte(body)); cmp.Diff(want, got) != "" {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
	c, _ := says(t, 200, `{"data":{"id":"5"}}`)
	var told []string
	c.gave = func(bot, endpoint string, ids []string) {
		told = append(told, bot+" "+endpoint+" "+strings.Join(ids, ","))
	}
	_, _ = c.User(t.Context(), As{Bot: "desk"}, "5")
	_, _ = c.User(t.Context(), As{}, "5")
	bad, _ := says(t, 503, `{"data":{"id":"5"}}`)
	bad.gave = c.gave
	_, _ = bad.User(t.Context(), As{Bot: "desk"}, "5")
	if diff := cmp.Diff([]string{"desk user 5"}, told); diff != "" {
		t.Error(diff)
	}
}
