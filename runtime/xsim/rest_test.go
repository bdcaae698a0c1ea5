package xsim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const annID = "5000000000000000001"

// TestX3Refusals: what X refuses, with its status and a word of its reason.
func TestX3Refusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Limits = map[string]int{OpPost: 1000} })
	mention := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	stray := w.do(Act{Kind: ActPost, From: "bob", Text: "I like HelpDesk"}).ID
	own := w.do(Act{Kind: ActPost, From: "HelpDesk", Text: "We are open."}).ID
	replied := w.do(Act{Kind: ActReply, From: "bob", Post: own, Text: "good"}).ID
	repliedAndNamed := w.do(Act{Kind: ActReply, From: "bob", Post: own, Text: "good", Mention: true}).ID
	quoted := w.do(Act{Kind: ActQuote, From: "bob", Post: own, Text: "see"}).ID
	deleted := w.do(Act{Kind: ActMention, From: "bob", To: "HelpDesk", Text: "oops"}).ID
	w.do(Act{Kind: ActDelete, Post: deleted})
	blocker := w.do(Act{Kind: ActMention, From: "cat", To: "HelpDesk", Text: "hi"}).ID
	w.do(Act{Kind: ActDM, From: "cat", To: "HelpDesk", Text: "hi"})
	w.do(Act{Kind: ActBlock, From: "cat", To: "HelpDesk"})
	cat, _ := w.User("cat")
	w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
	bob, _ := w.User("bob")

	reply := func(post, text string) string {
		return fmt.Sprintf(`{"text":%q,"reply":{"in_reply_to_tweet_id":%q}}`, text, post)
	}
	dm := func(user string) string { return "/2/dm_conversations/with/" + user + "/messages" }
	const desk, twin = "t-desk", "t-twin"
	for _, tc := range []struct {
		name, path, token, body string
		want                    int
		says                    string
	}{
		{"mention answered", "/2/tweets", desk, reply(mention, "Hello."), 201, ""},
		{"the same again", "/2/tweets", desk, reply(mention, "Hello."), 403, "duplicate content"},
		{"the same to another", "/2/tweets", desk, reply(quoted, "Hello."), 201, ""},
		{"own thread", "/2/tweets", desk, reply(own, "More."), 201, ""},
		{"not summoned", "/2/tweets", desk, reply(stray, "Hi!"), 403, "not been mentioned"},
		{"a reply is no summons", "/2/tweets", desk, reply(replied, "Thanks."), 403, "not been mentioned"},
		{"a reply that mentions is", "/2/tweets", desk, reply(repliedAndNamed, "Thanks."), 201, ""},
		{"Enterprise needs none", "/2/tweets", twin, reply(stray, "Hi!"), 201, ""},
		{"unknown post", "/2/tweets", desk, reply("123", "Hi!"), 404, "resource-not-found"},
		{"deleted post", "/2/tweets", desk, reply(deleted, "Hi!"), 404, "resource-not-found"},
		{"blocked", "/2/tweets", desk, reply(blocker, "Hi!"), 403, "blocked"},
		{"unknown key", "/2/tweets", desk, `{"text":"a","colour":"red"}`, 400, "invalid-request"},
		{"unknown key inside", "/2/tweets", desk, `{"text":"a","reply":{"in_reply_to_tweet_id":"1","x":1}}`, 400, "invalid-request"},
		{"wrong type", "/2/tweets", desk, `{"text":1}`, 400, "invalid-request"},
		{"two values", "/2/tweets", desk, `{"text":"a"}{}`, 400, "invalid-request"},
		{"no JSON", "/2/tweets", desk, `text=a`, 400, "invalid-request"},
		{"no text", "/2/tweets", desk, `{}`, 400, "invalid-request"},
		{"id that is none", "/2/tweets", desk, reply("abc", "a"), 400, "invalid-request"},
		{"too long", "/2/tweets", desk, reply(mention, strings.Repeat("a", 281)), 403, "too long"},
		{"long by weight", "/2/tweets", desk, reply(mention, strings.Repeat("語", 141)), 403, "too long"},
		{"long links are short", "/2/tweets", desk, reply(mention, strings.Repeat("a", 250)+" https://example.com/"+strings.Repeat("b", 200)), 201, ""},
		{"may post long", "/2/tweets", twin, reply(stray, strings.Repeat("a", 900)), 201, ""},
		{"quote on self-serve", "/2/tweets", desk, `{"text":"q","quote_tweet_id":"` + mention + `"}`, 403, "Quoting"},
		{"flags", "/2/tweets", desk, `{"text":"f","made_with_ai":true,"paid_partnership":true}`, 201, ""},
		{"no token", "/2/tweets", "", reply(mention, "b"), 401, "Unauthorized"},
		{"wrong token", "/2/tweets", "t-nobody", reply(mention, "b"), 401, "Unauthorized"},

		{"DM answered", dm(annID), desk, `{"text":"hi"}`, 201, ""},
		{"DM closed", dm(bob.ID), desk, `{"text":"hi"}`, 403, "permission to DM"},
		{"DM of another bot's user", dm(annID), twin, `{"text":"hi"}`, 403, "permission to DM"},
		{"DM to a blocker", dm(cat.ID), desk, `{"text":"hi"}`, 403, "cannot send"},
		{"DM to nobody", dm("999"), desk, `{"text":"hi"}`, 404, "resource-not-found"},
		{"DM to itself", dm(deskID), desk, `{"text":"hi"}`, 400, "invalid-request"},
		{"DM to a handle", dm("ann"), desk, `{"text":"hi"}`, 400, "invalid-request"},
		{"DM empty", dm(annID), desk, `{"text":""}`, 400, "invalid-request"},
		{"DM too long", dm(annID), desk, `{"text":"` + strings.Repeat("a", 10_001) + `"}`, 400, "invalid-request"},
		{"DM unknown key", dm(annID), desk, `{"text":"a","made_with_ai":true}`, 400, "invalid-request"},
		{"DM without token", dm(annID), "", `{"text":"a"}`, 401, "Unauthorized"},
		{"no such page", "/2/likes", desk, `{}`, 404, "Not Found"},
	} {
		status, header, body := w.call("POST", tc.path, tc.token, tc.body)
		if status != tc.want || !strings.Contains(body, tc.says) {
			t.Errorf("%s: want %d %q, got %d %s", tc.name, tc.want, tc.says, status, body)
		}
		if limited := header.Get("x-rate-limit-reset") != ""; limited != (status != 401 && tc.says != "Not Found") {
			t.Errorf("%s: rate limit headers %v", tc.name, header)
		}
	}
	if got := w.RepliesTo(mention); got != 2 {
		t.Errorf("replies to the mention: want 2, got %d", got)
	}
	if got := w.SendsTo("ann"); got != 3 {
		t.Errorf("sends to ann: want 3, got %d", got)
	}

	w.do(Act{Kind: ActRevoke, From: "HelpDesk"})
	if status, body := w.reply(mention, "c"); status != 401 {
		t.Errorf("revoked: want 401, got %d %s", status, body)
	}
}

func TestDuplicateIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	for _, step := range []struct {
		wait time.Duration
		want int
	}{{0, 201}, {5*time.Minute - time.Second, 403}, {time.Second, 201}} {
		w.wait(step.wait)
		if status, body := w.reply(post, "Hello."); status != step.want {
			t.Errorf("after %v: want %d, got %d %s", step.wait, step.want, status, body)
		}
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Limits = map[string]int{OpDM: 2} })
	w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
	start := w.now
	try := func(want int, remaining string) {
		t.Helper()
		status, h, body := w.call("POST", "/2/dm_conversations/with/"+annID+"/messages", "t-desk", `{"text":"x"}`)
		if status != want || h.Get("x-rate-limit-remaining") != remaining || h.Get("x-rate-limit-limit") != "2" {
			t.Errorf("want %d with %s left, got %d %s %v", want, remaining, status, body, h)
		}
		if reset, err := strconv.ParseInt(h.Get("x-rate-limit-reset"), 10, 64); err != nil || reset < w.now.Unix() || reset > w.now.Add(window15).Unix() {
			t.Errorf("reset %q", h.Get("x-rate-limit-reset"))
		}
	}
	try(201, "1")
	w.wait(time.Minute)
	try(201, "0")
	try(429, "0")
	w.wait(start.Add(window15).Sub(w.now) - time.Second)
	try(429, "0")
	w.wait(time.Second)
	try(201, "1")
	if status, _, _ := w.call("GET", "/2/users/me", "t-desk", ""); status != 200 {
		t.Errorf("another endpoint has its own window: got %d", status)
	}
	if got := len(w.DMs()); got != 3 {
		t.Errorf("want 3 DMs, got %d", got)
	}
}

