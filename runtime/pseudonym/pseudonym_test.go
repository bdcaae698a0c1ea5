package pseudonym

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	desk = "1400000000000000001" // the host's account
	mara = "1400000000000000777"
)

func postID(t *testing.T, at string, low int64) string {
	t.Helper()
	when, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	if _, err := fmt.Sscan(event.SnowflakeAt(when), &n); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(n + low)
}

func mention(id, text string) string {
	b, _ := json.Marshal(text)
	return `{"data":{"event_uuid":"` + id[1:] + `","event_type":"post.mention.create","filter":{"user_id":"` + desk + `"},"payload":{"id":"` + id +
		`","author_id":"` + mara + `","created_at":"2026-11-02T09:00:00.000Z","lang":"en","text":` + string(b) + `},"includes":{"users":[` +
		`{"id":"` + mara + `","username":"Mara_Holm1","name":"Mara Holm","description":"I live in Oslo","created_at":"2019-05-04T03:02:01.000Z","affiliation":{"description":"Automated"}},` +
		`{"id":"` + desk + `","username":"acme_desk","name":"Acme Desk","description":"We help"}]}}}`
}

func dm(id, from, text string) string {
	b, _ := json.Marshal(text)
	return `{"data":{"event_uuid":"77` + id[2:] + `","event_type":"dm.received","filter":{"user_id":"` + desk + `"},"payload":{"direct_message_events":[{"type":"message_create","id":"` + id +
		`","created_timestamp":"1793610000123","message_create":{"target":{"recipient_id":"` + desk + `"},"sender_id":"` + from + `","message_data":{"text":` + string(b) + `}}}],"users":{"` +
		from + `":{"id":"` + from + `","username":"mara_holm1","name":"Mara Holm"}}}}}`
}

