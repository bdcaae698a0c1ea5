package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// platformRules reads the shipped pack.
func platformRules(t *testing.T) map[string]*rule {
	t.Helper()
	r := &reader{file: "platform.yaml"}
	p := r.pack(platformPack, layerPlatform)
	if len(r.diags) > 0 {
		t.Fatal(r.diags)
	}
	out := map[string]*rule{}
	for _, u := range p.Rules {
		out[u.ID] = u
	}
	return out
}

func confirmation(in Input) Input {
	in.Action.Purpose = "opt_out_confirmation"
	in.User.OptedOut = true
	return in
}

func question(in Input) Input {
	in.Action.Purpose, in.Action.StopQuestion, in.User.Held = "notice", true, true
	return in
}

func lastWord(in Input) Input {
	in.Action.Purpose, in.Action.Handover, in.User.HandedOff = "notice", true, true
	return in
}

// Each platform rule, with an input that one step takes across it.
var platformCases = []struct {
	rule   string
	from   Input
	change func(*Input)
	want   Effect // after the change; before it, allow
}{
	{"x.reply", mention(), func(in *Input) { in.Interaction = InteractionInput{Summoned: true} }, Deny},
	{"x.reply", mention(), func(in *Input) { in.Event.Kind = "timer" }, Deny},
	{"x.dm", dm(), func(in *Input) { in.User.Initiated, in.User.DMsReceived = "mention", 0 }, Deny},
	{"x.opted-out", mention(), func(in *Input) { in.User.OptedOut = true }, Deny},
	{"x.opted-out", dm(), func(in *Input) { in.User.OptedOut = true }, Deny},
	{"x.confirmation-without-stop", confirmation(mention()), func(in *Input) { in.User.OptedOut = false }, Deny},
	{"x.confirmation-without-stop", confirmation(dm()), func(in *Input) { in.User.OptedOut = false }, Deny},
	{"x.confirmation-elsewhere", confirmation(dm()), func(in *Input) { in.Event.Kind = "post" }, Deny},
	{"x.reply", confirmation(mention()), func(in *Input) { in.Event.Kind = "dm" }, Deny},
	{"x.blocked", dm(), func(in *Input) { in.User.BlockedUs = true }, Deny},
	{"x.held", dm(), func(in *Input) { in.User.Held = true }, Deny},
	{"x.handed-off", dm(), func(in *Input) { in.User.HandedOff = true }, Deny},
	{"x.held", question(dm()), func(in *Input) { in.Action.StopQuestion = false }, Deny},
	{"x.handed-off", lastWord(mention()), func(in *Input) { in.Action.Handover = false }, Deny},
	{"x.question-without-doubt", question(dm()), func(in *Input) { in.User.Held = false }, Deny},
	{"x.question-without-doubt", question(mention()), func(in *Input) { in.Action.Purpose = "answer" }, Deny},
	{"x.last-word-of-none", lastWord(dm()), func(in *Input) { in.User.HandedOff = false }, Deny},
	{"x.last-word-of-none", lastWord(mention()), func(in *Input) { in.Action.Purpose = "reminder" }, Deny},
	{"x.opted-out", question(dm()), func(in *Input) { in.User.OptedOut = true }, Deny},
	{"x.handed-off", question(dm()), func(in *Input) { in.User.HandedOff = true }, Deny},
	{"x.unreadable", dm(), func(in *Input) { in.Event.TextReadable = false }, Deny},
	{"x.one-per-interaction", mention(), func(in *Input) { in.Interaction.RepliesSent = 1 }, Deny},
	{"x.one-per-interaction", mention(), func(in *Input) { in.Interaction.DraftsWaiting = 1 }, Deny},
	{"x.one-per-interaction", confirmation(mention()), func(in *Input) { in.Interaction.RepliesSent = 1 }, Deny},
	{"x.stale", with(mention(), func(in *Input) { in.Event.Age = 24*time.Hour - 1 }), func(in *Input) { in.Event.Age++ }, Deny},
	{"x.stale", with(dm(), func(in *Input) { in.Event.Age = 24*time.Hour - 1 }), func(in *Input) { in.Event.Age++ }, Deny},
	{"x.bot-to-bot", mention(), func(in *Input) { in.Event.FromAutomated = "yes" }, Deny},
	{"x.bot-to-bot", dm(), func(in *Input) { in.Event.FromAutomated = "yes" }, Deny},
	{"x.reply-loop", with(mention(), unlabelled(5, 0)), unlabelled(6, 0), Hold},
	{"x.dm-loop", with(dm(), unlabelled(0, 11)), unlabelled(0, 12), Hold},
	{"x.not-summoned", mention(), func(in *Input) { in.Interaction = InteractionInput{Replied: true} }, Deny},
	{"x.bulk", dm(), func(in *Input) { in.Action.Purpose = "scheduled" }, Deny},
	{"x.bulk-reply", mention(), func(in *Input) { in.Action.Purpose = "scheduled" }, Deny},
	{"x.paused", mention(), func(in *Input) { in.Bot.Paused = true }, Deny},
	{"x.paused", confirmation(dm()), func(in *Input) { in.Bot.Paused = true }, Deny},
	{"x.label-missing", mention(), func(in *Input) { in.Bot.LabelOn = false }, Deny},
	{"x.label-missing", confirmation(dm()), func(in *Input) { in.Bot.LabelOn = false }, Deny},
	{"x.bio-missing", mention(), func(in *Input) { in.Bot.BioDiscloses = false }, Deny},
	{"x.operator-missing", dm(), func(in *Input) { in.Bot.OperatorLinked = false }, Deny},
	{"x.ai-not-approved", with(mention(), func(in *Input) { in.Draft.AIGenerated, in.Bot.AIApproved = true, true }),
		func(in *Input) { in.Bot.AIApproved = false }, Deny},
	{"x.claims-human", mention(), func(in *Input) { in.Draft.ClaimsHuman = true }, Deny},
	{"x.claims-human", confirmation(dm()), func(in *Input) { in.Draft.ClaimsHuman = true }, Deny},
	{"x.engagement-bait", mention(), func(in *Input) { in.Draft.AsksEngagement = true }, Hold},
	{"x.rejected", mention(), func(in *Input) { in.Draft.Approval = "rejected" }, Deny},
	{"x.too-long", dm(), func(in *Input) { in.Action.TooLong = true }, Deny},
	{"x.strangers", mention(), func(in *Input) { in.Action.MentionsStrangers = true }, Deny},
	{"x.cashtags", with(mention(), func(in *Input) { in.Draft.Cashtags = 1 }), func(in *Input) { in.Draft.Cashtags = 2 }, Deny},
	{"x.cashtags", with(mention(), func(in *Input) { in.Draft.Cashtags, in.Bot.Tier = 2, "enterprise" }),
		func(in *Input) { in.Bot.Tier = "self_serve" }, Deny},
	{"x.promotional", dm(), func(in *Input) { in.Draft.Promotional = true }, Deny},
	{"x.affiliate-unasked", with(dm(), func(in *Input) { in.Draft.Affiliate, in.Draft.AffiliateDisclosed = true, true }),
		func(in *Input) { in.Action.Purpose = "notice" }, Deny},
	{"x.confirmation-of-none", confirmation(mention()), func(in *Input) { in.Event.Kind = "command" }, Deny},
	{"x.same-to-several", dm(), func(in *Input) { in.Draft.DuplicateRecent = true }, Hold},
	{"x.same-to-several", mention(), func(in *Input) { in.Draft.DuplicateElsewhere = true }, Hold},
	{"x.misleading-link", with(mention(), func(in *Input) { in.Draft.Affiliate, in.Draft.AffiliateDisclosed = true, true }),
		func(in *Input) { in.Draft.URLMismatch = true }, Deny},
	{"x.post", asked("post"), func(in *Input) { in.Event.Kind = "post" }, Deny},
	{"x.post", asked("repost"), func(in *Input) { in.Event.Kind = "dm" }, Deny},
	{"x.like", asked("like"), func(in *Input) { in.Action.UserActAttached = false }, Deny},
	{"x.list-add", asked("list_add"), func(in *Input) { in.Action.UserActAttached = false }, Deny},
	{"x.gone-on-self-serve", asked("like"), func(in *Input) { in.Bot.Tier = "self_serve" }, Deny},
	{"x.gone-on-self-serve", asked("quote"), func(in *Input) { in.Bot.Tier = "self_serve" }, Deny},
	{"x.posts-an-hour", with(asked("post"), func(in *Input) { in.Budget.Posts1h = 19 }), func(in *Input) { in.Budget.Posts1h = 20 }, Deny},
	{"x.posts-a-day", with(asked("repost"), func(in *Input) { in.Budget.Posts24h = 99 }), func(in *Input) { in.Budget.Posts24h = 100 }, Deny},
	{"x.same-elsewhere", asked("post"), func(in *Input) { in.Draft.DuplicateElsewhere = true }, Deny},
	{"x.same-again", asked("quote"), func(in *Input) { in.Draft.DuplicateRecent = true }, Deny},
	{"x.hashtags", with(asked("post"), func(in *Input) { in.Draft.Hashtags = 2 }), func(in *Input) { in.Draft.Hashtags = 5 }, Hold},
	{"x.many-hashtags", with(asked("post"), func(in *Input) { in.Draft.Hashtags = 2 }), func(in *Input) { in.Draft.Hashtags = 6 }, Deny},
	{"x.stale", with(asked("post"), func(in *Input) { in.Event.Age = 24*time.Hour - 1 }), func(in *Input) { in.Event.Age++ }, Deny},
	{"x.strangers", asked("post"), func(in *Input) { in.Action.MentionsStrangers = true }, Deny},
	{"x.paid-dm", dm(), func(in *Input) { in.Draft.PaidPartnership = true }, Deny},
}

