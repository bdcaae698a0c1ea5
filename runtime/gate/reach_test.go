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
