package xsim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzScenario: a file is read, or each bad line is told with its place.
func FuzzScenario(f *testing.F) {
	f.Add("0s mention {\"from\":\"ann\",\"as\":\"q1\"}\r\n\n# so\n1m\texpect\t{\"replies_to\":\"$q1\"}\n2m end")
	f.Add("\ufeff0s raw {")
	f.Add("-1s dm null\n1h dm {\"as\":\"$$\"}\n2562047h stream")
	f.Fuzz(func(t *testing.T, file string) {
		sc, err := ParseScenario("a.scenario", strings.NewReader(file))
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				if strings.HasPrefix(line, "a.scenario:") {
					return
				}
			}
			t.Errorf("no place in %q", err)
		}
		for i, s := range sc.steps {
			if s.at < 0 || i > 0 && s.at < sc.steps[i-1].at || s.line < 1 {
				t.Errorf("step %d: %+v", i, s)
			}
		}
	})
}

// FuzzRequests: whatever bots and people send, in whatever order, xsim answers;
// what it says is JSON. A line is a method, a path and a body.
func FuzzRequests(f *testing.F) {
	for _, lines := range []string{
		`POST /2/tweets {"text":"hi"}`,
		`POST /_sim/mention {"from":"ann","to":"HelpDesk","text":"hi","copies":2}` + "\n" + `POST /2/tweets {"text":"a","reply":{"in_reply_to_tweet_id":"1"}}`,
		`POST /_sim/dm {"from":"ann","to":"HelpDesk","text":"hi"}` + "\n" + `POST /2/dm_conversations/with/5000000000000000001/messages {"text":"x"}` + "\n" + `GET /2/dm_events?max_results=1&pagination_token=7`,
		`POST /_sim/edit {"post":"1","text":"b"}` + "\n" + `POST /_sim/delete {"post":"0"}`,
		`POST /_sim/fault {"op":"create_post","kind":"status","status":503,"delay":"2s","times":-1}`,
		`POST /_sim/disorder {"duplicates":100,"delays":100,"most":"1ns"}` + "\n" + `POST /_sim/dm {"from":"ann","to":"HelpDesk","text":"hi"}`,
		`POST /_sim/skew {"by":"-2562047h"}` + "\n" + `GET /2/users/me`,
		`POST /2/webhooks {"url":"https://a.example/x"}` + "\n" + `POST /2/webhooks/replay {"webhook_id":"1","from_date":"202601010000","to_date":"202601010001"}`,
		`POST /2/activity/subscriptions {"event_type":"dm.received","filter":{"user_id":"` + deskID + `"}}` + "\n" + `GET /2/activity/subscriptions?max_results=0`,
		`POST /2/compliance/jobs {"type":"tweets"}` + "\n" + `GET /2/compliance/jobs?type=tweets`,
		`POST /2/users/` + deskID + `/likes {"tweet_id":"1"}` + "\n" + `DELETE /2/users/` + deskID + `/likes/1 `,
		`POST /2/media/upload {"media":"aGk=","media_category":"tweet_image"}`,
		`POST /2/oauth2/token grant_type=refresh_token&refresh_token=x`,
		`GET /2/tweets?ids=1,2,,3&expansions=author_id&tweet.fields=all`, `GET /2/users/by?usernames=ann,%00,bob`, `GET /2/users/` + deskID + `/tweets?start_time=x&since_id=-1`,
		`POST /_sim/drift {"fields":1000}`, `POST /_sim/credits {"mills":-1}`, `POST /_sim/secrets {"secrets":[""]}`, `POST /_sim/raw {"data":1}`,
		`POST /_sim/mention {"from":"ann","to":"HelpDesk","text":"hi","copies":1000000000000}`,
	} {
		f.Add(lines)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		w := &world{now: time.Date(2026, 8, 20, 9, 0, 0, 0, time.UTC)}
		s, err := New(Options{
			Accounts: []Account{{User: User{ID: deskID, Username: "HelpDesk", Automated: true}, Token: "t-desk"}},
			Users:    []User{{ID: annID, Username: "ann"}}, ConsumerSecret: []byte(secret), AppToken: "t-app",
			Now: func() time.Time { w.now = w.now.Add(time.Second); return w.now },
		})
		if err != nil {
			t.Fatal(err)
		}
		h := s.Handler()
		for i, line := range strings.Split(lines, "\n") {
			method, rest, _ := strings.Cut(line, " ")
			path, body, _ := strings.Cut(rest, " ")
			if i == 20 || strings.Contains(path, "stream") { // which holds its connection
				return
			}
			for _, token := range []string{"t-desk", "t-app"} {
				r, err := http.NewRequest(method, "http://x.example/"+strings.TrimPrefix(path, "/"), strings.NewReader(body))
				if err != nil {
					return
				}
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("Content-Type", "application/json")
				if !strings.HasPrefix(body, "{") {
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				}
				got := httptest.NewRecorder()
				h.ServeHTTP(got, r)
				if b := got.Body.Bytes(); strings.HasPrefix(got.Header().Get("Content-Type"), "application/json") && len(b) > 0 && !json.Valid(bytes.TrimSpace(b)) {
					t.Errorf("%s: %d, no JSON: %q", line, got.Code, b)
				}
				if got.Code >= 500 && got.Code != http.StatusBadGateway && !strings.Contains(lines, "fault") && !strings.Contains(lines, "credits") {
					t.Errorf("%s: %d %s", line, got.Code, got.Body)
				}
			}
		}
	})
}
