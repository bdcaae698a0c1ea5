package xsim

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

// script is a day that makes every kind of body. It returns what was made, in
// order.
func script(w *world) []Done {
	var made []Done
	do := func(a Act) string {
		w.t.Helper()
		d := w.do(a)
		made = append(made, d)
		return d.ID
	}
	hi := do(Act{Kind: ActMention, From: "ann", To: "helpdesk", Text: "where is <my> parcel & when? https://shop.example/o/1?a=1&b=2"})
	do(Act{Kind: ActEdit, Post: hi, Text: "@HelpDesk where is my parcel?"})
	own := do(Act{Kind: ActPost, From: "HelpDesk", Text: "We are open until 6 pm"})
	do(Act{Kind: ActReply, From: "bob", Post: own, Text: "thanks"})
	do(Act{Kind: ActReply, From: "bob", Post: own, Text: "thanks, and where is it?", Mention: true, Quote: own})
	do(Act{Kind: ActQuote, From: "bob", Post: own, Text: "see this"})
	do(Act{Kind: ActKeyword, From: "cat", To: "HelpDesk", Keyword: "parcel", Text: "my parcel is late"})
	do(Act{Kind: ActRepost, From: "cat", Post: own})
	do(Act{Kind: ActLike, From: "cat", Post: own})
	do(Act{Kind: ActFollow, From: "cat", To: "HelpDesk"})
	do(Act{Kind: ActUnfollow, From: "cat", To: "HelpDesk"})
	do(Act{Kind: ActDM, From: "robo", To: "HelpDesk", Text: "Stop. Thanks & bye", Automated: true})
	do(Act{Kind: ActDM, From: "HelpDesk", To: "robo", Text: "A person here: see https://shop.example"})
	do(Act{Kind: ActReply, From: "HelpDesk", Post: hi, Text: "A person here too"})
	do(Act{Kind: ActMention, From: "robo", To: "HelpDesk", Text: strings.Repeat("very long ", 40) + "STOP"})
	do(Act{Kind: ActMention, From: "HelpTwin", To: "HelpDesk", Text: "hello, twin"})
	do(Act{Kind: ActDelete, Post: own})
	do(Act{Kind: ActRevoke, From: "HelpDesk"})
	return made
}

