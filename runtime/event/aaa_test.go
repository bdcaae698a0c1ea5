package event

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestAAABatch reads one body that holds every list: each element means what
// the newer envelope would have said of it.
func TestAAABatch(t *testing.T) {
	t.Parallel()
	base := Event{Known: true, Automated: Unknown, BotUser: bot, User: user}
	with := func(change func(*Event)) Event { e := base; change(&e); return e }
	want := []Event{
		with(func(e *Event) {
			e.ID, e.Type, e.Kind, e.Name = "aaa.post."+first, PostMention, KindPost, "mallory_q"
			e.At, e.Interaction, e.Message = at("2026-03-02T09:00:00Z"), first, first
			e.Text, e.Readable, e.Lang = "hi @acmehelp: is A & B <open>?", true, "en"
			e.Mentioned, e.Summoned = true, true
		}),
		with(func(e *Event) { // the whole text, and a mention that X added
			e.ID, e.Type, e.Kind, e.Name = "aaa.post.2028396139585032192", PostReply, KindPost, "other"
			e.User, e.At = "700100200300400501", at("2026-03-02T09:05:00Z")
			e.Interaction, e.Message = "2028396139585032192", "2028396139585032192"
			e.Text, e.Readable = "@acmehelp A long story that ends so: please stop & unsubscribe", true
			e.Replied, e.ReplyTo, e.ReplyToUser = true, own, bot
		}),
		with(func(e *Event) { // an edit
			e.ID, e.Type, e.Kind, e.Name = "aaa.post.2028396139585032193", PostQuote, KindPost, "quoter"
			e.User, e.At = "700100200300400502", snowflakeTime("2028396139585032193")
			e.Interaction, e.Message, e.Version = "2028396139585032100", "2028396139585032193", 1
			e.Text, e.Readable = "look at this https://t.co/abc", true
			e.Quoted, e.Summoned = true, true
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind, e.Name = "aaa.post.2028396139585032194", PostRepost, KindOther, "quoter"
			e.User, e.At = "700100200300400502", snowflakeTime("2028396139585032194")
			e.Message, e.Text, e.Readable = "2028396139585032194", "RT @acmehelp: ours", true
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind = "aaa.post.2028396139585032195", PostCreate, KindOwnPost
			e.At, e.Message = snowflakeTime("2028396139585032195"), "2028396139585032195"
			e.Text, e.Readable, e.ReplyTo, e.ReplyToUser = "@mallory_q it is open", true, first, user
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind, e.Name = "aaa.dm."+dmOne, DMReceived, KindDM, "mallory_q"
			e.At, e.Interaction, e.Message = at("2026-03-02T09:10:00.5Z"), dmOne, dmOne
			e.Text, e.Readable = "where is my order?", true
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind, e.Name = "aaa.dm."+dmTwo, DMSent, KindOwnDM, "mallory_q"
			e.At, e.Message, e.App = at("2026-03-02T09:10:02Z"), dmTwo, NoApp
			e.Text, e.Readable = "a person answers", true
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind = "aaa.dm.indicate_typing."+user+"."+bot+".1772442603000", DMIndicateTyping, KindOther
			e.At = at("2026-03-02T09:10:03Z")
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind = "aaa.dm.read."+user+"."+bot+".1772442604000", DMRead, KindOther
			e.At = at("2026-03-02T09:10:04Z")
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind = "aaa.like.a7ba59eab0bfcba386f7acedac279542", LikeCreate, KindOther
			e.At = at("2026-03-02T09:11:00Z")
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind = "aaa.follow."+user+"."+bot+".1772442661000", Follow, KindOther
			e.At = at("2026-03-02T09:11:01Z")
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind = "aaa.unmute."+bot+"."+user+".1772442662000", Unmute, KindOther
			e.At = at("2026-03-02T09:11:02Z")
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind = "aaa.block."+user+"."+bot+".1772442663000", Block, KindBlocked
			e.At = at("2026-03-02T09:11:03Z")
		}),
		with(func(e *Event) { // our own block
			e.ID, e.Type, e.Kind = "aaa.block."+bot+"."+user+".1772442664000", Block, KindOther
			e.At = at("2026-03-02T09:11:04Z")
		}),
		with(func(e *Event) {
			e.ID, e.Type, e.Kind, e.User = "aaa.delete."+own, PostDelete, KindDelete, ""
			e.At, e.Message = at("2026-03-02T09:11:05Z"), own
		}),
		with(func(e *Event) {
			e.Type, e.Kind, e.User, e.Known = "aaa.tweet_levitate_events", KindOther, "", false
		}),
		with(func(e *Event) {
			e.Type, e.Kind, e.User, e.App = OAuthRevoke, KindRevoke, "", "13090192"
			e.At = at("2026-03-02T09:20:00Z")
		}),
	}
	got, err := Decode(aaaBatch(t))
	if err != nil {
		t.Fatal(err)
	}
	hashed := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "ID" }, cmp.Comparer(func(a, b string) bool {
		return a == b || a == "" && strings.HasPrefix(b, "aaa.sha256:") || b == "" && strings.HasPrefix(a, "aaa.sha256:")
	}))
	if diff := cmp.Diff(want, got, hashed); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
}

