package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestLists: a list means the same as its constants written out, down to the
// hash of the set.
func TestLists(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ list, cond, same string }{
		{"[en, de, no]", "event.lang in lists.x", `event.lang in ["en", "de", "no"]`},
		{`["en", "", "und"]`, "event.lang not in lists.x", `event.lang not in ["en", "", "und"]`},
		{"\n    - sat # quiet\n    - sun", "bot.local_weekday in lists.x or user.held", `bot.local_weekday in ["sat", "sun"] or user.held`},
		{"[1, 2, 3]", "user.dms_sent in lists.x", "user.dms_sent in [1, 2, 3]"},
		{"[dm]", "user.initiated in lists.x and action.kind in lists.x", `user.initiated in ["dm"] and action.kind in ["dm"]`},
	} {
		got, want := load(t, Options{}, withLists("  x: "+tt.list+"\n", tt.cond)), load(t, Options{}, withCondition(tt.same))
		if got.Hash() != want.Hash() {
			t.Errorf("lists.x: %s in %s is not %s", tt.list, tt.cond, tt.same)
		}
	}
}

// TestListOfFile: a file reads its own lists, and two files may use one name.
func TestListOfFile(t *testing.T) {
	t.Parallel()
	one := withLists("  office: [en]\n", "event.lang in lists.office")
	two := strings.NewReplacer("pack: acme", "pack: other", "acme.reply", "other.reply", "[en]", "[de]").Replace(one)
	load(t, Options{}, one, two)
	foreign := strings.NewReplacer("pack: acme", "pack: other", "acme.reply", "other.reply").Replace(withCondition("event.lang in lists.office"))
	_, err := Load([]Source{{"a.yaml", []byte(one)}, {"b.yaml", []byte(foreign)}}, Options{})
	if ds, ok := err.(Diagnostics); !ok || len(ds) != 1 || ds[0].Code != "unknown-list" {
		t.Errorf("a list of another file: %v", err)
	}
}

// TestLongestList: a list of the greatest length loads and decides.
func TestLongestList(t *testing.T) {
	t.Parallel()
	var entries []string
	for i := range maxList {
		entries = append(entries, fmt.Sprint(2*i))
	}
	s := load(t, Options{}, withLists("  even: ["+strings.Join(entries, ", ")+"]\n", "user.dms_sent in lists.even"))
	for n, want := range map[int64]Effect{2*maxList - 2: Allow, 2*maxList - 1: Deny} {
		if got := s.Decide(Query{Input: with(mention(), func(in *Input) { in.User.DMsSent = n })}); got.Effect != want {
			t.Errorf("%d: %s, want %s", n, got.Effect, want)
		}
	}
}
