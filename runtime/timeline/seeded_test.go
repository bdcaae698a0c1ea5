package timeline

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// acme is a bot in good order.
func acme(set *rules.Set) gate.Bot {
	return gate.Bot{
		Name: botName, UserID: botID, Username: botName, Operator: operator, Tier: "self_serve", PrivacyURL: "https://acme.example/privacy",
		OptOutHint: "STOP ends this.", OptOutConfirmation: "Done.", LabelOn: true, BioDiscloses: true, OperatorLinked: true, Rules: set,
	}
}

// platform is the platform pack as the only layer, with changes, old and new: a
// pack of its own, so that it can be changed.
func platform(t *testing.T, changes ...string) *rules.Set {
	t.Helper()
	data, err := os.ReadFile("../../rules/packs/platform.yaml")
	if err != nil {
		t.Fatal(err)
	}
	src := strings.NewReplacer("layer: platform", "layer: account", "id: x.", "id: y.").Replace(string(data))
	for c := range slices.Chunk(changes, 2) {
		if !strings.Contains(src, c[0]) {
			t.Fatalf("%q does not stand in the pack", c[0])
		}
		src = strings.Replace(src, c[0], c[1], 1)
	}
	set, err := rules.Load([]rules.Source{{Name: "platform.yaml", Data: []byte(src)}}, rules.Options{NoPlatform: true})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestSeededBugs: a bug in the pack breaks its promise (G5). The shortest way to it
// is a test that fails with the bug, in its last step, and holds without it.
func TestSeededBugs(t *testing.T) {
	t.Parallel()
	all := "    actions: [reply, dm, post, repost, quote, like, bookmark, follow, list_add]\n"
	for _, tt := range []struct {
		name, old, text string
		part            gate.Part
		claim           string
		steps           []string // parts of the timeline, in order
	}{
		{
			"the opt-out rule limited to DMs", "y.opted-out\n    effect: forbid\n" + all, "y.opted-out\n    effect: forbid\n    actions: [dm]\n",
			gate.Words, "nothing-after-stop", []string{"event: post.mention.create", "text: stop}", "draft: reply, to: alice, answers: ", "expect: deny}"},
		},
		{
			"no one reply", "interaction.replies_sent > 0 or ", "", gate.Ordinary,
			"one-reply-an-act", []string{"send: 2, outcome: sent", "draft: reply", "expect: deny}"},
		},
		{"no DM rule", "user.initiated == \"dm\" or user.dms_received > 0", "user.initiated != \"opt_in\"", gate.Anything, "no-dm-first", []string{"post.mention", "draft: dm, to: alice, answers: 1, expect: deny}"}},
		{"any post", "interaction.mentioned or", "interaction.mentioned or not interaction.summoned or", gate.Posts, "no-reply-unasked", []string{"post.create", "draft: reply", "expect: deny}"}},
		{"unsummoned", "bot.tier == \"self_serve\"\n    unless", "bot.tier == \"enterprise\"\n    unless", gate.Posts, "no-unsummoned-reply", []string{"post.reply.create", "draft: reply", "expect: deny}"}},
		{"handed off", "handed-off: user.handed_off", "handed-off: user.handed_off and user.held", gate.People, "silent-beside-a-person", nil},
		{"held", "held: user.held", "held: user.held and user.handed_off", gate.People, "silent-after-unreadable", []string{"can you stop", "expect: deny}"}},
		// A block counts as a stop too: both rules have to be wrong.
		{"blocked", "blocked: user.blocked_us", "blocked: user.blocked_us and user.held", gate.Failures, "silent-when-blocked", []string{"outcome: blocked", "expect: deny}"}},
		{"stale", "event.age >= hours(24)", "event.age >= hours(40)", gate.Ordinary, "nothing-late", []string{"{at: 0s, ", "{at: 26h0m0s, ", "expect: deny"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stop := "opted-out: user.opted_out\n    unless:"
			wall := stop
			if tt.name == "blocked" {
				wall = "opted-out: user.opted_out and not user.blocked_us\n    unless:"
			}
			set, healthy := platform(t, tt.old, tt.text, stop, wall), platform(t)
			bot := acme(set)
			if tt.claim == "no-reply-unasked" { // the rule about summons would hide it
				bot.Tier = "enterprise"
			}
			r, err := gate.Explore(bot, 7, 0, tt.part)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(r.Claims, func(c gate.Claim) bool { return c.ID == tt.claim })
			if i < 0 || r.Claims[i].Timeline == "" {
				t.Fatalf("%s is not found to be broken, in %d states", tt.claim, r.States)
			}
			src := r.Claims[i].Timeline
			rest := src
			for _, s := range tt.steps {
				_, after, ok := strings.Cut(rest, s)
				if !ok {
					t.Fatalf("no %q, in this order, in:\n%s", s, src)
				}
				rest = after
			}
			if formatted, err := rules.Format("a_test.yaml", []byte(src)); err != nil || strings.Count(src, "\n") > 20 {
				t.Errorf("not a short timeline: %v\n%s%s", err, src, formatted)
			}
			h := host{player(t)}
			play := func(set *rules.Set) rules.TestResult {
				files, err := rules.LoadTests(set, []rules.Source{{Name: "a_test.yaml", Data: []byte(src)}})
				if err != nil {
					t.Fatalf("%v\n%s", err, src)
				}
				return rules.RunTests(set, files, h).Results[0]
			}
			if got := play(set); got.Status != rules.Failed || got.Line != strings.Count(src, "\n") || !slices.Contains(got.Differs, "decision") {
				t.Errorf("with the bug: %s in line %d, %v %s\n%s", got.Status, got.Line, got.Differs, got.Say, src)
			}
			if got := play(healthy); got.Status != rules.Passed {
				t.Errorf("without the bug: line %d, %v %s: got %s: %s\n%s", got.Line, got.Differs, got.Say, got.Got.Effect, got.Got.Say, src)
			}
		})
	}
}
