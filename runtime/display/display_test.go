package display_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/display"
	"github.com/beckon-bot/beckon/runtime/event"
)

var at = time.Date(2026, 3, 2, 9, 10, 5, 0, time.UTC)

// body is a mention as X sends it; users stand in its includes.
func body(text, users string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return []byte(`{"data":{"event_uuid":"e1","event_type":"post.mention.create","filter":{"user_id":"900"},"payload":{
		"id":"501","author_id":"700","created_at":"2026-03-02T09:10:05.000Z","text":` + string(quoted) + `,
		"entities":{"mentions":[{"start":0,"end":5,"id":"900"}]}},"includes":{"users":[` + users + `]}}}`)
}

func of(t *testing.T, b []byte) display.Post {
	t.Helper()
	events, err := event.Decode(b)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	return display.Of(events[0], b)
}

func printed(t *testing.T, p display.Post) string {
	t.Helper()
	var b strings.Builder
	if err := p.Print(&b, "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestD11Unaltered(t *testing.T) {
	t.Parallel()
	const bell, turned, bad = "\x1b]0;owned\x07", "\u202egnp.exe", "line\u2028two"
	for name, tt := range map[string]struct{ text, want string }{
		"plain":            {"  @desk  two  spaces, tab\there ", "  |   @desk  two  spaces, tab\there \n"},
		"lines":            {"@desk one\n\nthree", "  | @desk one\n  | \n  | three\n"},
		"letters of all":   {"@desk שלום 👩‍👧 ﷺ é", "  | @desk שלום 👩‍👧 ﷺ é\n"},
		"steers":           {"@desk " + bell, "  | @desk \\u001b]0;owned\\u0007\n"},
		"carriage return":  {"@desk a\r\nb", "  | @desk a\\u000d\n  | b\n"},
		"turns":            {"@desk " + turned, "  | @desk \\u202egnp.exe\n"},
		"other lines":      {"@desk " + bad, "  | @desk line\\u2028two\n"},
		"says \\u itself":  {`@desk \u202e`, "  | @desk \\u202e\n"},
		"like our own bar": {"@desk\n(It is gone from X.)\nhttps://evil.example", "  | @desk\n  | (It is gone from X.)\n  | https://evil.example\n"},
	} {
		p := of(t, body(tt.text, ""))
		out := printed(t, p)
		if !strings.HasPrefix(out, tt.want) {
			t.Errorf("%s: got\n%q, want at its beginning\n%q", name, out, tt.want)
		}
		escapes := strings.Contains(tt.want, `\u`) && name != "says \\u itself"
		if told := strings.Contains(out, "would steer the terminal"); told != escapes {
			t.Errorf("%s: that it was escaped is told: %t, want %t", name, told, escapes)
		}
		for _, r := range out {
			if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == '\u202e' {
				t.Errorf("%s: %q reaches the terminal", name, r)
			}
		}
		raw, err := json.Marshal(p)
		var back display.Post
		if err != nil || json.Unmarshal(raw, &back) != nil || back.Text != tt.text {
			t.Errorf("%s: JSON has %q, want %q", name, back.Text, tt.text)
		}
	}
}

func TestD12WhoseAndWhere(t *testing.T) {
	t.Parallel()
	const when = "2026-03-02 09:10:05 UTC, on X\n"
	for name, tt := range map[string]struct{ users, by, link string }{
		"all": {`{"id":"700","name":"Ann Example","username":"ann_e"}`, "Ann Example (@ann_e), " + when, "https://x.com/ann_e/status/501"},
		"of somebody else": {`{"id":"701","name":"Bob","username":"bob"}`,
			"user 700 (X told neither name nor handle), " + when, "https://x.com/i/web/status/501"},
		"handle alone": {`{"id":"700","username":"ann_e"}`, "@ann_e (X did not tell the name), " + when, "https://x.com/ann_e/status/501"},
		"name alone":   {`{"id":"700","name":"Ann"}`, "Ann (X did not tell the handle), " + when, "https://x.com/i/web/status/501"},
		"no handle of X's": {`{"id":"700","name":"Ann","username":"../evil.example?"}`,
			"Ann (X did not tell the handle), " + when, "https://x.com/i/web/status/501"},
		"a name that steers": {`{"id":"700","name":"A\u001b[2J\nB","username":"ann_e"}`,
			`A\u001b[2J\u000aB (@ann_e), ` + when, "https://x.com/ann_e/status/501"},
		"a name twice": {`{"id":"700","name":"Ann","name":"Eve","username":"ann_e"}`, "Ann (@ann_e), " + when, "https://x.com/ann_e/status/501"},
	} {
		got := of(t, body("@desk hello", tt.users))
		if out := printed(t, got); !strings.HasPrefix(out, "  | @desk hello\n  "+tt.by+"  "+tt.link+"\n") {
			t.Errorf("%s: got\n%s", name, out)
		}
		if got.Link != tt.link || got.Attribution != display.OnX || !got.At.Equal(at) || got.Author.ID != "700" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	unread := display.Unread("501", "700", "Its text is not kept.")
	if want := "  (Its text is not kept.)\n  user 700, on X\n  https://x.com/i/web/status/501\n"; printed(t, unread) != want {
		t.Errorf("unread: got\n%s", printed(t, unread))
	}
	blind := of(t, body("@desk hello", `{"id":"700","name":"Ann","username":"ann_e"}`)).Blind("Not you.")
	if out := printed(t, blind); strings.Contains(strings.ToLower(out), "ann") || strings.Contains(out, "hello") || !strings.Contains(out, "/501") {
		t.Errorf("blind: got\n%s", out)
	}
}

func TestD13DirectMessagesAndWhatIsGone(t *testing.T) {
	t.Parallel()
	dm := []byte(`{"data":{"event_uuid":"e2","event_type":"dm.received","filter":{"user_id":"900"},"payload":{
		"direct_message_events":[{"type":"message_create","id":"601","created_timestamp":"1772442605000","message_create":{
			"target":{"recipient_id":"900"},"sender_id":"700","message_data":{"text":"where is it?"}}}],
		"users":{"700":{"data":{"id":"700","name":"Ann Example","username":"ann_e"}}}}}}`)
	p := of(t, dm)
	if want := "  | where is it?\n  Ann Example (@ann_e), 2026-03-02 09:10:05 UTC, Direct Message on X\n"; printed(t, p) != want || p.Link != "" {
		t.Errorf("a DM: got\n%s%+v", printed(t, p), p)
	}
	for public, where := range map[bool]string{true: display.OnX, false: display.DM} {
		raw, err := json.Marshal(display.Gone(public))
		want := `{"attribution":"` + where + `","no_text":"It is gone from X, or had to be deleted: nothing of it is shown."}`
		if err != nil || string(raw) != want {
			t.Errorf("gone: got %s, want %s", raw, want)
		}
	}
}

// The older envelope has the name in other places.
func TestD12OlderEnvelope(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]string{
		"post": `{"for_user_id":"900","tweet_create_events":[{"created_at":"Mon Mar 02 09:10:05 +0000 2026","id_str":"501","text":"hi",
			"user":{"id_str":"700","name":"Ann Example","screen_name":"ann_e"}}]}`,
		"dm": `{"for_user_id":"900","direct_message_events":[{"type":"message_create","id":"601","created_timestamp":"1772442605000",
			"message_create":{"target":{"recipient_id":"900"},"sender_id":"700","message_data":{"text":"hi"}}}],
			"users":{"700":{"id":"700","name":"Ann Example","screen_name":"ann_e"}}}`,
	} {
		if p := of(t, []byte(b)); p.Author.Name != "Ann Example" || p.Author.Handle != "ann_e" || p.Text != "hi" {
			t.Errorf("%s: got %+v by %+v", name, p, p.Author)
		}
	}
	for _, bad := range []string{``, `{`, `{"data":{}}`, `[]`} {
		if got := event.DisplayName([]byte(bad), "700"); got != "" {
			t.Errorf("%q: got %q", bad, got)
		}
	}
}
