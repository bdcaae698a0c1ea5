package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
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
	{"x.paused", mention(), func(in *Input) { in.Bot.Paused = true }, Deny},
	{"x.paused", confirmation(dm()), func(in *Input) { in.Bot.Paused = true }, Deny},
	{"x.label-missing", mention(), func(in *Input) { in.Bot.LabelOn = false }, Deny},
	{"x.label-missing", confirmation(dm()), func(in *Input) { in.Bot.LabelOn = false }, Deny},
	{"x.bio-missing", mention(), func(in *Input) { in.Bot.BioDiscloses = false }, Deny},
	{"x.operator-missing", dm(), func(in *Input) { in.Bot.OperatorLinked = false }, Deny},
	{"x.ai-not-approved", with(mention(), func(in *Input) { in.Draft.AIGenerated, in.Bot.AIApproved = true, true }),
		func(in *Input) { in.Bot.AIApproved = false }, Deny},
	{"x.rejected", mention(), func(in *Input) { in.Draft.Approval = "rejected" }, Deny},
	{"x.too-long", dm(), func(in *Input) { in.Action.TooLong = true }, Deny},
	{"x.strangers", mention(), func(in *Input) { in.Action.MentionsStrangers = true }, Deny},
	{"x.cashtags", with(mention(), func(in *Input) { in.Draft.Cashtags = 1 }), func(in *Input) { in.Draft.Cashtags = 2 }, Deny},
	{"x.cashtags", with(mention(), func(in *Input) { in.Draft.Cashtags, in.Bot.Tier = 2, "enterprise" }),
		func(in *Input) { in.Bot.Tier = "self_serve" }, Deny},
	{"x.promotional", dm(), func(in *Input) { in.Draft.Promotional = true }, Deny},
	{"x.affiliate-unasked", with(dm(), func(in *Input) { in.Draft.Affiliate, in.Draft.AffiliateDisclosed = true, true }),
		func(in *Input) { in.Action.Purpose = "notice" }, Deny},
	{"x.paid-dm", dm(), func(in *Input) { in.Draft.PaidPartnership = true }, Deny},
}

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

