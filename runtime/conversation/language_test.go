package conversation

import (
	"strings"
	"testing"
)

// TestLangOf holds the guess to what customers write, and to how they say stop
// and ask for a person: it may not know, but is rarely wrong.
func TestLangOf(t *testing.T) {
	t.Parallel()
	right, wrong, none := 0, 0, 0
	by := map[string][3]int{}
	for _, name := range []string{"testdata/ordinary.tsv", "testdata/lines.tsv"} {
		for _, s := range samples(t, name) {
			n := by[s.lang]
			switch got := LangOf(s.text, ""); got {
			case s.lang:
				right++
				n[0]++
			case "":
				none++
				n[1]++
			default:
				wrong++
				n[2]++
				t.Logf("%s: %q is %s, got %s", name, s.text, s.lang, got)
			}
			by[s.lang] = n
		}
	}
	t.Logf("%d right, %d not known, %d wrong; right, not known, wrong by language: %v", right, none, wrong, by)
	if all := right + none + wrong; len(by) != 28 || wrong*200 > all || right*100 < all*66 {
		t.Errorf("%d languages, %d right and %d wrong of %d", len(by), right, wrong, all)
	}
}

func TestLangOfTag(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, tag, want string }{
		{"hello there", "de", "de"},
		{"hello there", "pt-BR", "pt"},
		{"hello there", "in", "id"},
		{"hello there", "iw", "he"},
		{"Where is my order?", "und", "en"},
		{"Wo ist meine Bestellung?", "qme", "de"},
		{"Mitarbeiter", "", "de"},
		{"abmelden", "", "de"},
		{"stop", "", ""},
		{"START", "", ""},
		{"AC-12345", "", ""},
		{"😀", "", ""},
		{"", "", ""},
		{"注文はどこですか", "", "ja"},
		{strings.Repeat("blorp ", 10_000) + "wo ist meine Bestellung", "", ""},
	} {
		if got := LangOf(c.text, c.tag); got != c.want {
			t.Errorf("LangOf(%.30q, %q) = %q, want %q", c.text, c.tag, got, c.want)
		}
	}
}
