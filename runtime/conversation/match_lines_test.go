package conversation

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// sample is a line of a file in testdata.
type sample struct {
	at   int
	lang string
	want Tier
	text string
}

// samples reads lang, tier, text; or lang and text, for none.
func samples(t *testing.T, name string) (out []sample) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, "\t")
		s := sample{at: n, lang: parts[0], want: TierNone, text: strings.ReplaceAll(parts[len(parts)-1], `\n`, "\n")}
		switch len(parts) {
		case 2:
		case 3:
			s.want = Tier(parts[1])
		default:
			t.Fatalf("%s:%d: %d columns", name, n, len(parts))
		}
		out = append(out, s)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLines(t *testing.T) {
	t.Parallel()
	all := samples(t, "testdata/lines.tsv")
	stops, others := map[string]int{}, map[string]int{}
	for _, s := range all {
		if got := MatchLang(s.text, s.lang, false); got != s.want {
			t.Errorf("lines.tsv:%d: MatchLang(%q, %s) = %s, want %s", s.at, s.text, s.lang, got, s.want)
		}
		if s.want.OptsOut() {
			stops[s.lang]++
		} else {
			others[s.lang]++
		}
	}
	t.Logf("%d lines in %d languages", len(all), len(stops))
	if len(all) < 400 || len(stops) != 28 {
		t.Errorf("%d lines in %d languages, want 400 in 28", len(all), len(stops))
	}
	for lang, n := range stops {
		if n < 10 || others[lang] < 10 {
			t.Errorf("%s: %d stops and %d others, want 10 of each", lang, n, others[lang])
		}
	}
}

// TestOrdinary holds the lists to what customers write in all languages.
func TestOrdinary(t *testing.T) {
	t.Parallel()
	all := samples(t, "testdata/ordinary.tsv")
	found := map[Tier]int{}
	for _, s := range all {
		for _, lang := range []string{"", s.lang} {
			got := MatchLang(s.text, lang, false)
			found[got]++
			if got != TierNone {
				t.Errorf("ordinary.tsv:%d: MatchLang(%q, %q) = %s, want none", s.at, s.text, lang, got)
			}
		}
	}
	t.Logf("%d messages, each with its language known and not: %v", len(all), found)
	if len(all) < 300 {
		t.Errorf("%d messages, want 300", len(all))
	}
}
