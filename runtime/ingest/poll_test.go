package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

// lists is X: posts and messages by the second in which they were made, and
// what it answered.
type lists struct {
	start    time.Time
	mentions []int
	dms      []int
	size     int         // of a page
	fail     []error     // the next answers
	asked    []string    // since, page
	at       []time.Time // of the calls
}

func (x *lists) id(second int) string {
	return event.SnowflakeAt(x.start.Add(time.Duration(second) * time.Second))
}

func (x *lists) page(seconds []int, since, page string) (items []json.RawMessage, next string, err error) {
	x.at = append(x.at, time.Now())
	if len(x.fail) > 0 {
		err, x.fail = x.fail[0], x.fail[1:]
		if err != nil {
			return nil, "", err
		}
	}
	x.asked = append(x.asked, since+" "+page)
	var ids []string
	for _, s := range seconds {
		if id := x.id(s); time.Since(x.start) >= time.Duration(s)*time.Second && olderID(id, since) > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return olderID(b, a) })
	n := 0
	fmt.Sscan(page, &n)
	end := min(n+x.size, len(ids))
	for _, id := range ids[min(n, len(ids)):end] {
		items = append(items, json.RawMessage(`{"id":"`+id+`","author_id":"`+userID+`","sender_id":"`+userID+`"}`))
	}
	if end < len(ids) {
		next = fmt.Sprint(end)
	}
	return items, next, nil
}

func (x *lists) Mentions(_ context.Context, _, since, page string) ([]json.RawMessage, json.RawMessage, string, error) {
	items, next, err := x.page(x.mentions, since, page)
	return items, json.RawMessage(`{"users":[{"id":"` + userID + `"},{"id":"9"}]}`), next, err
}

func (x *lists) DMs(_ context.Context, _, page string) ([]json.RawMessage, json.RawMessage, string, error) {
	items, next, err := x.page(x.dms, "", page)
	return items, nil, next, err
}

// polls runs a poller in a bubble for d, over one kind, and returns the ids of
// the seconds that it took.
func polls(t *testing.T, x PollX, pos *kept, d time.Duration, what string, take func() error) (got []string, m *PollMetrics) {
	t.Helper()
	m = new(PollMetrics)
	p := NewPoller(PollOptions{X: x, Positions: pos, Metrics: m, Take: func(_ context.Context, b []byte) error {
		if take != nil {
			if err := take(); err != nil {
				return err
			}
		}
		var in envelope
		if err := json.Unmarshal(b, &in); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		if strings.Contains(string(b), `"9"`) {
			t.Errorf("another user's data: %s", b)
		}
		got = append(got, strings.TrimPrefix(in.Data.ID, "poll."))
		return nil
	}})
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	b := PollBot{Name: "acme", UserID: botID}
	if what == "dms" {
		p.loop(ctx, p.dms(b), p.DMs)
	} else {
		p.loop(ctx, p.mentions(b), p.Mentions)
	}
	return got, m
}

func (x *lists) ids(seconds ...int) (out []string) {
	for _, s := range seconds {
		out = append(out, x.id(s))
	}
	return out
}

// TestP2Order: over several pages and polls everything comes once, in order;
// what was there before the first poll does not (P3).
func TestP2Order(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"mentions", "dms"} {
		synctest.Test(t, func(t *testing.T) {
			<-time.After(time.Until(noon))
			x := &lists{start: time.Now(), size: 2}
			x.mentions = []int{-3600, -5, 5, 20, 21, 22, 23, 24, 160, 300}
			x.dms = x.mentions
			pos := &kept{}
			got, _ := polls(t, x, pos, 400*time.Second, what, nil)
			if diff := cmp.Diff(x.ids(5, 20, 21, 22, 23, 24, 160, 300), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
			if at := pos.get("poll/" + what + "/acme"); at != x.id(300) {
				t.Errorf("%s: the position is %s, want %s", what, at, x.id(300))
			}
			// A restart begins where it stopped, a minute back.
			x.mentions = append(x.mentions, 405)
			x.dms = x.mentions
			again, _ := polls(t, x, pos, 100*time.Second, what, nil)
			if diff := cmp.Diff(x.ids(300, 405), again); diff != "" {
				t.Errorf("%s after a restart (-want +got):\n%s", what, diff)
			}
		})
	}
}

// TestPollLimits: what is asked for at rest fits X's windows, with room for
// pages.
func TestPollLimits(t *testing.T) {
	t.Parallel()
	window := 15 * time.Minute
	if window/mentionsEvery > 300*4/5 || window/dmsEvery > 15*4/5 {
		t.Errorf("%v mentions and %v dms in 15 min", int(window/mentionsEvery), int(window/dmsEvery))
	}
}