// TestBodiesDecode holds the bodies to Beckon's own decoder, field by field.
func TestBodiesDecode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	type line struct {
		Type            event.Type
		Kind            event.Kind
		Name            string // of the other side, where the body tells it
		Text            string
		Facts           string // mentioned, replied, quoted, summoned
		Version         int
		ReplyTo, Bot    string
		Automated       event.Tri
		Keyword, Unread string
	}
	var got []line
	var made []Done
	for _, d := range script(w) {
		made = append(made, d)
		for _, b := range d.Bodies {
			events, err := event.Decode(b)
			if err != nil || len(events) != 1 {
				t.Fatalf("want one event, got %d, %v of %s", len(events), err, b)
			}
			e := events[0]
			if len(e.Extra) > 0 || !e.Known || e.At.IsZero() && e.Type != event.PostDelete && e.Type != event.Follow && e.Type != event.Unfollow {
				t.Errorf("%s: extra %v, known %v, at %v", e.Type, e.Extra, e.Known, e.At)
			}
			var facts []string
			for name, is := range map[string]bool{"m": e.Mentioned, "r": e.Replied, "q": e.Quoted, "s": e.Summoned} {
				if is {
					facts = append(facts, name)
				}
			}
			slices.Sort(facts)
			l := line{e.Type, e.Kind, e.Name, e.Text, strings.Join(facts, ""), e.Version, e.ReplyTo, e.BotUser, e.Automated, e.Keyword, ""}
			if e.Kind == event.KindPost || e.Kind == event.KindDM {
				if !e.Readable {
					l.Unread = "unreadable"
				}
				if e.Interaction == "" || e.Message == "" || e.User == "" {
					t.Errorf("%s: %+v", e.Type, e)
				}
			}
			got = append(got, l)
		}
	}
	id := func(i int) string { return made[i].ID }
	link := func(i int, url string) string { return shortLink(0, id(i), url) }
	u, n := event.Unknown, event.No
	want := []line{
		{event.PostMention, event.KindPost, "ann", "@HelpDesk where is <my> parcel & when? " + link(0, "https://shop.example/o/1?a=1&b=2"), "ms", 0, "", deskID, n, "", ""},
		{event.PostMention, event.KindPost, "ann", "@HelpDesk where is my parcel?", "ms", 1, "", deskID, n, "", ""},
		{event.PostCreate, event.KindOwnPost, "", "We are open until 6 pm", "", 0, "", deskID, u, "", ""},
		{event.PostReply, event.KindPost, "", "@HelpDesk thanks", "r", 0, id(2), deskID, u, "", ""},
		{event.PostMention, event.KindPost, "bob", "@HelpDesk thanks, and where is it? @HelpDesk " + link(4, id(2)), "mrs", 0, id(2), deskID, n, "", ""},
		{event.PostReply, event.KindPost, "", "@HelpDesk thanks, and where is it? @HelpDesk " + link(4, id(2)), "mrs", 0, id(2), deskID, u, "", ""},
		{event.PostQuote, event.KindPost, "", "@HelpDesk thanks, and where is it? @HelpDesk " + link(4, id(2)), "mqrs", 0, id(2), deskID, u, "", ""},
		{event.PostQuote, event.KindPost, "", "see this " + link(5, id(2)), "qs", 0, "", deskID, u, "", ""},
		{event.PostCreate, event.KindPost, "cat", "my parcel is late", "", 0, "", deskID, n, "parcel", ""},
		{event.PostRepost, event.KindOther, "", "RT @HelpDesk: We are open until 6 pm", "", 0, "", deskID, u, "", ""},
		{event.LikeCreate, event.KindOther, "", "", "", 0, "", deskID, u, "", ""},
		{event.Follow, event.KindOther, "cat", "", "", 0, "", deskID, n, "", ""},
		{event.Unfollow, event.KindOther, "cat", "", "", 0, "", deskID, n, "", ""},
		{event.DMReceived, event.KindDM, "robo", "Stop. Thanks & bye", "", 0, "", deskID, event.Yes, "", ""},
		{event.DMSent, event.KindOwnDM, "robo", "A person here: see " + link(12, "https://shop.example"), "", 0, "", deskID, event.Yes, "", ""},
		{event.PostCreate, event.KindOwnPost, "ann", "@ann A person here too", "", 0, id(0), deskID, n, "", ""},
		{event.PostMention, event.KindPost, "robo", "@HelpDesk " + strings.Repeat("very long ", 40) + "STOP", "ms", 0, "", deskID, event.Yes, "", ""},
		{event.PostMention, event.KindPost, "HelpTwin", "@HelpDesk hello, twin", "ms", 0, "", deskID, n, "", ""},
		{event.PostCreate, event.KindOwnPost, "", "@HelpDesk hello, twin", "", 0, "", twinID, u, "", ""},
		{event.PostDelete, event.KindDelete, "", "", "", 0, "", deskID, u, "", ""},
		{event.OAuthRevoke, event.KindRevoke, "", "", "", 0, "", deskID, u, "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestX1SameScriptSameBytes: two runs agree in every byte, another seed does
// not.
func TestX1SameScriptSameBytes(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) string {
		w := newWorld(t, func(o *Options) { o.Seed = seed })
		var all strings.Builder
		for _, d := range script(w) {
			fmt.Fprintln(&all, d.ID)
			for _, b := range d.Bodies {
				fmt.Fprintf(&all, "%s\n", b)
			}
		}
		for _, token := range []string{"t-twin", "t-nobody"} {
			status, header, body := w.call("POST", "/2/tweets", token, `{"text":"see https://shop.example"}`)
			fmt.Fprintln(&all, status, header, body)
		}
		for _, b := range w.Take() {
			fmt.Fprintf(&all, "%s\n", b)
		}
		return all.String()
	}
	if diff := cmp.Diff(run(1), run(1)); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	if run(1) == run(2) {
		t.Error("the seed changes nothing")
	}
	if n := strings.Count(run(1), `"event_uuid":"-`); n == 0 {
		t.Error("no event id is negative")
	}
}

func TestActsRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	own := w.do(Act{Kind: ActPost, From: "HelpDesk", Text: "open"}).ID
	reply := w.do(Act{Kind: ActReply, From: "ann", Post: own, Text: "good"}).ID
	edited := w.do(Act{Kind: ActEdit, Post: post, Text: "hello @HelpDesk"}).ID
	gone := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "oops"}).ID
	w.do(Act{Kind: ActDelete, Post: gone})
	for name, a := range map[string]Act{
		"a kind":                  {Kind: "poke", From: "ann"},
		"a handle":                {Kind: ActPost, From: "a b"},
		"nobody":                  {Kind: ActPost},
		"an unknown bot":          {Kind: ActMention, From: "ann", To: "nobot"},
		"oneself":                 {Kind: ActDM, From: "ann", To: "ann"},
		"an unknown post":         {Kind: ActReply, From: "ann", Post: "1"},
		"a deleted post":          {Kind: ActQuote, From: "ann", Post: gone},
		"a deleted post, deleted": {Kind: ActDelete, Post: gone},
		"an edit of a reply":      {Kind: ActEdit, Post: reply, Text: "x"},
		"an edit of an old one":   {Kind: ActEdit, Post: post, Text: "x"},
		"a user's authorisation":  {Kind: ActRevoke, From: "ann"},
	} {
		if d, err := w.Do(a); err == nil {
			t.Errorf("%s: done as %s", name, d.ID)
		}
	}
	w.wait(time.Hour)
	if _, err := w.Do(Act{Kind: ActEdit, Post: edited, Text: "late"}); err == nil {
		t.Error("edited after an hour")
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	const x = "https://t.co/xxxxxxxxxx"
	for text, want := range map[string]string{
		"plain":                                   "plain",
		"see https://a.example/b?c=d&e=f.":        "see " + x + ".",
		"see HTTP://A.example":                    "see " + x,
		"bare shop.example/o/1, yes":              "bare " + x + ", yes",
		"mail me@shop.example":                    "mail me@shop.example",
		"(https://a.example)":                     "(" + x + ")",
		"two https://a.example https://b.example": "two " + x + " " + x,
		"1.5 kg at 18.30 o.k.":                    "1.5 kg at 18.30 o.k.",
	} {
		got := render(0, "1", text, 0)
		shown := got.text
		for _, e := range got.entities {
			shown = strings.Replace(shown, e.url, x, 1)
			if stretch := string([]rune(got.text)[e.start:e.end]); stretch != e.url {
				t.Errorf("%q: entity stands at %q", text, stretch)
			}
		}
		if shown != want {
			t.Errorf("%q: want %q, got %q", text, want, shown)
		}
	}
	if !names("hi @Ann!", "ann") || names("hi ann@ann", "ann") || names("@annette", "ann") {
		t.Error("mentions are not found as X finds them")
	}
}

