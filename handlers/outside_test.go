package handlers

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

func TestOutsideAsks(t *testing.T) {
	t.Parallel()
	o := Outside{ID: "orders", AIGenerated: true, Deadline: time.Minute, Fallback: Fallback{DM: "Later."}}
	dm := event.Event{Kind: event.KindDM, Text: "Where is my parcel?"}
	for name, c := range map[string]struct {
		in    In
		chain Chain
		asks  bool
		says  string
	}{
		"a DM":                     {In{Event: dm}, Chain{Help{}, o}, true, ""},
		"an opt-out":               {In{Event: dm, Tier: conversation.TierHard}, Chain{o}, false, ""},
		"a question for help":      {In{Event: event.Event{Kind: event.KindDM, Text: "are you a bot?"}}, Chain{Help{}, o}, false, "Yes, I am a bot."},
		"no words":                 {In{Event: event.Event{Kind: event.KindDM}}, Chain{o}, false, ""},
		"nobody turned to the bot": {In{Event: event.Event{Kind: event.KindPost, Text: "hello"}}, Chain{o}, false, ""},
		"the first one decides":    {In{Event: dm}, Chain{o, Outside{ID: "other"}}, true, ""},
	} {
		out := c.chain.Handle(c.in)
		if (out.Ask != nil) != c.asks || c.asks && (out.Ask.Handler != "orders" || !out.Ask.AIGenerated || out.Ask.Deadline != time.Minute) {
			t.Errorf("%s: got %+v", name, out.Ask)
		}
		if said := len(out.Drafts) > 0; said != (c.says != "") || said && out.Drafts[0].Text != c.says {
			t.Errorf("%s: got drafts %+v", name, out.Drafts)
		}
	}
	if got, ok := (Chain{Help{}, o}).Outside("orders"); !ok || got != o {
		t.Errorf("found %+v, %v", got, ok)
	}
	if _, ok := (Chain{Help{}, o}).Outside("help"); ok {
		t.Error("help is taken for a handler outside")
	}
	if o.Fallback.Text(dm) != "Later." || o.Fallback.Text(event.Event{Kind: event.KindPost}) != "" {
		t.Error("the fallback goes the wrong way")
	}
}
