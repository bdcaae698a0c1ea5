package xsimtest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xapi"
	"github.com/beckon-bot/beckon/runtime/xsim"
	"github.com/beckon-bot/beckon/runtime/xsim/xsimtest"
)

const deskID, annID = "7000000000000000001", "5000000000000000001"

// TestContractRefuses: the judge sees what is wrong.
func TestContractRefuses(t *testing.T) {
	t.Parallel()
	c := xsimtest.Load(t)
	for name, tc := range map[string]struct {
		method, path, body string
		fine               bool
	}{
		"a post":             {"POST", "/2/tweets", `{"text":"a"}`, true},
		"a reply":            {"POST", "/2/tweets", `{"text":"a","reply":{"in_reply_to_tweet_id":"1"}}`, true},
		"a DM":               {"POST", "/2/dm_conversations/with/1/messages", `{"text":"a"}`, true},
		"a read":             {"GET", "/2/users/me", ``, true},
		"an unknown key":     {"POST", "/2/tweets", `{"text":"a","colour":"red"}`, false},
		"an id of letters":   {"POST", "/2/tweets", `{"text":"a","reply":{"in_reply_to_tweet_id":"x"}}`, false},
		"an empty DM":        {"POST", "/2/dm_conversations/with/1/messages", `{"text":""}`, false},
		"a DM without text":  {"POST", "/2/dm_conversations/with/1/messages", `{}`, false},
		"a DM to a handle":   {"POST", "/2/dm_conversations/with/ann/messages", `{"text":"a"}`, false},
		"a body for a read":  {"GET", "/2/users/me", `{}`, false},
		"an unknown path":    {"POST", "/2/nothing", `{}`, false},
		"an unknown method":  {"PATCH", "/2/tweets", `{}`, false},
		"a body of no JSON":  {"POST", "/2/tweets", `text=a`, false},
		"a flag of no bool":  {"POST", "/2/tweets", `{"text":"a","made_with_ai":"yes"}`, false},
		"a text of no words": {"POST", "/2/tweets", `{"text":1}`, false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tc.method, tc.path, strings.NewReader(tc.body))
		r.Header.Set("Content-Type", "application/json")
		if err := c.Request(r); (err == nil) != tc.fine {
			t.Errorf("%s: %v", name, err)
		}
		if b, err := io.ReadAll(r.Body); err != nil || string(b) != tc.body {
			t.Errorf("%s: the body is gone: %q, %v", name, b, err)
		}
	}
}

// TestRequestsHoldToTheContract: what xapi sends is what X documents.
func TestRequestsHoldToTheContract(t *testing.T) {
	t.Parallel()
	c := xsimtest.Load(t)
	s := sim(t, c.Request)
	post := act(t, s, xsim.Act{Kind: xsim.ActMention, From: "ann", To: "HelpDesk", Text: "hi"})
	act(t, s, xsim.Act{Kind: xsim.ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
	x, err := xapi.New(xapi.Options{
		BaseURL: "https://x.test", HTTP: &http.Client{Transport: xsim.Direct(s.Handler())},
		Auth:   func(context.Context, xapi.As) (xapi.Authorizer, error) { return xapi.Bearer("t-desk"), nil },
		UserID: func(string) string { return deskID },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range []event.Outgoing{
		{Kind: event.Reply, ReplyTo: post},
		{Kind: event.Reply, ReplyTo: post, MadeWithAI: true},
		{Kind: event.Reply, ReplyTo: post, PaidPartnership: true},
		{Kind: event.Post},
		{Kind: event.Post, MadeWithAI: true, PaidPartnership: true},
		{Kind: event.DM, User: annID},
	} {
		o.Bot, o.Text = "desk", fmt.Sprintf("text %d with \"quotes\", \u2028, <b> & 語 🙂", i)
		if got := x.Send(t.Context(), o); got.Class != event.OK {
			t.Errorf("%+v: %+v", o, got)
		}
		if seen := s.Seen(); seen[len(seen)-1].Text != o.Text {
			t.Errorf("X got another text: %q", seen[len(seen)-1].Text)
		}
	}
	for _, err := range s.Violations() {
		t.Error(err)
	}
}

func sim(t *testing.T, validate func(*http.Request) error) *xsim.Sim {
	t.Helper()
	now := time.Date(2026, 8, 20, 9, 0, 0, 0, time.UTC)
	s, err := xsim.New(xsim.Options{
		Accounts: []xsim.Account{{User: xsim.User{ID: deskID, Username: "HelpDesk", Automated: true}, Token: "t-desk"},
			{User: xsim.User{ID: twinID, Username: "HelpTwin"}, Token: "t-twin", Enterprise: true}},
		AppToken: "t-app", ConsumerSecret: []byte("secret"),
		Client:   &http.Client{Transport: xsim.Direct(http.HandlerFunc(webhook))},
		Users:    []xsim.User{{ID: annID, Username: "ann"}},
		Now:      func() time.Time { return now },
		Limits:   map[string]int{xsim.OpDM: 1},
		Validate: validate,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// webhook answers the CRC, and takes everything.
func webhook(w http.ResponseWriter, r *http.Request) {
	m := hmac.New(sha256.New, []byte("secret"))
	m.Write([]byte(r.URL.Query().Get("crc_token")))
	fmt.Fprintf(w, `{"response_token":"sha256=%s"}`, base64.StdEncoding.EncodeToString(m.Sum(nil)))
}

func act(t *testing.T, s *xsim.Sim, a xsim.Act) string {
	t.Helper()
	d, err := s.Do(a)
	if err != nil {
		t.Fatal(err)
	}
	return d.ID
}
