package gate

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/rules"
)

// platform is the platform pack as the only layer, with one change: a pack of
// its own, so that it can be changed.
func platform(t *testing.T, old, text string) *rules.Set {
	t.Helper()
	data, err := os.ReadFile("../../rules/packs/platform.yaml")
	if err != nil {
		t.Fatal(err)
	}
	src := strings.NewReplacer("layer: platform", "layer: account", "id: x.", "id: y.").Replace(string(data))
	if strings.Count(src, old) < 1 {
		t.Fatalf("%q does not stand in the pack", old)
	}
	src = strings.Replace(src, old, text, 1)
	set, err := rules.Load([]rules.Source{{Name: "platform.yaml", Data: []byte(src)}}, rules.Options{NoPlatform: true})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func explore(t *testing.T, set *rules.Set, parts ...Part) Reach {
	t.Helper()
	r, err := Explore(acme(set), 0, 100_000, parts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestG5Reachable: over every sequence of each part's steps, of any length, no
// call to X breaks a promise.
func TestG5Reachable(t *testing.T) {
	t.Parallel()
	set, _, err := rules.Platform()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range Parts() {
		t.Run(string(part), func(t *testing.T) {
			t.Parallel()
			r := explore(t, set, part)
			if !r.Exhaustive || r.States < 1000 || r.Transitions < r.States {
				t.Errorf("%d states, %d transitions, exhaustive %t", r.States, r.Transitions, r.Exhaustive)
			}
			for _, c := range r.Claims {
				if c.Timeline != "" {
					t.Errorf("%s: %s:\n%s", c.ID, c.Never, c.Timeline)
				}
			}
		})
	}
}

// TestG5SeededBugs: a bug in the pack breaks its promise, and the shortest way
// to it is shown.
func TestG5SeededBugs(t *testing.T) {
	t.Parallel()
	all := "    actions: [reply, dm, post, repost, quote, like, bookmark, follow, list_add]\n"
	for _, tt := range []struct {
		name, old, text string
		part            Part
		claim           string
		steps           []string // parts of the timeline, in order
	}{
		{
			"the opt-out rule limited to DMs", "y.opted-out\n    effect: forbid\n" + all, "y.opted-out\n    effect: forbid\n    actions: [dm]\n",
			Words, "nothing-after-stop", []string{"event: post.mention.create", "stop}", "draft: reply, answers: post", "claim: post"},
		},
		{
			"no one reply", "interaction.replies_sent > 0 or ", "", Ordinary,
			"one-reply-an-act", []string{"claim: post", "outcome: sent, of: post", "draft: reply", "claim: post"},
		},
		{"no DM rule", "user.initiated == \"dm\" or user.dms_received > 0", "user.initiated != \"opt_in\"", Anything, "no-dm-first", []string{"post.mention", "draft: dm, answers: post", "claim: post"}},
		{"any post", "interaction.mentioned or", "interaction.mentioned or not interaction.summoned or", Posts, "no-reply-unasked", []string{"post.create", "draft: reply", "claim"}},
		{"unsummoned", "bot.tier == \"self_serve\"\n    unless", "bot.tier == \"enterprise\"\n    unless", Posts, "no-unsummoned-reply", []string{"post.reply.create", "draft: reply", "claim"}},
		{"handed off", "handed-off: user.handed_off", "handed-off: user.handed_off and user.held", People, "silent-beside-a-person", nil},
		{"held", "held: user.held", "held: user.held and user.handed_off", People, "silent-after-unreadable", []string{"chat.received", "claim"}},
		{"blocked", "blocked: user.blocked_us", "blocked: user.blocked_us and user.held", Failures, "silent-when-blocked", []string{"outcome: blocked", "claim"}},
		{"stale", "event.age >= hours(24)", "event.age >= hours(40)", Ordinary, "nothing-late", []string{"{at: 0s, ", "{at: 26h0m0s, "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bot := acme(platform(t, tt.old, tt.text))
			if tt.claim == "no-reply-unasked" { // the rule about summons would hide it
				bot.Tier = "enterprise"
			}
			r, err := Explore(bot, 7, 0, tt.part)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(r.Claims, func(c Claim) bool { return c.ID == tt.claim })
			if i < 0 || r.Claims[i].Timeline == "" {
				t.Fatalf("%s is not found to be broken, in %d states", tt.claim, r.States)
			}
			rest := r.Claims[i].Timeline
			for _, s := range tt.steps {
				_, after, ok := strings.Cut(rest, s)
				if !ok {
					t.Fatalf("no %q, in this order, in:\n%s", s, r.Claims[i].Timeline)
				}
				rest = after
			}
			if !strings.HasSuffix(strings.TrimSpace(rest), "}") || strings.Count(r.Claims[i].Timeline, "\n") > 10 {
				t.Errorf("not a short timeline:\n%s", r.Claims[i].Timeline)
			}
		})
	}
}

// TestG5Bounds: what was cut off is not exhaustive.
func TestG5Bounds(t *testing.T) {
	t.Parallel()
	set := platform(t, "pack: platform", "pack: platform")
	for _, b := range []struct{ depth, states int }{{3, 0}, {0, 100}, {1, 1}} {
		r, err := Explore(acme(set), b.depth, b.states, Words)
		if err != nil || r.Exhaustive || r.Depth > 16 || b.states > 0 && r.States > b.states {
			t.Errorf("%+v: %+v %v", b, r, err)
		}
	}
	if _, err := Explore(acme(nil), 0, 0); err == nil {
		t.Error("no rules, no error")
	}
}

// TestG5SettlingLosesNothing: a world that forgets after every step behaves as
// one that never forgets, in which steps it takes, what it breaks, and where it
// is: the fixpoint speaks for sequences of any length.
func TestG5SettlingLosesNothing(t *testing.T) {
	t.Parallel()
	set, _, err := rules.Platform()
	if err != nil {
		t.Fatal(err)
	}
	e := newExplorer(acme(set), Parts())
	rng := rand.New(rand.NewPCG(5, 5))
	for walk := range 1000 {
		var whole, settled world
		var way []string
		for range 60 {
			s := e.steps[rng.IntN(len(e.steps))]
			next, small := whole, settled
			clear(e.broken)
			took := s.do(e, &next)
			broken := slices.Clone(e.broken)
			clear(e.broken)
			if s.do(e, &small) != took || !slices.Equal(e.broken, broken) {
				t.Fatalf("walk %d: %s differs after %q", walk, s.show, way)
			}
			if !took {
				continue
			}
			way = append(way, s.show)
			small.settle()
			whole, settled = next, small
			forgot := whole
			forgot.settle()
			if got, want := settled.key(), forgot.key(); got != want {
				t.Fatalf("walk %d: another world after %q\nsettled    %s\nunsettled  %s", walk, way, got, want)
			}
		}
	}
}
