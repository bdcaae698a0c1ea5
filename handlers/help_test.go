package handlers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

var shop = BotInfo{Name: "support", Username: "acme_help", Operator: "acme", PrivacyURL: "https://acme.example/privacy"}

// post and dm are what a user says to the shop's bot.
func post(text string) In {
	return In{Bot: shop, Tier: conversation.Match(text, false), Event: event.Event{
		Kind: event.KindPost, User: "u1", Text: text, Readable: true, Mentioned: true, Summoned: true,
	}}
}

func dm(text string) In {
	in := post(text)
	in.Event.Kind, in.Event.Mentioned, in.Event.Summoned = event.KindDM, false, false
	return in
}

func TestHelp(t *testing.T) {
	t.Parallel()
	const self = "I am a bot: an automated account run by acme"
	private := shop
	private.Operator = ""
	tests := []struct {
		name string
		in   In
		want []event.Draft
	}{
		{"HELP in a post", post("@acme_help HELP"), []event.Draft{{
			Kind: event.Reply, Purpose: event.Answer,
			Text: self + ". Write STOP and I will not write to you again; START brings me back.",
		}}},
		{"HELP by DM", dm("help please"), []event.Draft{{
			Kind: event.DM, Purpose: event.Answer,
			Text: self + ". Write STOP and I will not write to you again; START brings me back. https://acme.example/privacy",
		}}},
		{"START", dm("start"), []event.Draft{{
			Kind: event.DM, Purpose: event.Notice, Text: "Welcome back. I answer again when you write to me; STOP ends it.",
		}}},
		{"the question", post("Hey @acme_help, are you a bot?"), []event.Draft{{Kind: event.Reply, Purpose: event.Answer, Text: "Yes, " + self + "."}}},
		{"the other question", dm("are you human?"), []event.Draft{{Kind: event.DM, Purpose: event.Answer, Text: self + "."}}},
		{"without an operator", In{Bot: private, Event: dm("bot?").Event}, []event.Draft{{Kind: event.DM, Purpose: event.Answer, Text: "Yes, I am a bot."}}},
		{"another message", dm("my bot is broken"), nil},
		{"a post to somebody else", In{Tier: conversation.TierHelp, Event: event.Event{Kind: event.KindPost, User: "u1", Text: "help"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Help{}.Handle(tt.in).Drafts
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("drafts (-want +got):\n%s", diff)
			}
			for _, d := range got {
				if n := event.WeightedLength(d.Text); d.Kind == event.Reply && n > event.MaxPost(false) {
					t.Errorf("the reply has %d characters: %q", n, d.Text)
				}
				if strings.Contains(d.Text, "@") {
					t.Errorf("the draft mentions somebody: %q", d.Text)
				}
			}
		})
	}
}

func TestAsked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want  question
		lines []string
	}{
		{aboutBot, []string{
			"are you a bot?", "Are you a BOT", "bot?", "hi, are you a robot please", "is this a bot", "r u a bot", "are you an AI?",
			"wait, are you automated?", "am I talking to a machine?", "is this an automated account", "are you just a bot lol", "@acme are you a bot 🤖",
		}},
		{aboutSelf, []string{
			"are you human?", "are you a real person", "am i talking to a human being", "are you a bot or a human?",
			"are you real?", "who are you?", "who runs this?", "is this a person or a bot",
		}},
		{another, []string{
			"", "are you", "are you open?", "is this a bot problem or mine", "my robot vacuum is broken", "are you a bot shop",
			"is this the right place", "human", "I want to talk to a person", "robots are great", "are you there",
		}},
	}
	for _, tt := range tests {
		for _, line := range tt.lines {
			if got := asked(line); got != tt.want {
				t.Errorf("asked(%q) = %d, want %d", line, got, tt.want)
			}
		}
	}
}
