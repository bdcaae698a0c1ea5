package xsim

import (
	"fmt"
	"strings"
	"testing"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.do(Act{Kind: ActPost, From: "bob", Text: "hi"})
	w.do(Act{Kind: ActSuspend, From: "bob"})
	w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
	for _, tc := range []struct {
		path, token, has, lacks string
		want                    int
	}{
		{"/2/users/" + deskID, "t-desk", `{"data":{"username":"HelpDesk"`, "affiliation", 200},
		{"/2/users/" + deskID + "?user.fields=affiliation,description", "t-app", `"description":"Automated"},"description":"Bot by @acme"`, "errors", 200},
		{"/2/users/by/username/helpdesk", "t-desk", deskID, "errors", 200},
		{"/2/users/by/username/nobody", "t-desk", "Could not find user with username", `"data":`, 200},
		{"/2/users?ids=" + deskID + "," + annID + ",99", "t-desk", `"resource_id":"99"`, "suspended", 200},
		{"/2/users/by?usernames=ann,bob", "t-desk", "User has been suspended: [bob]", "Could not", 200},
		{"/2/users/" + annID + "?user.fields=receives_your_dm", "t-desk", `"receives_your_dm":true`, "errors", 200},
		{"/2/users/" + annID + "?user.fields=receives_your_dm", "t-twin", `"receives_your_dm":false`, "errors", 200},
		{"/2/users/ann", "t-desk", "digits", "data", 400},
		{"/2/users", "t-desk", "1 to 100", "data", 400},
		{"/2/users/" + deskID, "t-nobody", "Unauthorized", "data", 401},
	} {
		status, _, body := w.call("GET", tc.path, tc.token, "")
		if status != tc.want || !strings.Contains(body, tc.has) || strings.Contains(body, tc.lacks) {
			t.Errorf("%s: want %d %s and no %s, got %d %s", tc.path, tc.want, tc.has, tc.lacks, status, body)
		}
	}
}

// TestStates: what becomes of a user, and what X refuses then.
func TestStates(t *testing.T) {
	t.Parallel()
	for kind, want := range map[Kind]struct{ reply, dm int }{
		ActSuspend:    {404, 403},
		ActProtect:    {403, 201},
		ActDeactivate: {404, 404},
		ActBlock:      {403, 403},
		ActCloseDMs:   {201, 403},
		ActRestore:    {201, 201},
		ActUnblock:    {201, 201},
		ActOpenDMs:    {201, 201},
	} {
		w := newWorld(t, nil)
		post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
		w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
		w.do(Act{Kind: kind, From: "ann", To: "HelpDesk"})
		if status, body := w.reply(post, "Hello."); status != want.reply {
			t.Errorf("%s: reply: want %d, got %d %s", kind, want.reply, status, body)
		}
		if status, body := w.dm(annID, "Hello."); status != want.dm {
			t.Errorf("%s: DM: want %d, got %d %s", kind, want.dm, status, body)
		}
	}
	w := newWorld(t, nil)
	w.do(Act{Kind: ActProtect, From: "ann"})
	if d := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "psst"}); len(d.Bodies) != 0 {
		t.Errorf("a protected post arrived: %s", d.Bodies)
	}
	d := w.do(Act{Kind: ActBio, From: "HelpDesk", Text: "Human, honest"})
	if len(d.Bodies) != 1 || !strings.Contains(string(d.Bodies[0]), `"payload":{"before":"Bot by @acme","after":"Human, honest"}`) {
		t.Errorf("bio: %s", d.Bodies)
	}
	if d := w.do(Act{Kind: ActLabel, From: "HelpDesk"}); len(d.Bodies) != 1 || !strings.Contains(string(d.Bodies[0]), `"payload":{"before":"Automated","after":""}`) {
		t.Errorf("label: %s", d.Bodies)
	}
	if _, _, body := w.call("GET", "/2/users/me?user.fields=affiliation,description", "t-desk", ""); strings.Contains(body, "Automated") || !strings.Contains(body, "honest") {
		t.Errorf("me: %s", body)
	}
	w.do(Act{Kind: ActSuspend, From: "HelpDesk"})
	if status, _, body := w.call("POST", "/2/tweets", "t-desk", `{"text":"a"}`); status != 403 || !strings.Contains(body, "suspended") {
		t.Errorf("our own suspension: %d %s", status, body)
	}
}

