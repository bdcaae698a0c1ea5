package xsim

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestX5ChargedOnceADay: each resource is charged once a UTC day, at X's price.
func TestX5ChargedOnceADay(t *testing.T) {
	t.Parallel()
	w := hooked(t, &hook{}, nil)
	d := w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"})
	follow := w.do(Act{Kind: ActFollow, From: "ann", To: "HelpDesk"})
	for range 2 {
		if err := w.Deliver(t.Context(), append(append(d.Bodies, post.Bodies...), follow.Bodies...)...); err != nil {
			t.Fatal(err)
		}
		w.call("GET", "/2/users/me", "t-desk", "")
		w.call("GET", "/2/dm_events", "t-desk", "")
		w.call("GET", "/2/users/"+deskID+"/mentions", "t-desk", "")
	}
	w.reply(post.ID, "Hello.")
	w.reply(post.ID, "See https://shop.example")
	w.call("POST", "/2/tweets", "t-desk", `{"text":"Open."}`)
	w.call("POST", "/2/tweets", "t-desk", `{"text":"See https://shop.example"}`)
	w.dm(annID, "Hello.")
	w.call("DELETE", "/2/tweets/"+w.Posts()[2].ID, "t-desk", "")
	w.reply("1", "refused: free")
	const day = "2026-08-20"
	want := []Bill{
		{day, Deleted, 1, 10}, {day, SentDM, 1, 15}, {day, DMEvent, 1, 10}, {day, DMRead, 1, 10}, {day, FollowEvent, 1, 10},
		{day, OwnRead, 1, 1}, {day, PlainPost, 1, 15}, {day, PostEvent, 1, 5}, {day, LinkPost, 1, 200},
		{day, Summoned, 1, 10}, {day, SummonedLink, 1, 200}, {day, UserRead, 1, 10},
	}
	if diff := cmp.Diff(want, w.Usage()); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	w.wait(window24)
	w.call("GET", "/2/users/me", "t-desk", "")
	if got := w.Usage(); len(got) != len(want)+1 {
		t.Errorf("the next day: %+v", got)
	}
}

func TestOutOfMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Credits = 20 })
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	for i, want := range []int{201, 201, 402} {
		if status, body := w.reply(post, strings.Repeat("a", i+1)); status != want {
			t.Errorf("%d: want %d, got %d %s", i, want, status, body)
		}
	}
	if status, _, _ := w.call("GET", "/2/webhooks", "t-app", ""); status != 200 {
		t.Errorf("what is free: %d", status)
	}
	w.SetCredits(10)
	if status, body := w.reply(post, "more"); status != 201 {
		t.Errorf("paid in: %d %s", status, body)
	}
	w.SetCredits(-1)
	if status, _ := w.reply(post, "none"); status != 402 {
		t.Errorf("taken away: %d", status)
	}
	w.SetCredits(0)
	if status, _ := w.reply(post, "without end"); status != 201 {
		t.Errorf("without end: %d", status)
	}
	w = newWorld(t, func(o *Options) { o.UsageCap = 1 })
	post = w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	for _, want := range []int{200, 429} {
		if status, _, body := w.call("GET", "/2/tweets/"+post, "t-desk", ""); status != want || want == 429 && !strings.Contains(body, "problems/usage-capped") {
			t.Errorf("want %d, got %d %s", want, status, body)
		}
	}
}
