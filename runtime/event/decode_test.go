package event

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The cast of testdata.
const (
	bot   = "900100200300400500"
	user  = "700100200300400500"
	first = "2028394881872822289" // the user's post, 2026-03-02 09:00:00.250
	edit  = "2028396013286326275" // its second version
	own   = "2028017393464246277" // a post of the bot
	dmOne = "2028397399503798280"
	dmTwo = "2028397405795254281"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	in, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func at(s string) time.Time {
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return parsed
}

func TestDecodeSamples(t *testing.T) {
	t.Parallel()
	nine := at("2026-03-02T09:00:00Z")
	mention := Event{
		ID: "4711000000000000001", Type: PostMention, Kind: KindPost, Known: true, Tag: "desk",
		BotUser: bot, User: user, Name: "mallory_q", At: nine, Interaction: first, Message: first,
		Text: "hi @acmehelp: is A & B <open>?", Readable: true, Lang: "en",
		Mentioned: true, Summoned: true, Automated: No,
	}
	edited := mention
	edited.ID, edited.Message, edited.Version = "4711000000000000002", edit, 1
	edited.At, edited.Text = at("2026-03-02T09:04:30Z"), "hi @acmehelp, open today?"
	edited.Name, edited.Automated = "", Unknown
	dm := Event{
		ID: "-4711000000000000006", Type: DMReceived, Kind: KindDM, Known: true, Tag: "desk",
		BotUser: bot, User: user, Name: "mallory_q", At: at("2026-03-02T09:10:00.5Z"),
		Interaction: dmOne, Message: dmOne, Text: "where is my order?", Readable: true, Automated: No,
	}
	one, two := dm, dm
	one.ID, one.Text, one.Automated = "-4711000000000000007", "one", Yes
	two.ID, two.Index, two.Kind, two.Text = one.ID, 1, KindOwnDM, "two"
	two.At, two.Interaction, two.Message, two.Automated = at("2026-03-02T09:10:02Z"), "", dmTwo, Yes

	tests := []struct {
		name string
		want []Event
	}{
		{"mention", []Event{mention}},
		{"mention_edited", []Event{edited}},
		{"reply", []Event{{
			ID: "-4711000000000000003", Type: PostReply, Kind: KindPost, Known: true, Tag: "desk",
			BotUser: bot, User: user, At: nine, Interaction: first, Message: first,
			Text: "@acmehelp thanks a lot", Readable: true, Lang: "en",
			Replied: true, ReplyTo: own, ReplyToUser: bot, Automated: Unknown,
		}}},
		{"quote", []Event{{
			ID: "0f4e2a6c-51b0-4d3e-9a57-6d1c2f3b4a59", Type: PostQuote, Kind: KindPost, Known: true, Tag: "desk",
			BotUser: bot, User: user, At: nine, Interaction: first, Message: first,
			Text: "look at this https://t.co/abc", Readable: true, Lang: "en",
			Quoted: true, Summoned: true, Automated: Unknown,
		}}},
		{"long", []Event{{
			ID: "4711000000000000005", Type: PostMention, Kind: KindPost, Known: true, Tag: "desk",
			BotUser: bot, User: user, At: nine, Interaction: first, Message: first,
			Text: "A long story that ends so: @acmehelp please stop & unsubscribe", Readable: true, Lang: "en",
			Mentioned: true, Summoned: true, Automated: Unknown,
		}}},
		{"dm", []Event{dm}},
		{"dm_two", []Event{one, two}},
		{"own_post", []Event{{
			ID: "4711000000000000008", Type: PostCreate, Kind: KindOwnPost, Known: true, Tag: "desk",
			BotUser: bot, User: user, At: at("2026-03-01T08:00:00Z"), Message: own,
			Text: "We are open.", Readable: true, Lang: "en", ReplyTo: first, ReplyToUser: user, Automated: Unknown,
		}}},
		{"keyword", []Event{{
			ID: "4711000000000000009", Type: PostCreate, Kind: KindPost, Known: true, Tag: "desk", Keyword: "acme",
			BotUser: bot, User: user, At: nine, Interaction: first, Message: first,
			Text: "acme is down again", Readable: true, Lang: "en", Automated: Unknown,
		}}},
		{"repost", []Event{{
			ID: "4711000000000000010", Type: PostRepost, Kind: KindOther, Known: true, Tag: "desk",
			BotUser: bot, User: user, At: nine, Message: first,
			Text: "RT @acmehelp: We are open.", Readable: true, Lang: "en", Automated: Unknown,
		}}},
		{"delete", []Event{{
			ID: "4711000000000000011", Type: PostDelete, Kind: KindDelete, Known: true, Tag: "desk",
			BotUser: bot, Message: own, Automated: Unknown,
		}}},
		{"chat", []Event{{
			ID: "4711000000000000012", Type: ChatReceived, Kind: KindChat, Known: true, Tag: "desk",
			BotUser: bot, User: user, At: at("2026-03-02T09:10:00.5Z"),
			Interaction: "6f1c0c52-33de-4f0a-8a0e-0f8d1f2b7c11", Message: "6f1c0c52-33de-4f0a-8a0e-0f8d1f2b7c11",
			Automated: Unknown,
		}}},
		{"revoke", []Event{{
			ID: "4711000000000000013", Type: OAuthRevoke, Kind: KindRevoke, Known: true, Tag: "desk",
			BotUser: bot, At: nine, App: "29", Automated: Unknown,
		}}},
		{"follow", []Event{{
			ID: "4711000000000000014", Type: Follow, Kind: KindOther, Known: true, Tag: "desk",
			BotUser: bot, User: user, Name: "mallory_q", Automated: No,
		}}},
	}
	listed := map[string]bool{}
	for _, tt := range tests {
		listed[tt.name] = true
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Decode(sample(t, tt.name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Decode (-want +got):\n%s", diff)
			}
		})
	}
	files, _ := filepath.Glob("testdata/*.json")
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".json"); !listed[name] {
			t.Errorf("testdata/%s.json is in no row of the table", name)
		}
	}
}