// TestPlatformDefault: what this version has no permit for is denied, and says so.
func TestPlatformDefault(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, permitAll)
	for _, kind := range fieldByName["action.kind"].enum {
		if kind == "reply" || kind == "dm" {
			continue
		}
		in := mention()
		in.Action.Kind = kind
		got := s.Decide(Query{Input: in})
		if got.Effect != Deny || got.By != nil || !strings.HasPrefix(got.Say, "No platform rule permits a ") {
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

// A scenario is allowed by one input, prohibited by another, or both in turn.
type scenario struct {
	allow []Input
	deny  []Input
}

var stranger = with(mention(), func(in *Input) {
	in.Interaction, in.User.Initiated = InteractionInput{}, "none"
})

var follower = with(dm(), func(in *Input) {
	in.Event.Kind, in.User.Initiated, in.User.DMsReceived = "none", "none", 0
})

func ai(approved bool) Input {
	in := mention()
	in.Draft.AIGenerated, in.Bot.AIApproved = true, approved
	return in
}

// The cases of X's guidelines that a reply or a DM can meet, by their id.
var scenarios = map[string]scenario{
	"reply-mention-help": {allow: []Input{mention()}},
	"reply-keyword":      {deny: []Input{stranger}},
	"reply-to-replier": {
		allow: []Input{with(mention(), func(in *Input) {
			in.Interaction, in.Bot.Tier = InteractionInput{Replied: true}, "enterprise"
		})},
		deny: []Input{
			with(mention(), func(in *Input) { in.Interaction = InteractionInput{Replied: true, Summoned: true, RepliesSent: 1} }),
			with(mention(), func(in *Input) { in.Interaction = InteractionInput{Replied: true} }),
		},
	},
	"reply-ai":        {allow: []Input{ai(true)}, deny: []Input{ai(false)}},
	"reply-follow-me": {deny: []Input{stranger}},
	"reply-unroll":    {allow: []Input{mention()}},
	"dm-answer":       {allow: []Input{dm()}},
	"dm-affiliate-after-user": {
		allow: []Input{with(dm(), func(in *Input) { in.Draft.Affiliate, in.Draft.AffiliateDisclosed = true, true })},
		deny: []Input{
			with(follower, func(in *Input) { in.Draft.Affiliate, in.Draft.AffiliateDisclosed = true, true }),
			with(dm(), func(in *Input) { in.Draft.Affiliate, in.Action.Purpose = true, "notice" }),
		},
	},
	"dm-welcome-follower": {deny: []Input{follower}},
	"dm-bulk-launch": {deny: []Input{
		with(follower, func(in *Input) { in.Action.Purpose = "scheduled" }),
		with(dm(), func(in *Input) { in.Action.Purpose, in.Event.Kind = "scheduled", "timer" }),
		with(dm(), func(in *Input) { in.Draft.Promotional = true }),
	}},
	"dm-how-can-i-help":          {allow: []Input{dm()}},
	"promo-recommend-when-asked": {allow: []Input{mention(), dm()}},
	"promo-affiliate-random":     {deny: []Input{with(stranger, func(in *Input) { in.Draft.Affiliate = true })}},
	"support-complaint-outreach": {deny: []Input{stranger, with(follower, func(in *Input) { in.Event.Kind = "post" })}},
	"support-promotional": {deny: []Input{
		with(mention(), func(in *Input) { in.Draft.Promotional = true }),
		with(dm(), func(in *Input) { in.Draft.Promotional = true }),
	}},
	// Kinds of action without a permit: denied whatever stands behind them.
	"like-hashtag":                   {deny: []Input{kind("like")}},
	"like-selected-users":            {deny: []Input{kind("like")}},
	"follow-bulk":                    {deny: []Input{kind("follow")}},
	"follow-back":                    {deny: []Input{kind("follow")}},
	"list-add-bulk":                  {deny: []Input{kind("list_add")}},
	"post-to-trend":                  {deny: []Input{kind("post")}},
	"post-identical-across-accounts": {deny: []Input{kind("post")}},
}

func kind(k string) Input {
	in := mention()
	in.Action.Kind = k
	return in
}

// TestScenarios compares the pack with X's verdict on each case that it covers.
func TestScenarios(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("BECKON_X_DATA")
	if dir == "" {
		t.Skip("X's verdicts were not checked: BECKON_X_DATA is unset")
	}
	data, err := os.ReadFile(filepath.Join(dir, "scenarios.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Scenarios []struct{ ID, Group, Verdict, Case string }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	s := load(t, Options{}, permitAll)
	covered := 0
	for _, c := range file.Scenarios {
		sc, ok := scenarios[c.ID]
		if !ok {
			if slices.Contains([]string{"replies", "dm", "support"}, c.Group) {
				t.Errorf("%s (%s) is not covered", c.ID, c.Case)
			}
			continue
		}
		covered++
		want := map[string][2]bool{"allowed": {true, false}, "conditional": {true, true}, "prohibited": {false, true}}[c.Verdict]
		if got := [2]bool{len(sc.allow) > 0, len(sc.deny) > 0}; got != want {
			t.Errorf("%s is %s, its inputs allow and deny: %v", c.ID, c.Verdict, got)
		}
		for i, in := range sc.allow {
			if got := s.Decide(Query{Input: in}); got.Effect != Allow {
				t.Errorf("%s: input %d: %s: %s", c.ID, i, got.Effect, got.Say)
			}
		}
		for i, in := range sc.deny {
			if got := s.Decide(Query{Input: in}); got.Effect != Deny {
				t.Errorf("%s: denied input %d: %s: %s", c.ID, i, got.Effect, got.Say)
			}
		}
	}
	if covered != len(scenarios) {
		t.Errorf("%d of %d scenarios have a case in X's list", covered, len(scenarios))
	}
}