// under rewrites a log with a key of its own.
func under(t *testing.T, key string, lines ...string) []string {
	t.Helper()
	p := New(Options{Key: []byte(key), Bots: []string{"support"}})
	for _, l := range lines {
		p.Accounts([]byte(l))
	}
	for _, l := range lines {
		if err := p.Learn([]byte(l)); err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	for _, l := range lines {
		b, err := p.Line([]byte(l))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

// Whatever names a user is gone, from fields and from texts; the rest stands.
func TestT13NothingOfAUserIsLeft(t *testing.T) {
	t.Parallel()
	id := postID(t, "2026-11-02T09:00:00Z", 5)
	text := "Hi @acme_desk I am Mara Holm, mail mara.holm@firma.no or +47 912 34 567, see https://mara.example.org/me?x=1 and x.com/Mara_Holm1/status/" + id +
		" or ask @mara_HOLM1. STOP on 2026-11-25, order 4711"
	out := under(t, "k", mention(id, text), dm(postID(t, "2026-11-02T09:00:00Z", 9), mara, "call 91234567, again: mara.holm@firma.no"))
	whole := strings.Join(out, "\n")
	for _, gone := range []string{mara, id, "Mara", "Holm", "mara", "firma", "912 34 567", "91234567", "Oslo", "example.org", "2019-05", "HOLM"} {
		if strings.Contains(whole, gone) {
			t.Errorf("%q is left:\n%s", gone, whole)
		}
	}
	for _, stays := range []string{desk, "@acme_desk", "Acme Desk", "We help", "STOP on 2026-11-25, order 4711", `"lang":"en"`, `"description":"Automated"`,
		"2026-11-02T09:00:00.000Z", "1793610000123", "2019-01-01", "@mail.example"} {
		if !strings.Contains(whole, stays) {
			t.Errorf("%q is not there:\n%s", stays, whole)
		}
	}
}

// One identifier is one pseudonym in every place, and another under another key.
func TestT11Stable(t *testing.T) {
	t.Parallel()
	id := postID(t, "2026-11-02T09:00:00Z", 5)
	lines := []string{mention(id, "@acme_desk mail mara.holm@firma.no"), dm(postID(t, "2026-11-02T09:01:00Z", 0), mara, "MARA.holm@firma.no, @mara_holm1")}
	out := under(t, "k", lines...)
	first, err := event.Decode([]byte(out[0]))
	if err != nil {
		t.Fatal(err)
	}
	second, err := event.Decode([]byte(out[1]))
	if err != nil {
		t.Fatal(err)
	}
	a, b := first[0], second[0]
	if a.User == mara || a.User != b.User || len(a.User) != len(mara) {
		t.Errorf("the user is %s and %s", a.User, b.User)
	}
	if a.Name == "" || !strings.EqualFold(a.Name, b.Name) || !strings.HasSuffix(strings.ToLower(b.Text), "@"+strings.ToLower(a.Name)) {
		t.Errorf("the handle is %q and %q, in a text %q", a.Name, b.Name, b.Text)
	}
	mail := strings.Fields(a.Text)[2]
	if !strings.HasPrefix(b.Text, mail) {
		t.Errorf("the address is %s, and in %q", mail, b.Text)
	}
	if again := under(t, "k", lines...); strings.Join(again, "") != strings.Join(out, "") {
		t.Error("the same key gave other pseudonyms")
	}
	if other := under(t, "another", lines...); other[0] == out[0] {
		t.Error("another key gave the same pseudonyms")
	}
}

// Ids keep their millisecond and their order, within a millisecond too.
func TestT12OrderAndTime(t *testing.T) {
	t.Parallel()
	var lines, ids []string
	for i := range int64(20) {
		id := postID(t, "2026-11-02T09:00:00.123Z", i*3)
		ids = append(ids, id)
		lines = append(lines, dm(id, mara, "hello"))
	}
	last := ""
	for i, line := range under(t, "k", lines...) {
		es, err := event.Decode([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		e := es[0]
		was, _ := event.Snowflake(ids[i])
		at, ok := event.Snowflake(e.Message)
		if !ok || !at.Equal(was) || e.Message == ids[i] {
			t.Errorf("%s became %s, of %s", ids[i], e.Message, at)
		}
		if e.Message <= last {
			t.Errorf("%s comes after %s", e.Message, last)
		}
		last = e.Message
	}
}

// What the bot's account wrote before anybody else is in its answers too, and
// stays; what a user gave first does not.
func TestT14OperatorsAddressesStay(t *testing.T) {
	t.Parallel()
	own := dm(postID(t, "2026-11-02T09:00:00Z", 0), desk, "Write to help@acme.test or 0800 123 4567")
	user := dm(postID(t, "2026-11-02T09:01:00Z", 0), mara, "I wrote to help@acme.test from mara@firma.no")
	echo := dm(postID(t, "2026-11-02T09:02:00Z", 0), desk, "We answer mara@firma.no")
	whole := strings.Join(under(t, "k", own, user, echo), "\n")
	if strings.Count(whole, "help@acme.test") != 2 || !strings.Contains(whole, "0800 123 4567") || strings.Contains(whole, "firma") {
		t.Errorf("got %s", whole)
	}
}

// An outcome names its send by an id that is made of the interaction: it must be
// the id that a replay under pseudonyms makes.
func TestT14OutcomesFindTheirSends(t *testing.T) {
	t.Parallel()
	id := postID(t, "2026-11-02T09:00:00Z", 5)
	was := event.ActionID("support", id, event.Reply, event.Answer, 0, 0)
	out := under(t, "k", mention(id, "@acme_desk hi"), `{"specversion":"1.0","type":"beckon.outcome","data":{"action":"`+was+`","class":"refused"}}`)
	es, err := event.Decode([]byte(out[0]))
	if err != nil {
		t.Fatal(err)
	}
	if is := event.ActionID("support", es[0].Interaction, event.Reply, event.Answer, 0, 0); !strings.Contains(out[1], is) || is == was {
		t.Errorf("the outcome is %s, the send is %s", out[1], is)
	}
}

// An answer names its question likewise.
func TestT14AnswersFindTheirQuestions(t *testing.T) {
	t.Parallel()
	id := postID(t, "2026-11-02T09:00:00Z", 5)
	asked := func(body string) string {
		es, err := event.Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return event.QuestionID("support", es[0].ID, es[0].Index, "orders")
	}
	in := mention(id, "@acme_desk hi")
	answer, err := event.Response{
		ID: "n-1", Bot: "support", Handler: "orders", User: mara, At: time.Unix(1793610000, 0).UTC(),
		Said: event.Said{Form: event.AnswerForm, Question: asked(in), User: mara, Text: "Hello @mara_holm1"},
	}.Body()
	if err != nil {
		t.Fatal(err)
	}
	out := under(t, "k", in, `{"specversion":"1.0","id":"n-1","source":"/beckon/answer","type":"beckon.answer","data":`+string(answer)+`}`)
	if is := asked(out[0]); !strings.Contains(out[1], is) || strings.Contains(out[1], mara) || strings.Contains(out[1], "mara") || strings.Count(out[1], "n-1") != 2 {
		t.Errorf("the answer is %s, the question %s", out[1], is)
	}
}

// What cannot be read is never copied; what is given twice is given twice still.
func TestStrangeLines(t *testing.T) {
	t.Parallel()
	p := New(Options{Key: []byte("k")})
	for _, bad := range []string{"", "x", `{"a":1} {"b":2}`, "{\"a\":\"\xff\"}", `{"a":`} {
		if _, err := p.Line([]byte(bad)); err == nil {
			t.Errorf("%q was copied", bad)
		}
		if err := p.Learn([]byte(bad)); err == nil {
			t.Errorf("%q was learnt", bad)
		}
	}
	got, err := p.Line([]byte(`{"b":1,"a":[1.50,true,null,"<&>"],"b":2}`))
	if want := `{"b":1,"a":[1.50,true,null,"<&>"],"b":2}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	secret := base64.StdEncoding.EncodeToString([]byte("broken body of @mara"))
	got, err = p.Line([]byte(`{"specversion":"1.0","data_base64":"` + secret + `"}`))
	if err != nil || bytes.Contains(got, []byte(secret)) {
		t.Errorf("got %s, %v", got, err)
	}
	rules := `{"specversion":"1.0","type":"beckon.rules.activated","data":{"bot":"b","set":"0123456789abcdef0123456789abcdef","why":"start"}}`
	if got, err = p.Line([]byte(rules)); err != nil || string(got) != rules {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	p := New(Options{Key: []byte("k")})
	for _, same := range []string{"stop", "STOP!", "bitte keine Nachrichten mehr", "order 4711", "on 25.11.2026 at 10:30", "1/2/2026", "3.50 + 2.50", "¿dónde está?", "#acme $ACME"} {
		if got := p.text(same); got != same {
			t.Errorf("%q became %q", same, got)
		}
	}
	for _, tt := range []struct{ in, gone string }{
		{"tel 040/123 45 67", "123"}, {"(030) 1234567", "1234567"}, {"order 12345678", "12345678"}, {"www.mara.org", "mara"}, {"mara.org/a", "mara"},
		{"＠mara", "mara"}, {"ßära@öst.se", "öst"}, {"https://mara.org", "mara"}, {"https://x.com/mara", "mara"}, {"https://t.co/AbCdEf", "AbCdEf"}, {"(https://a.b/mara).", "mara"},
	} {
		if got := p.text(tt.in); strings.Contains(got, tt.gone) {
			t.Errorf("%q became %q", tt.in, got)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add(mention("1984000000000000000", "hi @mara"))
	f.Add(`{"for_user_id":"1","tweet_create_events":[{"id":2,"id_str":"2","user":{"id_str":"3","screen_name":""}}]}`)
	f.Fuzz(func(t *testing.T, line string) {
		p := New(Options{Key: []byte("k")})
		p.Accounts([]byte(line))
		if p.Learn([]byte(line)) != nil {
			return
		}
		out, err := p.Line([]byte(line))
		if err != nil || !json.Valid(out) {
			t.Errorf("%q: %q, %v", line, out, err)
		}
	})
}

// T11: under one key an id has the same pseudonym in every log, whatever else the
// log has of its millisecond.
func TestT11SameInEveryLogOfAKey(t *testing.T) {
	t.Parallel()
	at := "2026-11-02T09:00:00Z"
	id := postID(t, at, 5)
	of := func(more ...string) string {
		p := New(Options{Key: []byte("k"), Many: true})
		lines := append(more, mention(id, "hi"))
		for _, l := range lines {
			p.Accounts([]byte(l))
		}
		for _, l := range lines {
			if err := p.Learn([]byte(l)); err != nil {
				t.Fatal(err)
			}
		}
		out, err := p.Line([]byte(lines[len(lines)-1]))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	alone := of()
	for low := range int64(5) {
		if with := of(mention(postID(t, at, low), "a"), mention(postID(t, at, 100+low), "b")); with != alone {
			t.Errorf("beside others it is\n%s\nalone\n%s", with, alone)
		}
	}
}

// Numbers are shuffled: no two become one, and none stays what it was.
func TestShuffle(t *testing.T) {
	t.Parallel()
	p := New(Options{Key: []byte("k")})
	for _, size := range []uint64{2, 3, 9, 10, 90, 900, 4096} {
		seen := map[uint64]bool{}
		for n := range size {
			is := p.shuffle("s", n, size)
			if is == n || is >= size || seen[is] {
				t.Errorf("%d of %d became %d", n, size, is)
			}
			seen[is] = true
		}
	}
	for _, id := range []string{"7", "42", "007", "1234567", "999999999999999999", "1984000000000000000", "123456789012345678901234567890"} {
		is := p.number("n", id)
		if is == id || len(is) != len(id) || (is[0] == '0') != (id[0] == '0') || is != p.number("n", id) {
			t.Errorf("%s became %s", id, is)
		}
	}
}

// T13: what a line has in base64 is learnt: whose account it is, and names that
// stand elsewhere in a text.
func TestT13BodiesInBase64AreLearnt(t *testing.T) {
	t.Parallel()
	id := postID(t, "2026-11-02T09:00:00Z", 5)
	in64 := `{"specversion":"1.0","id":"b","data_base64":"` + base64.StdEncoding.EncodeToString([]byte(mention(id, "@acme_desk hi"))) + `"}`
	out := under(t, "k", in64, `{"data":{"event_uuid":"1","event_type":"x","payload":{"text":"ask Mara Holm or @acme_desk"}}}`)
	if strings.Contains(out[1], "Mara") || !strings.Contains(out[1], "@acme_desk") {
		t.Errorf("got %s", out[1])
	}
	if body := string(bodyOf([]byte(out[0]))); strings.Contains(body, mara) || !strings.Contains(body, desk) {
		t.Errorf("got %s", body)
	}
}

// T14: an answer finds its question where only the host knows how the event was
// named: in the older envelope.
func TestT14QuestionsOfTheOlderEnvelope(t *testing.T) {
	t.Parallel()
	id := postID(t, "2026-11-02T09:00:00Z", 5)
	in := `{"for_user_id":"` + desk + `","tweet_create_events":[{"id_str":"` + id + `","text":"@acme_desk hi","user":{"id_str":"` + mara + `","screen_name":"mara_holm1"},` +
		`"in_reply_to_screen_name":"carla_west","place":{"full_name":"Oslo"}}]}`
	asked := func(body string) string {
		es, err := event.Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return event.QuestionID("support", es[0].ID, es[0].Index, "orders")
	}
	answer, err := event.Response{
		ID: "n-1", Bot: "support", Handler: "orders", User: mara, At: time.Unix(1793610000, 0).UTC(),
		Said: event.Said{Form: event.AnswerForm, Question: asked(in), User: mara, Text: "Hello"},
	}.Body()
	if err != nil {
		t.Fatal(err)
	}
	out := under(t, "k", in, `{"specversion":"1.0","id":"n-1","source":"/beckon/answer","type":"beckon.answer","data":`+string(answer)+`}`)
	if !strings.Contains(out[1], asked(out[0])) {
		t.Errorf("the answer is %s, the question %s", out[1], asked(out[0]))
	}
	if strings.Contains(out[0], "carla") || strings.Contains(out[0], "Oslo") {
		t.Errorf("got %s", out[0])
	}
}

// T13: whatever stands around an identifier, it does not survive.
func FuzzAround(f *testing.F) {
	f.Add("Hi ", ", again")
	f.Add("x@", ".de")
	f.Add("https://x.com/", "/status/1")
	f.Add("(", ")1/2")
	f.Add("\xdc@", "00")
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, mark := range []string{"@mara_holm1", "mara_holm1@firma.example", "https://mara_holm1.example/mara_holm1", "x.com/mara_holm1"} {
			line := mention("1984000000000000000", before+mark+after)
			p := New(Options{Key: []byte("k")})
			p.Accounts([]byte(line))
			if p.Learn([]byte(line)) != nil {
				return
			}
			out, err := p.Line([]byte(line))
			if err != nil || strings.Contains(strings.ToLower(string(out)), "mara_holm1") {
				t.Errorf("%q: %s, %v", before+mark+after, out, err)
			}
		}
	})
}