// TestX2Faults: what the client sees and what X did, for each fault and way.
func TestX2Faults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault  Fault
		status int
		made   int
		says   string
	}{
		{Fault{Kind: FaultRefuse}, 0, 0, "refused"},
		{Fault{Kind: FaultRefuse, Made: true}, 0, 0, "refused"},
		{Fault{Kind: FaultDrop}, 0, 0, "without an answer"},
		{Fault{Kind: FaultDrop, Made: true}, 0, 1, "without an answer"},
		{Fault{Kind: FaultLost}, 0, 1, "without an answer"},
		{Fault{Kind: FaultStatus}, 503, 0, "about:blank"},
		{Fault{Kind: FaultStatus, Status: 500}, 500, 0, "about:blank"},
		{Fault{Kind: FaultStatus, Status: 500, Made: true}, 500, 1, "about:blank"},
		{Fault{Kind: FaultStatus, Status: 402}, 402, 0, "Payment"},
		{Fault{Kind: FaultHTML}, 503, 0, "<html>"},
		{Fault{Kind: FaultHTML, Status: 404}, 404, 0, "<html>"},
		{Fault{Kind: FaultLimit}, 429, 0, "Too Many"},
		{Fault{Kind: FaultGarbage}, 201, 1, `{"data":{"id":"20`},
		{Fault{Kind: FaultNoID}, 201, 1, `{"data":{}}`},
		{Fault{Kind: FaultErrors}, 200, 0, `"errors"`},
		{Fault{Delay: time.Microsecond}, 201, 1, `"data"`},
		{Fault{Kind: FaultDrip, Delay: time.Microsecond}, 201, 1, `"data"`},
	} {
		for _, op := range []string{OpPost, OpDM} {
			t.Run(fmt.Sprintf("%s %d %v %s", tc.fault.Kind, tc.fault.Status, tc.fault.Made, op), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
				w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
				f := tc.fault
				f.Op = op
				if err := w.Fault(f); err != nil {
					t.Fatal(err)
				}
				send := func(text string) (int, string) {
					if op == OpDM {
						return w.dm(annID, text)
					}
					return w.reply(post, text)
				}
				status, body := send("one")
				if status != tc.status || !strings.Contains(body, tc.says) {
					t.Errorf("want %d %q, got %d %s", tc.status, tc.says, status, body)
				}
				if made := w.SendsTo("ann"); made != tc.made {
					t.Errorf("want %d made, got %d", tc.made, made)
				}
				if got := len(w.Take()); got != tc.made {
					t.Errorf("want %d echoes, got %d", tc.made, got)
				}
				if status, body := send("two"); status != 201 {
					t.Errorf("the fault was not used up: %d %s", status, body)
				}
				seen := w.Seen()
				first := seen[0]
				if len(seen) != 2 || first.Status != tc.status || first.Fault != tc.fault.Kind || (first.Made != "") != (tc.made == 1) ||
					first.User != annID || first.Text != "one" || first.Account != deskID || first.Op != op {
					t.Errorf("seen: %+v", seen)
				}
			})
		}
	}
}

func TestFaultChoosesItsCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	for _, f := range []Fault{
		{Op: OpPost, Nth: 2, Times: 2, Kind: FaultStatus, Status: 500},
		{When: func(c Call) bool { return strings.Contains(c.Text, "bad") }, Times: -1, Kind: FaultStatus, Status: 502},
	} {
		if err := w.Fault(f); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	for _, text := range []string{"a", "b", "c", "d", "bad e", "bad f", "g"} {
		status, _ := w.reply(post, text)
		got = append(got, status)
	}
	if want := []int{201, 500, 500, 201, 502, 502, 201}; !cmp.Equal(want, got) {
		t.Errorf("want %v, got %v", want, got)
	}
	for _, f := range []Fault{{Kind: "explode"}, {Kind: FaultStatus, Status: 99}} {
		if w.Fault(f) == nil {
			t.Errorf("fault %+v was taken", f)
		}
	}
}

func TestValidateHook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.Validate = func(r *http.Request) error {
			b, err := io.ReadAll(r.Body)
			if err != nil || strings.Contains(string(b), "wrong") {
				return errors.Join(errors.New("against the contract"), err)
			}
			return nil
		}
	})
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	if status, body := w.reply(post, "right"); status != 201 {
		t.Errorf("want 201, got %d %s", status, body)
	}
	if got := w.Violations(); got != nil {
		t.Errorf("violations: %v", got)
	}
	if status, body := w.reply(post, "wrong"); status != 400 || !strings.Contains(body, "against the contract") {
		t.Errorf("want 400 with the reason, got %d %s", status, body)
	}
	if got := w.Violations(); len(got) != 1 || w.RepliesTo(post) != 1 {
		t.Errorf("violations: %v, replies %d", got, w.RepliesTo(post))
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "are you <there>?"})
	w.reply(post, "Hello.")
	w.wait(time.Second)
	w.reply(post, "See https://example.com/a?b=1&c=2")
	w.dm(annID, "Yes.")
	for _, tc := range []struct{ path, want string }{
		{"/2/users/me", `{"data":{"username":"HelpDesk","name":"HelpDesk","id":"` + deskID + `"}}`},
		{"/2/users/me?user.fields=affiliation,description", `"description":"Automated"`},
		{"/2/users/" + deskID + "/tweets?max_results=5", `"result_count":2`},
		{"/2/users/" + deskID + "/tweets", `"text":"@ann See https://t.co/`},
		{"/2/users/" + deskID + "/tweets?since_id=" + w.Posts()[0].ID, `"result_count":1`},
		{"/2/users/" + deskID + "/tweets?since_id=" + w.Posts()[1].ID, `{"meta":{"result_count":0}}`},
		{"/2/dm_conversations/with/" + annID + "/dm_events", `"text":"are you &lt;there&gt;?"`},
		{"/2/dm_conversations/with/" + annID + "/dm_events?dm_event.fields=dm_conversation_id", `"dm_conversation_id":"` + annID + "-" + deskID + `"`},
		{"/2/dm_conversations/with/999/dm_events", `"result_count":0`},
	} {
		if status, _, body := w.call("GET", tc.path, "t-desk", ""); status != 200 || !strings.Contains(body, tc.want) {
			t.Errorf("%s: want %s, got %d %s", tc.path, tc.want, status, body)
		}
	}
}
