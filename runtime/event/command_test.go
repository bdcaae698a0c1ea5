package event

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	c := Command{
		Bot: "acme", At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("", 3600)), By: "kim", UserAct: "Kim tapped like",
		Kind: Like, Post: "100", User: "7",
	}
	c, err := c.WithID()
	if err != nil || !strings.HasPrefix(c.ID, "c-") {
		t.Fatal(c.ID, err)
	}
	body, err := c.Body()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadCommand(body)
	if err != nil || !got.At.Equal(c.At) {
		t.Fatalf("%+v, %v", got, err)
	}
	e := got.Event()
	if e.Kind != KindCommand || e.Type != CommandType || e.UserAct == "" || e.User != "7" || e.Interaction != c.ID || e.Message != "100" {
		t.Errorf("%+v", e)
	}
	if d := got.Draft(); d.Kind != Like || d.Purpose != Operator || d.Handler != "operator kim" {
		t.Errorf("%+v", d)
	}
	got.Timer = true
	if e, d := got.Event(), got.Draft(); e.Kind != KindTimer || e.Type != TimerType || d.Purpose != Scheduled {
		t.Errorf("timer: %+v %+v", e, d)
	}
	got = Command{Kind: DM, Timer: true, Reminder: "r-1", User: "7"}
	if d := got.Draft(); d.Purpose != Reminder || d.Handler != "reminder" {
		t.Errorf("reminder: %+v", d)
	}
	if r := (Command{Kind: Reply, Post: "100", ID: "c-1"}); r.Event().Interaction != "100" {
		t.Error("a reply is no part of what it answers")
	}

	// As X's body it is none.
	if _, err := Decode(body); err == nil {
		t.Error("X's decoder takes a command")
	}
	if _, err := Scan(body); err == nil {
		t.Error("ingest routes a command")
	}
	for name, in := range map[string]string{
		"X's body":        `{"data":{"event_type":"beckon.command","event_uuid":"1","filter":{"user_id":"9"},"payload":{}}}`,
		"no JSON":         `post this`,
		"another form":    strings.Replace(string(body), "command/v1", "command/v2", 1),
		"no form":         strings.Replace(string(body), `"form":"beckon.command/v1",`, "", 1),
		"an unknown key":  strings.Replace(string(body), `"by"`, `"approved":true,"by"`, 1),
		"nobody gives it": strings.Replace(string(body), `"by":"kim"`, `"by":""`, 1),
		"no bot":          strings.Replace(string(body), `"bot":"acme"`, `"bot":""`, 1),
		"no id":           strings.Replace(string(body), c.ID, "", 1),
		"an unknown kind": strings.Replace(string(body), `"kind":"like"`, `"kind":"shout"`, 1),
		"more":            string(body) + "{}",
		"late at birth":   strings.Replace(string(body), `"by":"kim"`, `"by":"kim","until":"2026-03-02T07:59:59Z"`, 1),
		"a like reminds":  strings.Replace(string(body), `"by":"kim"`, `"by":"kim","timer":true,"reminder":"r-1"`, 1),
	} {
		if _, err := ReadCommand([]byte(in)); !errors.Is(err, ErrCommand) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCommandCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		c    Command
		want string // in the error; "" for none
	}{
		{Command{Kind: Post, Text: "Good morning."}, ""},
		{Command{Kind: Post}, "text: a post needs it"},
		{Command{Kind: DM, Timer: true, Reminder: "r-1", User: "7"}, ""},
		{Command{Kind: DM, Timer: true, Reminder: "r-1"}, "user: a dm needs it"},
		{Command{Kind: DM, Timer: true, Reminder: "r-1", User: "7", Text: "x"}, "text stands in the database"},
		{Command{Kind: DM, Reminder: "r-1", User: "7"}, "of a timer"},
		{Command{Kind: Post, Text: " "}, "text"},
		{Command{Kind: Post, Text: "x", User: "7"}, "user: a post has none"},
		{Command{Kind: DM, Text: "x"}, "user: a dm needs it"},
		{Command{Kind: DM, Text: "x", User: "ann"}, "digits"},
		{Command{Kind: Reply, Text: "x", Post: "1"}, ""},
		{Command{Kind: Reply, Text: "x", Post: "1", User: "7"}, ""},
		{Command{Kind: Reply, Text: "x"}, "post"},
		{Command{Kind: Quote, Text: "x", Post: "1"}, "user"}, // else an opt-out of its author could not be seen
		{Command{Kind: Repost, Post: "1"}, "user"},
		{Command{Kind: Like, Post: "1"}, "user"},
		{Command{Kind: Like, Post: "1", User: "7", Text: "x"}, "text: a like has none"},
		{Command{Kind: Bookmark, Post: "1"}, ""},
		{Command{Kind: FollowU, User: "7"}, ""},
		{Command{Kind: ListAdd, User: "7"}, "list"},
		{Command{Kind: ListAdd, User: "7", List: strings.Repeat("1", 21)}, "list"},
		{Command{Kind: DM, Text: "x", User: "7", About: "shipping"}, ""},
		{Command{Kind: DM, Text: "x", User: "7", About: " "}, "about"},
		{Command{Kind: DM, Text: "x", User: "7", About: strings.Repeat("a", 65)}, "about"},
		{Command{Kind: Post, Text: "x", About: "shipping"}, "about"},
		{Command{Kind: ""}, "kind"},
	} {
		err := tt.c.Check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.c, err, tt.want)
		}
	}
}

// FuzzReadCommand: whatever the bytes are, it is a command that can be written
// again, or an error.
func FuzzReadCommand(f *testing.F) {
	body, _ := Command{ID: "c-1", Bot: "acme", At: time.Unix(1, 0), By: "kim", Kind: Post, Text: "x"}.Body()
	f.Add(body)
	f.Add([]byte(`{"form":"beckon.command/v1"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := ReadCommand(in)
		if err != nil {
			return
		}
		again, err := c.Body()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadCommand(again); err != nil {
			t.Errorf("%s: %v", again, err)
		}
	})
}
