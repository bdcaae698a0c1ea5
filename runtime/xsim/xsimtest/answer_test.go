package xsimtest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/xsim"
	"github.com/beckon-bot/beckon/runtime/xsim/xsimtest"
)

// exempt is everything in which the simulated X differs from X's document, and
// nothing else: TestAnswersHoldToTheContract fails for one that is missing and
// for one that is not needed.
func exempt() []string {
	return []string{
		// X sends these types, its document has no schema for them.
		"error about:blank",
		"error client-forbidden",
		// The spelling of most of X: none of them is left with Drift.Posts.
		"spelling: answer data.edit_history_tweet_ids: unknown",
		"spelling: answer data.note_tweet: unknown",
		"spelling: answer data.public_metrics.post_count: required",
		"spelling: answer data.public_metrics.repost_count: required",
		"spelling: answer data.public_metrics.retweet_count: unknown",
		"spelling: answer data.public_metrics.tweet_count: unknown",
		"spelling: answer data.referenced_tweets: unknown",
		"spelling: answer includes.tweets: unknown",
		"spelling: answer includes.users.public_metrics.post_count: required",
		"spelling: answer includes.users.public_metrics.tweet_count: unknown",
		// Event bodies are those of X's samples, which do not validate either.
		"stream data.event_uuid: pattern",
		"stream data.includes.tweets: unknown",
		"stream data.includes.users.public_metrics.post_count: required",
		"stream data.includes.users.public_metrics.tweet_count: unknown",
		"stream data.payload.app_id: unknown",
		"stream data.payload.date_time: unknown",
		"stream data.payload.direct_message_events: unknown",
		"stream data.payload.edit_history_tweet_ids: unknown",
		"stream data.payload.public_metrics.retweet_count: unknown",
		"stream data.payload.source.data: unknown",
		"stream data.payload.target.data: unknown",
		"stream data.payload.user_id: unknown",
		"stream data.payload.users: unknown",
		"stream data.payload: discriminator",
		"stream texts beside numbers: unknown",
	}
}

const twinID = "7000000000000000002"

// TestAnswersHoldToTheContract calls everything that the simulated X serves,
// and compares what differs from X's document with the list of exemptions.
func TestAnswersHoldToTheContract(t *testing.T) {
	t.Parallel()
	c := xsimtest.Load(t)
	found := map[string]bool{}
	note := func(where string, faults []string) {
		for _, f := range faults {
			if strings.HasSuffix(f, "_str: unknown") {
				f = "texts beside numbers: unknown"
			}
			found[where+" "+f] = true
		}
	}
	play(t, c, xsim.Drift{}, note)
	spelled := map[string]bool{}
	play(t, c, xsim.Drift{Posts: true}, func(where string, faults []string) {
		for _, f := range faults {
			if where != "stream" {
				spelled[where+" "+f] = true
			}
		}
	})
	var got []string
	for f := range found {
		if !spelled[f] && !strings.HasPrefix(f, "stream ") {
			f = "spelling: " + f
		}
		got = append(got, f)
	}
	for f := range spelled {
		if !found[f] {
			t.Errorf("only in X's own spelling: %s", f)
		}
	}
	want := exempt()
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exemptions (-listed +needed):\n%s", diff)
	}
}

