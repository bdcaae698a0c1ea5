package xsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

// TestOlderEnvelopeMeansTheSame: what Beckon reads in the older envelope is
// what it reads in the newer one, a post once and not once for each event.
func TestOlderEnvelopeMeansTheSame(t *testing.T) {
	t.Parallel()
	type meaning struct {
		Kind                       event.Kind
		User, Text, ReplyTo, First string
		Version                    int
		Facts                      string
	}
	meanings := func(bodies ...string) map[string]meaning {
		t.Helper()
		out := map[string]meaning{}
		for _, b := range bodies {
			events, err := event.Decode([]byte(b))
			if err != nil {
				t.Fatalf("%v of %s", err, b)
			}
			for _, e := range events {
				if e.Kind != event.KindPost && e.Kind != event.KindDM && e.Kind != event.KindOwnPost && e.Kind != event.KindOwnDM || e.Keyword != "" {
					continue
				}
				key := e.BotUser + " " + e.Message
				m := meaning{e.Kind, e.User, e.Text, e.ReplyTo, e.Interaction, e.Version, ""}
				m.Facts = fmt.Sprint(e.Mentioned, e.Replied, e.Quoted, e.Summoned)
				if was, ok := out[key]; ok && strings.Count(was.Facts, "true") > strings.Count(m.Facts, "true") {
					m.Facts = was.Facts
				}
				out[key] = m
			}
		}
		return out
	}
	newer := newWorld(t, nil)
	var want []string
	for _, d := range script(newer) {
		for _, b := range d.Bodies {
			want = append(want, string(b))
		}
	}
	h := &hook{}
	older := hooked(t, h, func(o *Options) { o.Older = true })
	for _, d := range script(older) {
		if err := older.Deliver(t.Context(), d.Bodies...); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(meanings(want...), meanings(h.bodies...)); diff != "" {
		t.Errorf("newer and older (-newer +older):\n%s", diff)
	}
	all := strings.Join(h.bodies, "\n")
	for _, part := range []string{
		`"for_user_id":"` + deskID + `"`, `"extended_tweet":{"full_text":"@HelpDesk very long`, `"follow_events":[{"type":"unfollow"`,
		`"tweet_delete_events":[{"status":{"id":"`, `"user_event":{"revoke":{"date_time":`, `"favorite_events":[{`, `"truncated":true`,
	} {
		if !strings.Contains(all, part) {
			t.Errorf("no %s", part)
		}
	}
}

// TestOlderBatches: events that come together stand in one body.
func TestOlderBatches(t *testing.T) {
	t.Parallel()
	h := &hook{}
	w := hooked(t, h, func(o *Options) { o.Older = true })
	own := w.do(Act{Kind: ActPost, From: "HelpDesk", Text: "open"})
	d := w.do(Act{Kind: ActReply, From: "bob", Post: own.ID, Text: "good", Mention: true, Quote: own.ID})
	m := w.do(Act{Kind: ActDM, From: "bob", To: "HelpDesk", Text: "hi"})
	if err := w.Deliver(t.Context(), append(slices.Concat(d.Bodies, m.Bodies), m.Bodies...)...); err != nil {
		t.Fatal(err)
	}
	if len(d.Bodies) != 3 || len(h.bodies) != 1 || strings.Count(h.bodies[0], `"display_text_range"`) != 1 {
		t.Errorf("%d events in %d bodies: %s", len(d.Bodies), len(h.bodies), h.bodies)
	}
	if strings.Count(h.bodies[0], `"type":"message_create"`) != 2 {
		t.Errorf("a DM that came twice: %s", h.bodies[0])
	}
}

// TestDrift: the same events and answers in X's other ways, which Beckon reads
// all the same.
func TestDrift(t *testing.T) {
	t.Parallel()
	read := func(d Drift) (map[string]string, string) {
		h := &hook{}
		w := hooked(t, h, nil)
		if err := w.SetDrift(d); err != nil {
			t.Fatal(err)
		}
		for _, done := range script(w) {
			if err := w.Deliver(t.Context(), done.Bodies...); err != nil {
				t.Fatal(err)
			}
		}
		out := map[string]string{}
		for _, b := range h.bodies {
			events, err := event.Decode([]byte(b))
			if err != nil {
				t.Fatalf("%+v: %v of %s", d, err, b)
			}
			for _, e := range events {
				e.Extra, e.Name = nil, ""
				out[e.ID] = fmt.Sprintf("%+v", e)
			}
		}
		_, _, me := w.call("GET", "/2/users/"+annID+"/tweets?tweet.fields=referenced_tweets&expansions=author_id", "t-twin", "")
		return out, me + strings.Join(h.bodies, "")
	}
	want, plain := read(Drift{})
	for part, d := range map[string]Drift{
		`"xf_experiment"`:         {Unknown: true},
		`"edit_history_post_ids"`: {Posts: true},
		`"users":[{"data":{`:      {Wrapped: true},
	} {
		got, text := read(d)
		if strings.Count(plain, part) >= strings.Count(text, part) {
			t.Errorf("%+v: no %s", d, part)
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%+v: %s", d, diff)
		}
		for id := range want {
			if want[id] != got[id] && !d.Wrapped {
				t.Errorf("%+v:\n%s\n%s", d, want[id], got[id])
			}
		}
	}
	if newWorld(t, nil).SetDrift(Drift{Subscription: "round"}) == nil {
		t.Error("a shape that is none was taken")
	}
}