// asked is what an operator asks for, on the enterprise tier and with a
// person's act behind it.
func asked(kind string) Input {
	in := mention()
	in.Action.Kind, in.Action.Purpose, in.Action.UserActAttached = kind, "operator", true
	in.Event.Kind, in.Bot.Tier, in.Interaction = "command", "enterprise", InteractionInput{}
	return in
}

// unconditional are the platform's rules without a condition.
var unconditional = map[string]Effect{"x.bookmark": Allow, "x.follow": Deny}

func unlabelled(replies, dms int64) func(*Input) {
	return func(in *Input) {
		in.Event.FromAutomated, in.User.RepliesSent1h, in.User.DMsSent24h = "unknown", replies, dms
	}
}

// TestPlatformRules: one step decides, and that rule alone is named for it.
func TestPlatformRules(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, permitAll)
	untested := platformRules(t)
	for _, tt := range platformCases {
		delete(untested, tt.rule)
		if got := s.Decide(Query{Input: tt.from}); got.Effect != Allow {
			t.Errorf("%s: before the step %s: %s", tt.rule, got.Effect, got.Say)
		}
		got := s.Decide(Query{Input: with(tt.from, tt.change)})
		if got.Effect != tt.want || len(got.By) != 1 || got.By[0].Rule != tt.rule || len(got.By[0].Conditions) == 0 {
			t.Errorf("%s: got %s by %v, want %s", tt.rule, got.Effect, got.By, tt.want)
		}
	}
	for id, want := range unconditional {
		in := asked(untested[id].Actions[0])
		if got := s.Decide(Query{Input: in}); got.Effect != want || len(untested[id].When) > 0 || got.By[0].Rule != id {
			t.Errorf("%s: %s by %v, want %s", id, got.Effect, got.By, want)
		}
		delete(untested, id)
	}
	for _, u := range untested {
		if u.Effect != require { // those are in TestPlatformObligations
			t.Errorf("no case for %s", u.ID)
		}
	}
}