// envelope writes an envelope for the bot around a payload and includes.
func envelope(typ Type, payload, includes string) string {
	return fmt.Sprintf(`{"data":{"event_uuid":"-1","event_type":%q,"filter":{"user_id":%q},"payload":%s,"includes":%s}}`,
		typ, bot, payload, includes)
}

// decodeOne decodes a body that holds one event.
func decodeOne(t *testing.T, in string) Event {
	t.Helper()
	events, err := Decode([]byte(in))
	if err != nil || len(events) != 1 {
		t.Fatalf("Decode(%s): %d events, %v; want 1, nil", in, len(events), err)
	}
	return events[0]
}

// TestDecodeVariants states one fact of one body a row.
func TestDecodeVariants(t *testing.T) {
	t.Parallel()
	post := func(fields string) string {
		return `{"id":"` + first + `","author_id":"` + user + `","text":"@acme hi","display_text_range":[6,8]` + fields + `}`
	}
	ment := func(start string) string {
		return `,"entities":{"mentions":[{"start":` + start + `,"id":"` + bot + `"}]}`
	}
	dm := func(create, rest string) string {
		return `{"direct_message_events":[{"type":"message_create","id":"` + dmOne + `","message_create":{` + create + `}}]` + rest + `}`
	}
	fromUser := `"sender_id":"` + user + `","target":{"recipient_id":"` + bot + `"}`
	tests := []struct {
		name string
		in   string
		got  func(Event) any
		want any
	}{
		{"leading mention of a reply is no mention", envelope(PostReply, post(ment("0")), `{}`), mentioned, false},
		{"leading mention of a reply is no summons", envelope(PostReply, post(ment("0")), `{}`), summoned, false},
		{"mention at the start of the displayed text", envelope(PostReply, post(ment("6")), `{}`), summoned, true},
		{"mention behind the displayed text", envelope(PostReply, post(ment("8")), `{}`), summoned, false},
		{"mention event with a leading mention only", envelope(PostMention, post(ment("0")), `{}`), summoned, false},
		{"mention event is a mention whatever the entities say", envelope(PostMention, post(ment("0")), `{}`), mentioned, true},
		{"mention event without entities", envelope(PostMention, post(""), `{}`), summoned, true},
		{"mention of somebody else", envelope(PostCreate, post(`,"entities":{"mentions":[{"start":7,"id":"1"}]}`), `{}`), mentioned, false},
		{"mention event that replies to the bot", envelope(PostMention, post(`,"in_reply_to_user_id":"`+bot+`"`), `{}`), replied, true},
		{"reply event without in_reply_to_user_id", envelope(PostReply, post(""), `{}`), replied, true},
		{"mention event that replies to another", envelope(PostMention, post(`,"in_reply_to_user_id":"1"`), `{}`), replied, false},
		{"quote of the bot by includes", envelope(PostMention, post(`,"referenced_tweets":[{"type":"quoted","id":"5"}]`), `{"tweets":[{"id":"5","author_id":"`+bot+`"}]}`), quoted, true},
		{"quote of another by includes", envelope(PostMention, post(`,"referenced_tweets":[{"type":"quoted","id":"5"}]`), `{"tweets":[{"id":"5","author_id":"6"}]}`), quoted, false},
		{"repost by reference", envelope(PostMention, post(`,"referenced_posts":[{"type":"retweeted","id":"5"}]`), `{}`), kind, KindOther},
		{"post without author", envelope(PostMention, `{"id":"5","text":"x"}`, `{}`), kind, KindOther},
		{"post without id", envelope(PostMention, `{"author_id":"5","text":"x"}`, `{}`), kind, KindOther},
		{"post spelling of the edit chain", envelope(PostMention, post(`,"edit_history_post_ids":["7","8","`+first+`"]`), `{}`), chain, "7/2"},
		{"tweet spelling of the edit chain wins", envelope(PostMention, post(`,"edit_history_post_ids":["7"],"edit_history_tweet_ids":["8","`+first+`"]`), `{}`), chain, "8/1"},
		{"null tweet spelling yields", envelope(PostMention, post(`,"edit_history_tweet_ids":null,"edit_history_post_ids":["7","`+first+`"]`), `{}`), chain, "7/1"},
		{"chain of earlier versions only", envelope(PostMention, post(`,"edit_history_tweet_ids":["7","8"]`), `{}`), chain, "7/2"},
		{"no chain", envelope(PostMention, post(""), `{}`), chain, first + "/0"},
		{"post spelling of the reply", envelope(PostReply, post(`,"in_reply_to_post_id":"9"`), `{}`), replyTo, "9"},
		{"reply by reference", envelope(PostReply, post(`,"referenced_posts":[{"type":"replied_to","id":"9"}]`), `{}`), replyTo, "9"},
		{"post spelling of the note", envelope(PostMention, post(`,"note_post":{"text":"all of it"}`), `{}`), text, "all of it"},
		{"entities are decoded once", envelope(PostMention, post(`,"note_tweet":{"text":"&amp;lt; &gt; &quot;"}`), `{}`), text, "&lt; > &quot;"},
		{"escapes", envelope(PostMention, post(`,"note_tweet":{"text":"a\u00e9\n\ud83d\ude00\ud800\/"}`), `{}`), text, "aé\n😀\uFFFD/"},
		{"numeric id with its twin", envelope(PostMention, `{"id":2028394881872822300,"id_str":"`+first+`","author_id":7,"text":"x"}`, `{}`), messageID, first},
		{"numeric id alone", envelope(PostMention, `{"id":2028394881872822289,"author_id":7,"text":"x"}`, `{}`), messageID, first},
		{"string id beside a twin", envelope(PostMention, `{"id":"a","id_str":"b","author_id":7,"text":"x"}`, `{}`), messageID, "a"},
		{"time from the id", envelope(PostMention, post(""), `{}`), when, at("2026-03-02T09:00:00.25Z")},
		{"time that is none", envelope(PostMention, post(`,"created_at":"yesterday"`), `{}`), when, at("2026-03-02T09:00:00.25Z")},
		{"time beyond the year 9999", envelope(LikeCreate, `{"timestamp_ms":999999999999999}`, `{}`), when, time.Time{}},
		{"numeric time", envelope(LikeCreate, `{"timestamp_ms":1772442600500}`, `{}`), when, at("2026-03-02T09:10:00.5Z")},
		{"media only", envelope(PostMention, post(`,"attachments":{},"note_tweet":{"text":"@acme https://t.co/a"}`), `{}`), isReadable, false},
		{"media and words", envelope(PostMention, post(`,"attachments":{}`), `{}`), isReadable, true},
		{"blank text", envelope(DMReceived, dm(fromUser+`,"message_data":{"text":" \n"}`, ""), `{}`), isReadable, false},
		{"author labelled", envelope(PostMention, post(""), `{"users":[{"id":"`+user+`","affiliation":{"description":"Automated"}}]}`), automated, Yes},
		{"author labelled, wrapped", envelope(PostMention, post(""), `{"users":[{"data":{"id":"`+user+`","affiliation":{"description":"Automated"}}}]}`), automated, Yes},
		{"author affiliated otherwise", envelope(PostMention, post(""), `{"users":[{"id":"`+user+`","affiliation":{"description":"automated"}}]}`), automated, No},
		{"only another's label", envelope(PostMention, post(""), `{"users":[{"id":"1","affiliation":{"description":"Automated"}}]}`), automated, Unknown},
		{"users map by key alone", envelope(DMReceived, dm(fromUser, `,"users":{"`+user+`":{"affiliation":{"description":"Automated"}}}`), `{}`), automated, Yes},
		{"dm time from the id", envelope(DMReceived, dm(fromUser, ""), `{}`), when, at("2026-03-02T09:10:00.5Z")},
		{"dm one to one", envelope(DMReceived, dm(fromUser, `,"dm_conversation_id":"`+user+`-`+bot+`"`), `{}`), group, false},
		{"dm of a group conversation", envelope(DMReceived, dm(fromUser, `,"dm_conversation_id":"2028394881872822289"`), `{}`), group, true},
		{"dm among three users", envelope(DMReceived, dm(fromUser, `,"users":{"1":{},"2":{},"3":{}}`), `{}`), group, true},
		{"dm without recipient", envelope(DMReceived, dm(`"sender_id":"`+user+`"`, ""), `{}`), group, true},
		{"dm to another", envelope(DMReceived, dm(`"sender_id":"`+user+`","target":{"recipient_id":"1"}`, ""), `{}`), group, true},
		{"own dm seen as received", envelope(DMReceived, dm(`"sender_id":"`+bot+`","target":{"recipient_id":"`+user+`"}`, ""), `{}`), side, "own_dm " + user},
		{"dm without sender", envelope(DMReceived, dm(`"message_data":{"text":"x"}`, ""), `{}`), side, "other "},
		{"dm list in an unknown shape", envelope(DMReceived, `{"direct_message_events":{}}`, `{}`), side, "other "},
		{"chat of our own", envelope(ChatReceived, `{"id":"1","sender_id":"`+bot+`","conversation_id":"`+bot+`:`+user+`"}`, `{}`), side, "other " + user},
		{"our own block", envelope(Block, `{"source":{"data":{"id":"`+bot+`"}},"target":{"id":"`+user+`"}}`, `{}`), side, "other " + user},
		{"like of ours", envelope(LikeCreate, `{"liked_tweet_author_id":"`+bot+`"}`, `{}`), side, "other "},
		{"delete of another's post", envelope(PostDelete, `{"id":"1","author_id":"`+user+`"}`, `{}`), side, "other " + user},
		{"payload null", envelope(PostMention, `null`, `null`), kind, KindOther},
		{"payload a list", envelope(PostMention, `[1,{"a":[]}]`, `7`), kind, KindOther},
		{"unknown type", envelope("post.teleport", `{"id":"1"}`, `{}`), func(e Event) any { return e.Known }, false},
		{"unknown type is other", envelope("post.teleport", `{"id":"1"}`, `{}`), kind, KindOther},
		{"no bot", `{"data":{"event_type":"post.create","payload":{"id":"1","author_id":"2"}}}`, func(e Event) any { return e.BotUser }, ""},
		{"escaped keys", strings.Replace(envelope(PostMention, post(""), `{}`), `"author_id"`, `"author\u005fid"`, 1), kind, KindPost},
		{"twin of a container is none", strings.Replace(envelope(PostMention, post(""), `{}`), `"payload"`, `"payload_str":{"id":"1"},"payload"`, 1), messageID, first},
		{"tag and keyword of another type", `{"data":{"event_type":"news.new","tag":7,"filter":{"keyword":["a"]}}}`, func(e Event) any { return e.Tag + e.Keyword }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.got(decodeOne(t, tt.in))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

func mentioned(e Event) any  { return e.Mentioned }
func summoned(e Event) any   { return e.Summoned }
func replied(e Event) any    { return e.Replied }
func quoted(e Event) any     { return e.Quoted }
func kind(e Event) any       { return e.Kind }
func chain(e Event) any      { return fmt.Sprintf("%s/%d", e.Interaction, e.Version) }
func replyTo(e Event) any    { return e.ReplyTo }
func text(e Event) any       { return e.Text }
func messageID(e Event) any  { return e.Message }
func when(e Event) any       { return e.At }
func isReadable(e Event) any { return e.Readable }
func automated(e Event) any  { return e.Automated }
func group(e Event) any      { return e.Group }
func side(e Event) any       { return string(e.Kind) + " " + e.User }

func TestDecodeEmptyList(t *testing.T) {
	t.Parallel()
	got, err := Decode([]byte(envelope(DMReceived, `{"direct_message_events":[]}`, `{}`)))
	if err != nil || len(got) != 0 {
		t.Errorf("Decode of an empty list: %v, %v; want no event, nil", got, err)
	}
}

func TestDecodeExtra(t *testing.T) {
	t.Parallel()
	in := `{"meta":1,"data":{"zone":{"a":[1]},"event_type":"dm.received","filter":{"shape":2},"payload":{"wave":[],"wave_str":"",
		"direct_message_events":[{"glow":1,"message_create":{"pin":1,"target":{"who":1},"message_data":{"font":1}}},{"glow":2}]},
		"includes":{"moons":[]}}}`
	want := []string{
		"data.filter.shape", "data.includes.moons",
		"data.payload.direct_message_events[].glow",
		"data.payload.direct_message_events[].message_create.message_data.font",
		"data.payload.direct_message_events[].message_create.pin",
		"data.payload.direct_message_events[].message_create.target.who",
		"data.payload.wave", "data.payload.wave_str", "data.zone", "meta",
	}
	events, err := Decode([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if diff := cmp.Diff(want, e.Extra); diff != "" {
			t.Errorf("Extra (-want +got):\n%s", diff)
		}
	}
}

func TestDecodeWithoutID(t *testing.T) {
	t.Parallel()
	in := `{"data":{"event_type":"post.create"}}`
	if want, got := BodyID([]byte(in)), decodeOne(t, in).ID; want != got {
		t.Errorf("ID: want the hash of the body %s, got %s", want, got)
	}
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	deep := func(n int) string {
		return `{"data":{"event_type":"x","payload":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}}`
	}
	tests := []struct {
		name, in, where string
		want            error
	}{
		{"empty", ``, "byte 0", ErrSyntax},
		{"cut off", `{"data":{"event_type":"x"}`, "byte 26", ErrSyntax},
		{"trailing bytes", `{"data":{"event_type":"x"}}{}`, "byte 27", ErrSyntax},
		{"trailing comma", `{"data":{"event_type":"x",}}`, "byte 26", ErrSyntax},
		{"bare control character", "{\"data\":{\"event_type\":\"x\ny\"}}", "byte 24", ErrSyntax},
		{"bad escape", `{"data":{"event_type":"\x"}}`, "byte 23", ErrSyntax},
		{"leading zero", `{"data":{"event_type":"x","a":01}}`, "byte 31", ErrSyntax},
		{"too deep", deep(31), "byte", ErrDepth},
		{"a list", `[]`, "data", ErrEnvelope},
		{"no data", `{}`, "data", ErrEnvelope},
		{"account activity envelope", `{"for_user_id":"1","tweet_create_events":[]}`, "for_user_id", ErrEnvelope},
		{"data no object", `{"data":[{"event_type":"x"}]}`, "data", ErrEnvelope},
		{"no type", `{"data":{"event_uuid":"1"}}`, "event_type", ErrEnvelope},
		{"type no string", `{"data":{"event_type":5}}`, "event_type", ErrEnvelope},
		{"replay status", `{"replay_job_status":{"job_state":"Complete"}}`, "", ErrReplayStatus},
		{"two data", `{"data":{"event_type":"x"},"data":{}}`, "data", ErrDuplicate},
		{"two types", `{"data":{"event_type":"x","event_type":"y"}}`, "data.event_type", ErrDuplicate},
		{"two types, one escaped", `{"data":{"event_type":"x","event\u005ftype":"y"}}`, "data.event_type", ErrDuplicate},
		{"two bots", `{"data":{"event_type":"x","filter":{"user_id":"1","user_id":"2"}}}`, "data.filter.user_id", ErrDuplicate},
		{"two twins", `{"data":{"event_type":"x","payload":{"id_str":"1","id_str":"2"}}}`, "data.payload.id", ErrDuplicate},
		{"two payloads", `{"data":{"event_type":"x","payload":{},"payload":{}}}`, "data.payload", ErrDuplicate},
		{"two senders", envelope(DMReceived, `{"direct_message_events":[{"message_create":{"sender_id":"1","sender_id":"2"}}]}`, `{}`), "sender_id", ErrDuplicate},
		{"two reference types", envelope(PostMention, `{"author_id":"1","referenced_tweets":[{"type":"quoted","type":"retweeted"}]}`, `{}`), "type", ErrDuplicate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			events, err := Decode([]byte(tt.in))
			if !errors.Is(err, tt.want) || events != nil || !strings.Contains(err.Error(), tt.where) {
				t.Errorf("Decode(%s): %v, %v; want nil, %v, naming %q", tt.in, events, err, tt.want, tt.where)
			}
		})
	}
	if _, err := Decode([]byte(deep(30))); err != nil {
		t.Errorf("32 levels: want no error, got %v", err)
	}
}

// TestDecodeDoublesNobodyReads: they change nothing, so they pass.
func TestDecodeDoublesNobodyReads(t *testing.T) {
	t.Parallel()
	decodeOne(t, envelope(PostMention, `{"id":"1","author_id":"2","new":1,"new":2,"geo":{},"geo":[]}`, `{}`))
}