func TestCompliance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	here := w.do(Act{Kind: ActPost, From: "ann", Text: "here"}).ID
	gone := w.do(Act{Kind: ActPost, From: "ann", Text: "gone"}).ID
	w.do(Act{Kind: ActDelete, Post: gone})
	hidden := w.do(Act{Kind: ActPost, From: "bob", Text: "hidden"}).ID
	w.do(Act{Kind: ActProtect, From: "bob"})
	w.do(Act{Kind: ActPost, From: "cat", Text: "bye"})
	w.do(Act{Kind: ActDeactivate, From: "cat"})
	bob, _ := w.User("bob")
	cat, _ := w.User("cat")
	run := func(kind, ids string, status string) string {
		t.Helper()
		code, _, body := w.call("POST", "/2/compliance/jobs", "t-app", fmt.Sprintf(`{"type":%q,"name":"nightly"}`, kind))
		if code != 200 || !strings.Contains(body, `"status":"created"`) {
			t.Fatalf("create: %d %s", code, body)
		}
		of := func(key string) string {
			_, rest, _ := strings.Cut(body, `"`+key+`":"`)
			v, _, _ := strings.Cut(rest, `"`)
			return v
		}
		if code, _, _ := w.call("POST", "/2/compliance/jobs", "t-app", fmt.Sprintf(`{"type":%q}`, kind)); code != 409 {
			t.Errorf("a second one: %d", code)
		}
		up, down := strings.TrimPrefix(of("upload_url"), "http://x.test"), strings.TrimPrefix(of("download_url"), "http://x.test")
		if code := w.put(up, ids); code != 200 {
			t.Fatalf("upload: %d", code)
		}
		if code := w.put(up, ids); code != 409 {
			t.Errorf("upload twice: %d", code)
		}
		for _, want := range []string{"in_progress", status} {
			if _, _, body := w.call("GET", "/2/compliance/jobs/"+of("id"), "t-app", ""); !strings.Contains(body, `"status":"`+want+`"`) {
				t.Errorf("want %s, got %s", want, body)
			}
		}
		if _, _, body := w.call("GET", "/2/compliance/jobs?type="+kind+"&status="+status, "t-app", ""); !strings.Contains(body, of("id")) {
			t.Errorf("list: %s", body)
		}
		_, _, out := w.call("GET", down, "", "")
		return out
	}
	out := run("tweets", here+"\n"+gone+"\r\n"+hidden+"\n", "complete")
	if strings.Count(out, "\n") != 2 || !strings.Contains(out, `{"id":"`+gone+`","action":"delete"`) || !strings.Contains(out, `"reason":"protected"}`) {
		t.Errorf("tweets: %s", out)
	}
	out = run("users", annID+"\n"+bob.ID+"\n"+cat.ID, "complete")
	if strings.Count(out, "\n") != 2 || !strings.Contains(out, `"reason":"deactivated"}`) {
		t.Errorf("users: %s", out)
	}
	w.FailCompliance(1)
	if out := run("tweets", here, "failed"); strings.Contains(out, here) {
		t.Errorf("failed: %s", out)
	}
	code, _, body := w.call("POST", "/2/compliance/jobs", "t-app", `{"type":"users"}`)
	if code != 200 {
		t.Fatal(code)
	}
	w.wait(uploadLife)
	if _, _, list := w.call("GET", "/2/compliance/jobs?type=users&status=expired", "t-app", ""); !strings.Contains(list, `"status":"expired"`) {
		t.Errorf("expired: %s, %s", body, list)
	}
	for _, path := range []string{"/2/compliance/jobs", "/2/compliance/jobs?type=likes"} {
		if code, _, _ := w.call("GET", path, "t-app", ""); code != 400 {
			t.Errorf("%s: %d", path, code)
		}
	}
}
