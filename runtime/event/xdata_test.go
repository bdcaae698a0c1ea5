package event

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func xdata(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("BECKON_X_DATA")
	if dir == "" {
		t.Skip("not checked against X's sample bodies: BECKON_X_DATA is unset")
	}
	return dir
}

// tree is a JSON value read the slow way, to compare with.
type tree map[string]any

func (v tree) in(path ...string) tree {
	for _, p := range path {
		next, _ := v[p].(map[string]any)
		v = next
	}
	return v
}

func (v tree) str(key string) string { s, _ := v[key].(string); return s }

// TestXSamples decodes every sample of X and compares with expectations that
// are computed from the JSON by another reader.
func TestXSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(xdata(t), "events", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples in BECKON_X_DATA: %v", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			in, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var root map[string]any
			if err := json.Unmarshal(in, &root); err != nil {
				t.Fatal(err)
			}
			events, err := Decode(in)
			if err != nil {
				t.Fatal(err)
			}
			agree(t, in)
			want := expect(tree(root).in("data"))
			if len(events) != len(want) {
				t.Fatalf("want %d events, got %d", len(want), len(events))
			}
			for i, e := range events {
				if !e.Known || e.Extra != nil {
					t.Errorf("want a known type and no unknown field, got %v %v", e.Known, e.Extra)
				}
				if diff := cmp.Diff(want[i], e); diff != "" {
					t.Errorf("event %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// expect says what the events of a sample are. It leans on what the samples
// have in common: no edits, no groups, times that parse.
func expect(data tree) []Event {
	p := data.in("payload")
	e := Event{
		ID: data.str("event_uuid"), Type: Type(data.str("event_type")), Kind: KindOther, Known: true,
		Tag: data.str("tag"), BotUser: data.in("filter").str("user_id"), Keyword: data.in("filter").str("keyword"),
	}
	family, _, _ := strings.Cut(string(e.Type), ".")
	people := collect(data, map[string]tree{})
	switch {
	case e.Type == OAuthRevoke:
		e.Kind, e.BotUser, e.App = KindRevoke, p.str("user_id"), p.str("app_id")
	case e.Type == PostDelete:
		e.Kind, e.Message = KindDelete, p.str("id")
	case family == "post":
		expectPost(&e, p)
	case family == "dm":
		m := tree(p["direct_message_events"].([]any)[0].(map[string]any))
		create := m.in("message_create")
		e.Message, e.Text, e.Readable = m.str("id"), create.in("message_data").str("text"), true
		if e.User = create.str("sender_id"); e.User != e.BotUser {
			e.Kind, e.Interaction = KindDM, e.Message
		} else {
			e.Kind, e.User = KindOwnDM, create.in("target").str("recipient_id")
		}
		e.At = millis(m["created_timestamp"])
	case family == "chat":
		e.Message = p.str("id")
		a, b, _ := strings.Cut(p.str("conversation_id"), ":")
		if e.User = a; a == e.BotUser {
			e.User = b
		}
		if e.Type == ChatReceived {
			e.Kind, e.Interaction = KindChat, e.Message
		}
	case e.Type == LikeCreate:
		e.User = p.str("liked_tweet_author_id")
	default:
		for _, side := range []string{"source", "target", "author", "user"} {
			if id := p.in(side, "data").str("id"); id != e.BotUser && e.User == "" {
				e.User = id
			}
		}
	}
	for _, k := range []string{"created_at", "date_time"} {
		if at, err := time.Parse(time.RFC3339, p.str(k)); err == nil && e.At.IsZero() {
			e.At = at.UTC()
		}
	}
	for _, k := range []string{"created_at_msec", "event_timestamp_ms_str", "event_timestamp_ms"} {
		if e.At.IsZero() {
			e.At = millis(p[k])
		}
	}
	e.Automated = Unknown
	if u, ok := people[e.User]; ok && e.User != "" {
		e.Name, e.Automated = u.str("username"), No
		if u.in("affiliation").str("description") == "Automated" {
			e.Automated = Yes
		}
	}
	return []Event{e}
}

func expectPost(e *Event, p tree) {
	e.Message, e.Text, e.Lang, e.Readable = p.str("id"), p.str("text"), p.str("lang"), true
	e.ReplyTo, e.ReplyToUser = p.str("in_reply_to_tweet_id"), p.str("in_reply_to_user_id")
	if e.User = p.str("author_id"); e.User == e.BotUser {
		e.Kind, e.User = KindOwnPost, ""
		return
	}
	if e.Type == PostRepost {
		return
	}
	e.Kind, e.Interaction = KindPost, e.Message
	e.Mentioned, e.Replied, e.Quoted = e.Type == PostMention, e.Type == PostReply, e.Type == PostQuote
	e.Summoned = e.Mentioned || e.Quoted
}

func millis(v any) time.Time {
	var n json.Number
	if s, ok := v.(string); ok {
		n = json.Number(s)
	} else if f, ok := v.(float64); ok {
		return time.UnixMilli(int64(f)).UTC()
	}
	ms, err := n.Int64()
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// collect finds every user object, wherever it is.
func collect(v any, into map[string]tree) map[string]tree {
	switch v := v.(type) {
	case tree:
		collect(map[string]any(v), into)
	case map[string]any:
		if u := tree(v); u.str("username") != "" && u["public_metrics"] != nil {
			into[u.str("id")] = u
		}
		for _, inner := range v {
			collect(inner, into)
		}
	case []any:
		for _, inner := range v {
			collect(inner, into)
		}
	}
	return into
}

// TestXTypesKnown: every event type of X's contract is known.
func TestXTypesKnown(t *testing.T) {
	t.Parallel()
	in, err := os.ReadFile(filepath.Join(xdata(t), "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Enum []Type }
			}
		}
	}
	if err := json.Unmarshal(in, &spec); err != nil {
		t.Fatal(err)
	}
	types := spec.Components.Schemas["CreateActivitySubscriptionRequest"].Properties["event_type"].Enum
	if len(types) == 0 {
		t.Fatal("the contract names no event types: has it moved them?")
	}
	for _, typ := range types {
		if !typ.Known() {
			t.Errorf("%s is not known", typ)
		}
	}
}

// TestXPostFieldsKnown: every field of a post of X's contract is known.
func TestXPostFieldsKnown(t *testing.T) {
	t.Parallel()
	in, err := os.ReadFile(filepath.Join(xdata(t), "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(in, &spec); err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{}
	for name := range spec.Components.Schemas["Post"].Properties {
		fields[name] = nil
	}
	if len(fields) == 0 {
		t.Fatal("the contract has no fields of a post")
	}
	payload, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	if e := decodeOne(t, envelope(PostMention, string(payload), `{}`)); e.Extra != nil {
		t.Errorf("unknown: %v", e.Extra)
	}
}