// play makes every call once, and tells the faults of each answer by place:
// "answer", "error" or "stream".
func play(t *testing.T, c *xsimtest.Contract, d xsim.Drift, note func(where string, faults []string)) {
	t.Helper()
	s := sim(t, func(r *http.Request) error { return c.Request(r) })
	if err := s.SetDrift(d); err != nil {
		t.Fatal(err)
	}
	rt := xsim.Direct(s.Handler())
	called := map[string]bool{}
	call := func(method, path, token, body string, want int) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "http://x.test"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s %s: want %d, got %d %s", method, path, want, resp.StatusCode, b)
		}
		where := "answer"
		if resp.StatusCode >= 400 {
			where = "error"
		} else {
			seen := s.Seen()
			called[seen[len(seen)-1].Op] = true
		}
		faults := c.Faults(method, req.URL.Path, resp.StatusCode, resp.Header.Get("Content-Type"), b)
		for i := range faults {
			faults[i] = strings.TrimPrefix(faults[i], "error ")
		}
		note(where, faults)
		return string(b)
	}
	made := func(body, key string) string {
		_, rest, _ := strings.Cut(body, `"`+key+`":"`)
		id, _, _ := strings.Cut(rest, `"`)
		return id
	}

	mention := act(t, s, xsim.Act{Kind: xsim.ActMention, From: "ann", To: "HelpDesk", Text: "hi, see https://shop.example " + strings.Repeat("long ", 70)})
	stray := act(t, s, xsim.Act{Kind: xsim.ActPost, From: "ann", Text: "hi"})
	hidden := act(t, s, xsim.Act{Kind: xsim.ActPost, From: "eve", Text: "psst"})
	act(t, s, xsim.Act{Kind: xsim.ActProtect, From: "eve"})
	act(t, s, xsim.Act{Kind: xsim.ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
	me, twin := "/2/users/"+deskID, "/2/users/"+twinID
	const desk, lord, app = "t-desk", "t-twin", "t-app"
	reply := func(post, text string) string {
		return fmt.Sprintf(`{"text":%q,"reply":{"in_reply_to_tweet_id":%q}}`, text, post)
	}
	on := func(id string) string { return fmt.Sprintf(`{"tweet_id":%q}`, id) }
	const all = "?tweet.fields=created_at,author_id,entities,display_text_range,conversation_id,note_tweet,referenced_tweets,in_reply_to_user_id,public_metrics,lang,edit_controls,possibly_sensitive,reply_settings,paid_partnership,in_reply_to_tweet_id&expansions=author_id,referenced_tweets.id&user.fields=affiliation,description,created_at,protected,public_metrics,verified,verified_type,url,is_identity_verified,receives_your_dm"

	mine := made(call("POST", "/2/tweets", desk, reply(mention, "a"), 201), "id")
	call("POST", "/2/tweets", desk, reply(mention, "a"), 403)
	call("POST", "/2/tweets", desk, reply(stray, "a"), 403)
	call("POST", "/2/tweets", desk, reply(hidden, "a"), 403)
	call("POST", "/2/tweets", desk, `{}`, 400)
	call("POST", "/2/tweets", "t-nobody", reply(mention, "b"), 401)
	call("POST", "/2/tweets", desk, reply("1", "b"), 404)
	media := made(call("POST", "/2/media/upload", desk, `{"media":"aGk=","media_category":"tweet_image"}`, 200), "id")
	call("POST", "/2/tweets", desk, `{"text":"c","media":{"media_ids":["`+media+`"]}}`, 201)
	call("POST", "/2/tweets", lord, `{"text":"d","quote_tweet_id":"`+stray+`"}`, 201)
	dm := made(call("POST", "/2/dm_conversations/with/"+annID+"/messages", desk, `{"text":"a"}`, 201), "dm_event_id")
	call("POST", "/2/dm_conversations/with/"+annID+"/messages", desk, `{"text":"a"}`, 429)
	call("GET", "/2/dm_conversations/with/"+annID+"/dm_events?dm_event.fields=dm_conversation_id,created_at,sender_id,participant_ids&expansions=sender_id", desk, "", 200)
	call("GET", "/2/dm_events?max_results=1&dm_event.fields=dm_conversation_id,created_at", desk, "", 200)
	call("GET", "/2/users/me"+all, desk, "", 200)
	call("GET", me+all, app, "", 200)
	call("GET", "/2/users?ids="+deskID+",99", desk, "", 200)
	call("GET", "/2/users/by?usernames=ann,nobody", desk, "", 200)
	call("GET", "/2/users/by/username/ann", desk, "", 200)
	call("GET", me+"/tweets"+all, desk, "", 200)
	call("GET", twin+"/tweets"+all, desk, "", 200)
	call("GET", me+"/mentions"+all, desk, "", 200)
	call("GET", "/2/tweets/"+mention+all, desk, "", 200)
	call("GET", "/2/tweets/"+hidden, desk, "", 200)
	call("GET", "/2/tweets?ids="+mention+",1", desk, "", 200)
	call("POST", twin+"/likes", lord, on(mention), 200)
	call("POST", me+"/likes", desk, on(mention), 403)
	call("DELETE", twin+"/likes/"+mention, lord, "", 200)
	call("POST", me+"/retweets", desk, on(mention), 200)
	call("DELETE", me+"/retweets/"+mention, desk, "", 200)
	call("POST", me+"/bookmarks", desk, on(mention), 200)
	call("DELETE", me+"/bookmarks/"+mention, desk, "", 200)
	call("POST", twin+"/following", lord, `{"target_user_id":"`+annID+`"}`, 200)
	call("DELETE", twin+"/following/"+annID, lord, "", 200)
	call("POST", "/2/lists/5/members", desk, `{"user_id":"`+annID+`"}`, 200)
	call("DELETE", "/2/lists/5/members/"+annID, desk, "", 200)
	call("DELETE", "/2/tweets/"+mine, desk, "", 200)
	call("DELETE", "/2/dm_events/"+dm, desk, "", 200)

	hook := made(call("POST", "/2/webhooks", app, `{"url":"https://bot.test/x"}`, 200), "id")
	call("POST", "/2/webhooks", app, `{"url":"http://bot.test/x"}`, 400)
	call("GET", "/2/webhooks", app, "", 200)
	call("GET", "/2/webhooks", desk, "", 403)
	call("PUT", "/2/webhooks/"+hook, app, "", 200)
	now := s.Seen()[0].At
	const minutes = "200601021504"
	replay := fmt.Sprintf(`{"webhook_id":%q,"from_date":%q,"to_date":%q}`, hook, now.Add(-time.Hour).Format(minutes), now.Add(-20*time.Minute).Format(minutes))
	call("POST", "/2/webhooks/replay", app, replay, 200)
	call("POST", "/2/webhooks/replay", app, replay, 409)
	sub := made(call("POST", "/2/activity/subscriptions", desk, `{"event_type":"dm.received","filter":{"user_id":"`+deskID+`"},"tag":"a","webhook_id":"`+hook+`"}`, 200), "subscription_id")
	call("GET", "/2/activity/subscriptions", app, "", 200)
	call("PUT", "/2/activity/subscriptions/"+sub, app, `{"tag":"b"}`, 200)
	call("DELETE", "/2/activity/subscriptions/"+sub, app, "", 200)
	call("DELETE", "/2/webhooks/"+hook, app, "", 200)
	job := made(call("POST", "/2/compliance/jobs", app, `{"type":"tweets","name":"a"}`, 200), "id")
	call("GET", "/2/compliance/jobs?type=tweets", app, "", 200)
	call("GET", "/2/compliance/jobs/"+job, app, "", 200)

	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://x.test/2/activity/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+app)
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for _, a := range []xsim.Act{
		{Kind: xsim.ActMention, From: "ann", To: "HelpDesk", Text: "hi again"},
		{Kind: xsim.ActReply, From: "ann", Post: stray, Text: "thread"},
		{Kind: xsim.ActDM, From: "ann", To: "HelpDesk", Text: "hi"},
		{Kind: xsim.ActFollow, From: "ann", To: "HelpDesk"},
		{Kind: xsim.ActBio, From: "HelpDesk", Text: "new"},
		{Kind: xsim.ActRevoke, From: "HelpTwin"},
	} {
		done, err := s.Do(a)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Deliver(t.Context(), done.Bodies...); err != nil {
			t.Fatal(err)
		}
		for range done.Bodies {
			l, err := lines.ReadBytes('\n')
			if err != nil {
				t.Fatal(err)
			}
			note("stream", c.Faults("GET", "/2/activity/stream", 200, "application/json", bytes.TrimSpace(l)))
		}
	}
	call("GET", "/2/connections", app, "", 200)
	call("DELETE", "/2/connections/all", app, "", 200)
	called[xsim.OpStream] = true

	for _, op := range xsim.Operations() {
		if !called[op] && !strings.HasPrefix(op, "oauth2_") { // they are not in X's document
			t.Errorf("%s is not held to the contract", op)
		}
	}
	for _, err := range s.Violations() {
		if !strings.Contains(err.Error(), "create_post: ") || !strings.Contains(err.Error(), "text") {
			t.Errorf("a request of this test: %v", err)
		}
	}
}