func aaaBatch(t testing.TB) []byte {
	t.Helper()
	in, err := os.ReadFile(filepath.Join("testdata", "aaa", "batch.json"))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// splits fails the test unless each part of a body says alone what it says in
// the batch.
func splits(t *testing.T, in []byte) {
	t.Helper()
	parts, err := Split(in)
	head, scanErr := Scan(in)
	if err != nil {
		if scanErr == nil || scanErr.Error() != err.Error() {
			t.Fatalf("Split: %v, Scan: %v\n%s", err, scanErr, in)
		}
		return
	}
	events, err := Decode(in)
	if len(parts) == 0 || parts[0].Err == nil && parts[0].Head != head {
		t.Fatalf("Split: %+v, Scan: %+v\n%s", parts, head, in)
	}
	for i, p := range parts {
		alone, aloneErr := Decode(p.Data)
		if p.Err != nil {
			if aloneErr == nil {
				t.Fatalf("part %d is refused with %v, and reads alone: %s", i, p.Err, p.Data)
			}
			continue
		}
		if strings.HasPrefix(p.ID, "aaa.") && len(parts) > 1 {
			if aloneErr != nil || len(alone) != 1 || headOf(alone[0]) != p.Head {
				t.Fatalf("part %d alone: %v, %+v; in the batch %+v\n%s", i, aloneErr, alone, p.Head, p.Data)
			}
			if err == nil {
				if diff := cmp.Diff(events[i], alone[0], cmpopts.IgnoreFields(Event{}, "Extra")); diff != "" {
					t.Fatalf("part %d (-batch +alone):\n%s\n%s", i, diff, p.Data)
				}
			}
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	in := aaaBatch(t)
	splits(t, in)
	parts, err := Split(in)
	if err != nil || len(parts) != 17 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	for i, p := range parts {
		if i == 5 { // the first DM
			continue
		}
		if strings.Contains(string(p.Data), "somebody_else") {
			t.Errorf("part %d holds another user: %s", i, p.Data)
		}
	}
	if dm := string(parts[5].Data); !strings.Contains(dm, "mallory_q") || strings.Contains(dm, "somebody_else") {
		t.Errorf("the DM's part: want its own two users, got %s", dm)
	}
	// A body of one element, and one of the newer envelope, go on as they are.
	for _, one := range []string{string(sample(t, "dm_two")), `{"for_user_id":"1","follow_events":[{"type":"follow"}]}`} {
		if parts, err := Split([]byte(one)); err != nil || len(parts) != 1 || string(parts[0].Data) != one {
			t.Errorf("Split(%s): %v, %v", one, parts, err)
		}
	}
	// A bad element is its own trouble.
	bad := `{"for_user_id":"1","tweet_create_events":[{"id_str":"5","id_str":"6","user":{"id_str":"2"}},{"id_str":"7","user":{"id_str":"2"}}]}`
	parts, err = Split([]byte(bad))
	if err != nil || len(parts) != 2 || !errors.Is(parts[0].Err, ErrDuplicate) || parts[1].Err != nil || parts[1].ID != "aaa.post.7" {
		t.Errorf("Split of a batch with a bad element: %+v, %v", parts, err)
	}
	splits(t, []byte(bad))
}

// TestSplitAroundUnreadable: an element that is no JSON, or nested without end,
// takes no other with it, and its user's STOP is still found.
func TestSplitAroundUnreadable(t *testing.T) {
	t.Parallel()
	dm := func(id, user, text, more string) string {
		return `{"type":"message_create","id":"` + id + `",` + more + `"message_create":{"target":{"recipient_id":"1"},"sender_id":"` + user +
			`","message_data":{"text":"` + text + `"}}}`
	}
	deep := `"entities":` + strings.Repeat(`{"a":[`, 30) + strings.Repeat(`]}`, 30) + ","
	for name, broken := range map[string]string{
		"deep":              dm("8", "3", "stop", deep),
		"bad escape":        dm("8", "3", `stop`, `"a":"\x",`),
		"control character": dm("8", "3", "stop", "\"a\":\"\x01\","),
		"no value":          dm("8", "3", "stop", `"a":,`),
		"brackets in texts": dm("8", "3", "stop", `"a":"]}\"{[","b":nul,`),
		"other brackets":    dm("8", "3", "stop", `"a":[1},`),
	} {
		in := `{"for_user_id":"1","users":{"2":{"id":"2","screen_name":"ann"}},"direct_message_events":[` +
			dm("7", "2", "hello", "") + " , " + broken + "," + dm("9", "4", "bye", "") + `]}`
		parts, err := Split([]byte(in))
		if err != nil || len(parts) != 3 {
			t.Errorf("%s: want 3 parts, got %d, %v", name, len(parts), err)
			continue
		}
		if parts[0].User != "2" || parts[0].Err != nil || parts[2].User != "4" || parts[2].Err != nil {
			t.Errorf("%s: the parts beside it: %+v, %+v", name, parts[0], parts[2])
		}
		if parts[1].Err == nil {
			t.Errorf("%s: want an error, got %+v", name, parts[1].Head)
		}
		bot, user, texts := Salvage(parts[1].Data)
		if bot != "1" || user != "3" || !slices.Contains(texts, "stop") || slices.Contains(texts, "bye") {
			t.Errorf("%s: salvaged %q %q %q from %s", name, bot, user, texts, parts[1].Data)
		}
		splits(t, []byte(in))
	}
	// The users map gives handles, no more.
	parts, err := Split([]byte(`{"for_user_id":"1","users":{"2":{` + strings.TrimSuffix(deep, ",") + `}},"direct_message_events":[` + dm("7", "2", "stop", "") + `]}`))
	if err != nil || len(parts) != 1 || parts[0].User != "2" || parts[0].Err != nil {
		t.Errorf("a users map that cannot be read: %+v, %v", parts, err)
	}
}

// TestAAASameInteraction: a post that both envelopes tell of is one
// interaction, with the same facts and text.
func TestAAASameInteraction(t *testing.T) {
	t.Parallel()
	old, err := Decode(aaaBatch(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range map[int]string{0: "mention", 5: "dm"} {
		now, err := Decode(sample(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(now[0], old[i], cmpopts.IgnoreFields(Event{}, "ID", "Tag", "Automated")); diff != "" {
			t.Errorf("%s (-newer +older):\n%s", name, diff)
		}
	}
}

func TestAAAErrors(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		`{"for_user_id":"1"}`:                                                                             ErrEnvelope,
		`{"for_user_id":"1","follow_events":{}}`:                                                          ErrEnvelope,
		`{"for_user_id":"1","for_user_id":"2","follow_events":[{}]}`:                                      ErrDuplicate,
		`{"for_user_id":"1","follow_events":[{}],"follow_events":[{}]}`:                                   ErrDuplicate,
		`{"for_user_id":"1","follow_events":[{"source":{},"source":{}}]}`:                                 ErrDuplicate,
		`{"user_event":{"revoke":{"source":{"user_id":"1"}}},"user_event":0}`:                             ErrDuplicate,
		`{"for_user_id":"1","follow_events":[{]}`:                                                         ErrSyntax,
		`{"for_user_id":"1","follow_events":[` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `]}`: ErrDepth,
	} {
		if _, err := Decode([]byte(in)); !errors.Is(err, want) {
			t.Errorf("Decode(%s): want %v, got %v", in, want, err)
		}
	}
}

// TestAAAEdits: X documents the chain of the older envelope nowhere; what can
// be read of it is.
func TestAAAEdits(t *testing.T) {
	t.Parallel()
	for edits, want := range map[string]string{
		``: "9 9 0",
		`"edit_history":{"initial_tweet_id":"9"},`:          "9 9 0",
		`"edit_history":{"initial_tweet_id":7},`:            "7 9 1",
		`"edit_controls":{"edit_tweet_ids":["7","8","9"]},`: "7 9 2",
		`"edit_history":{"edit_tweet_ids":["7","8"]},`:      "7 9 2",
		`"edit_history":null,"edit_controls":[],`:           "9 9 0",
	} {
		in := `{"for_user_id":"1","tweet_create_events":[{` + edits + `"id_str":"9","user":{"id_str":"2"}}]}`
		got, err := Decode([]byte(in))
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v, %v", in, got, err)
		}
		if s := fmt.Sprint(got[0].Interaction, " ", got[0].Message, " ", got[0].Version); s != want {
			t.Errorf("%s: want %s, got %s", edits, want, s)
		}
	}
}

func FuzzSplit(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, in []byte) { splits(t, in) })
}