// TestShapes: every key of our bodies stands at the same place in X's sample
// of that event, apart from the few that the sample happens to lack.
func TestShapes(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("BECKON_X_DATA")
	if dir == "" {
		t.Skip("shapes were not compared with X's samples: BECKON_X_DATA is unset")
	}
	keys := func(b []byte) map[string]bool {
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		var walk func(at string, v any)
		walk = func(at string, v any) {
			switch v := v.(type) {
			case map[string]any:
				for k, inner := range v {
					if isID(k) {
						k = "<id>"
					}
					found[at+"."+k] = true
					walk(at+"."+k, inner)
				}
			case []any:
				for _, inner := range v {
					walk(at+"[]", inner)
				}
			}
		}
		walk("", v)
		return found
	}
	// X has these elsewhere: in other samples, or only in words (facts.md).
	lacks := func(key string) bool {
		for _, part := range []string{".entities", ".note_tweet", ".filter.keyword", ".referenced_tweets", ".in_reply_to_", ".edit_controls"} {
			if strings.Contains(key, part) {
				return true
			}
		}
		return false
	}
	checked := 0
	for _, d := range script(newWorld(t, nil)) {
		for _, b := range d.Bodies {
			e, err := event.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			sample, err := os.ReadFile(filepath.Join(dir, "events", string(e[0].Type)+".json"))
			if err != nil {
				t.Fatal(err)
			}
			known := keys(sample)
			for k := range keys(b) {
				if !known[k] && !lacks(k) {
					t.Errorf("%s: X's sample has no %s", e[0].Type, k)
				}
			}
			checked++
		}
	}
	if checked < 20 {
		t.Errorf("only %d bodies were compared", checked)
	}
}
