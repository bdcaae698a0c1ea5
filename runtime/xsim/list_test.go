package xsim

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestPages walks the lists page by page: newest first, each entry once.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	own := w.do(Act{Kind: ActPost, From: "HelpDesk", Text: "open"}).ID
	w.do(Act{Kind: ActReply, From: "bob", Post: own, Text: "good"})
	for i := range 11 {
		w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: fmt.Sprint("mention ", i)})
		w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: fmt.Sprint("message ", i)})
	}
	w.do(Act{Kind: ActPost, From: "bob", Text: "nothing of it"})
	for path, want := range map[string]struct{ pages, entries int }{
		"/2/users/" + deskID + "/mentions?max_results=5":                 {3, 12},
		"/2/users/" + deskID + "/mentions":                               {2, 12},
		"/2/users/" + annID + "/tweets?max_results=5":                    {3, 11},
		"/2/dm_events?max_results=4":                                     {3, 11},
		"/2/dm_conversations/with/" + annID + "/dm_events?max_results=6": {2, 11},
	} {
		seen, pages, last, token := map[string]bool{}, 0, "", ""
		for pages == 0 || token != "" {
			to := path
			if token != "" {
				to += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "pagination_token=" + token
			}
			status, _, body := w.call("GET", to, "t-desk", "")
			var in struct {
				Data []struct{ ID string }
				Meta struct {
					Next  string `json:"next_token"`
					Count int    `json:"result_count"`
				}
			}
			if err := json.Unmarshal([]byte(body), &in); err != nil || status != 200 || in.Meta.Count != len(in.Data) {
				t.Fatalf("%s: %d %s", to, status, body)
			}
			for _, x := range in.Data {
				if last != "" && byID(x.ID, last) >= 0 || seen[x.ID] {
					t.Errorf("%s: %s after %s", path, x.ID, last)
				}
				seen[x.ID], last = true, x.ID
			}
			pages, token = pages+1, in.Meta.Next
		}
		if pages != want.pages || len(seen) != want.entries {
			t.Errorf("%s: want %+v, got %d pages, %d entries", path, want, pages, len(seen))
		}
	}
}

func TestListsChoose(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	a := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "one"}).ID
	w.do(Act{Kind: ActEdit, Post: a, Text: "@HelpDesk two"})
	gone := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "oops"}).ID
	w.do(Act{Kind: ActDelete, Post: gone})
	b := w.do(Act{Kind: ActMention, From: "robo", To: "HelpDesk", Text: "three", Automated: true}).ID
	w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
	of := func(query string) string { return "/2/users/" + deskID + "/mentions" + query }
	noon := w.now.Add(-2 * time.Second).Format(time.RFC3339)
	for _, tc := range []struct{ path, has, lacks string }{
		{of(""), "two", `"text":"@HelpDesk one"`},
		{of(""), `"newest_id":"` + b + `"`, "oops"},
		{of(""), "three", "author_id"},
		{of("?since_id=" + b), `{"meta":{"result_count":0}}`, "three"},
		{of("?until_id=" + b), "two", "three"},
		{of("?start_time=" + noon), "three", "two"},
		{of("?end_time=" + noon), "two", "three"},
		{of("?tweet.fields=author_id,entities"), `"author_id"`, "includes"},
		{of("?expansions=author_id&user.fields=affiliation"), `"description":"Automated"`, "conversation_id"},
		{"/2/dm_events", `"event_type":"MessageCreate"`, "sender_id"},
		{"/2/dm_events?dm_event.fields=sender_id,created_at&expansions=sender_id", `"includes":{"users":[{`, "participant"},
		{"/2/users/" + annID + "/tweets?exclude=replies", "two", "oops"},
	} {
		status, _, body := w.call("GET", tc.path, "t-desk", "")
		if status != 200 || !strings.Contains(body, tc.has) || strings.Contains(body, tc.lacks) {
			t.Errorf("%s: want %s and no %s, got %d %s", tc.path, tc.has, tc.lacks, status, body)
		}
	}
	for _, path := range []string{
		of("?max_results=4"), of("?max_results=101"), of("?pagination_token=1234567890123456"), of("?start_time=x"),
		"/2/dm_events?max_results=0", "/2/users/" + annID + "/tweets?max_results=1",
	} {
		if status, _, body := w.call("GET", path, "t-desk", ""); status != 400 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	w.wait(31 * window24)
	if _, _, body := w.call("GET", "/2/dm_events", "t-desk", ""); !strings.Contains(body, `"result_count":0`) {
		t.Errorf("after 31 days: %s", body)
	}
}