func TestPlatformObligations(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, permitAll)
	for _, tt := range []struct {
		name string
		in   Input
		want []Obligation
	}{
		{"first DM", dm(), []Obligation{AppendOptOutHint, AppendPrivacyLink}},
		{"first DM, no policy", with(dm(), func(in *Input) { in.Bot.PrivacyURLSet = false }), []Obligation{AppendOptOutHint}},
		{"second DM", with(dm(), func(in *Input) { in.Action.IsFirstDM = false }), nil},
		{"confirmation as first DM", confirmation(dm()), nil},
		{"reply", mention(), nil},
		{"affiliate", with(mention(), func(in *Input) { in.Draft.Affiliate = true }), []Obligation{DiscloseAffiliate}},
		{"affiliate, disclosed", with(mention(), func(in *Input) { in.Draft.Affiliate, in.Draft.AffiliateDisclosed = true, true }), nil},
		{"paid", with(mention(), func(in *Input) { in.Draft.PaidPartnership = true }), []Obligation{MarkPaidPartnership}},
	} {
		got := s.Decide(Query{Input: tt.in})
		if got.Effect != Allow {
			t.Errorf("%s: %s: %s", tt.name, got.Effect, got.Say)
		}
		if diff := cmp.Diff(tt.want, got.Obligations); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestPlatformConfirmation: the confirmation of a stop passes the rules about
// the user's will, and no other.
func TestPlatformConfirmation(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, permitAll)
	for name, in := range map[string]Input{"reply": confirmation(mention()), "dm": confirmation(dm())} {
		in.User.Held, in.User.HandedOff = true, true
		if got := s.Decide(Query{Input: in}); got.Effect != Allow {
			t.Errorf("%s: %s: %s", name, got.Effect, got.Say)
		}
		for _, purpose := range fieldByName["action.purpose"].enum {
			if in.Action.Purpose = purpose; purpose == "opt_out_confirmation" {
				continue
			}
			if got := s.Decide(Query{Input: in}); got.Effect != Deny {
				t.Errorf("%s with purpose %s after a stop: %s", name, purpose, got.Effect)
			}
		}
	}
}

// TestPlatformDefault: what a user's event may not cause is not permitted, and
// the decision says by which rule.
func TestPlatformDefault(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, permitAll)
	for _, kind := range fieldByName["action.kind"].enum {
		if kind == "reply" || kind == "dm" || kind == "bookmark" || kind == "follow" {
			continue
		}
		in := mention()
		in.Action.Kind, in.Bot.Tier = kind, "enterprise"
		got := s.Decide(Query{Input: in})
		if got.Effect != Deny || !strings.HasPrefix(got.Say, "No rule permits this ") {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

// TestPlatformCitations lists the citations that should be read again.
func TestPlatformCitations(t *testing.T) {
	t.Parallel()
	for id, u := range platformRules(t) {
		_, date, _ := strings.Cut(u.Cite, ", read ")
		read, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Errorf("%s: %v", id, err)
		} else if time.Since(read) > 180*24*time.Hour {
			t.Logf("%s was read on %s, more than 180 days ago: %s", id, date, u.Cite)
		}
	}
}