// TestP1BusRefuses: the position does not pass what the bus did not take, and
// it is taken later, in its order.
func TestP1BusRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(noon))
		x := &lists{start: time.Now(), size: 100, mentions: []int{61, 62, 63}}
		pos := &kept{}
		n := 0
		got, _ := polls(t, x, pos, 3*time.Minute, "mentions", func() error {
			if n++; n == 2 || n == 3 {
				if n == 3 && pos.get("poll/mentions/acme") != x.id(61) {
					t.Errorf("the position is %s, want that of the first", pos.get("poll/mentions/acme"))
				}
				return errors.New("bus is full")
			}
			return nil
		})
		if diff := cmp.Diff(x.ids(61, 62, 63), got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestPollWaits: a page in the middle that X refuses for a while does not
// break the order, and a rate window is waited out.
func TestPollWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(noon))
		x := &lists{start: time.Now(), size: 2, dms: []int{1, 2, 3, 4, 5}}
		reset := time.Now().Add(10 * time.Minute)
		x.fail = []error{nil, nil, edgeError{status: 429, class: event.RateLimited, at: reset}, edgeError{status: 503, class: event.UnknownOutcome}}
		got, m := polls(t, x, &kept{}, 20*time.Minute, "dms", nil)
		if diff := cmp.Diff(x.ids(1, 2, 3, 4, 5), got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if m.Failed.Load() != 2 || x.at[3].Before(reset) {
			t.Errorf("failed %d times; asked again at %v, before %v", m.Failed.Load(), x.at[3], reset)
		}
	})
}

// TestP4Polled: what X's list says of a post, and no more, becomes its facts.
func TestP4Polled(t *testing.T) {
	t.Parallel()
	post := func(rest string) item {
		return readItem(json.RawMessage(`{"id":"50","author_id":"`+userID+`","text":"@acme hi","edit_history_tweet_ids":["49","50"],`+rest+`}`),
			readIncludes(json.RawMessage(`{"users":[{"id":"`+userID+`","username":"u"}],"tweets":[{"id":"7","author_id":"`+botID+`"}]}`)))
	}
	mention := `"entities":{"mentions":[{"start":0,"id":"` + botID + `"}]}`
	for name, tt := range map[string]struct {
		rest                                 string
		mentioned, replied, quoted, summoned bool
	}{
		"mention":                        {mention, true, false, false, true},
		"reply to us":                    {mention + `,"display_text_range":[6,8],"in_reply_to_user_id":"` + botID + `","referenced_tweets":[{"type":"replied_to","id":"7"}]`, false, true, false, false},
		"reply to us that mentions us":   {mention + `,"display_text_range":[0,8],"in_reply_to_user_id":"` + botID + `","referenced_tweets":[{"type":"replied_to","id":"7"}]`, true, true, false, true},
		"reply to another in our thread": {mention + `,"display_text_range":[6,8],"in_reply_to_user_id":"3","referenced_tweets":[{"type":"replied_to","id":"8"}]`, false, false, false, false},
		"quote that mentions us":         {mention + `,"referenced_tweets":[{"type":"quoted","id":"7"}]`, true, false, true, true},
	} {
		got, err := event.Decode(wrapPost(PollBot{"acme", botID}, post(tt.rest)))
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v, %v", name, got, err)
		}
		e := got[0]
		if e.ID != "poll.50" || e.Interaction != "49" || e.Version != 1 || e.Kind != event.KindPost || e.Name != "u" {
			t.Errorf("%s: %+v", name, e)
		}
		if e.Mentioned != tt.mentioned || e.Replied != tt.replied || e.Quoted != tt.quoted || e.Summoned != tt.summoned {
			t.Errorf("%s: mentioned %v, replied %v, quoted %v, summoned %v", name, e.Mentioned, e.Replied, e.Quoted, e.Summoned)
		}
	}
}

// TestP5StrangeIDs: an item whose id is no snowflake of the past is taken in,
// and what comes after it is still found, by the next process too.
func TestP5StrangeIDs(t *testing.T) {
	t.Parallel()
	for _, strange := range []string{
		"99999999999999999999999999999999999999", "9223372036854775807", "zz-9f1c2d44-aaaa-bbbb-cccc-1234567890ab", "-1",
	} {
		for _, what := range []string{"mentions", "dms"} {
			synctest.Test(t, func(t *testing.T) {
				<-time.After(time.Until(noon))
				x := &strangers{lists: lists{start: time.Now(), size: 10, mentions: []int{5, 200, 400}}, id: strange}
				x.dms = x.mentions
				pos := &kept{}
				first, _ := polls(t, &x.lists, pos, time.Second, what, nil) // begins now
				before, _ := polls(t, x, pos, 250*time.Second, what, nil)
				after, _ := polls(t, x, pos, 300*time.Second, what, nil)
				got := slices.DeleteFunc(slices.Concat(first, before, after), func(id string) bool { return id == strange })
				got = slices.Compact(got) // the next process looks back a minute
				if diff := cmp.Diff(x.ids(5, 200, 400), got); diff != "" {
					t.Errorf("%s with the id %s (-want +got):\n%s", what, strange, diff)
				}
				if !slices.Contains(before, strange) {
					t.Errorf("%s: the item %s was lost", what, strange)
				}
			})
		}
	}
}

// strangers are lists with one item more, whose id is of another form.
type strangers struct {
	lists
	id string
}

func (x *strangers) with(items []json.RawMessage) []json.RawMessage {
	return append([]json.RawMessage{json.RawMessage(`{"id":"` + x.id + `","author_id":"` + userID + `","sender_id":"` + userID + `"}`)}, items...)
}

func (x *strangers) Mentions(ctx context.Context, bot, since, page string) ([]json.RawMessage, json.RawMessage, string, error) {
	items, in, next, err := x.lists.Mentions(ctx, bot, since, page)
	return x.with(items), in, next, err
}

func (x *strangers) DMs(ctx context.Context, bot, page string) ([]json.RawMessage, json.RawMessage, string, error) {
	items, in, next, err := x.lists.DMs(ctx, bot, page)
	return x.with(items), in, next, err
}
