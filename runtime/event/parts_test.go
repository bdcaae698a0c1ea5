package event

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
)

func TestParts(t *testing.T) {
	t.Parallel()
	word := strings.Repeat("a", 30)
	for _, c := range []struct {
		what, text string
		most       int
		want       []string
	}{
		{"nothing", " \n", 20, nil},
		{"it fits", " Hello there. ", 20, []string{"Hello there."}},
		{"a paragraph before a sentence", "One two three. Four.\n\nFive. Six seven eight.", 40,
			[]string{"One two three. Four.", "Five. Six seven eight."}},
		{"a sentence before a word", "One two three four. Five six seven eight.", 30,
			[]string{"One two three four.", "Five six seven eight."}},
		{"a line", "- one two three\n- four five six", 20, []string{"- one two three", "- four five six"}},
		{"a word, where the sentence ends too early", "Oh. One two three four five six seven", 20,
			[]string{"Oh. One two three", "four five six seven"}},
		{"a form feed is a paragraph", "One two three.\fFour five six.", 20, []string{"One two three.", "Four five six."}},
		{"a word longer than a part", "x " + word, 20, []string{"x", word[:20], word[:10]}},
		{"no word is cut where it need not be", "One two " + strings.Repeat("b", 18), 20, []string{"One two", strings.Repeat("b", 18)}},
		{"a link is whole", "See https://example.com/some/long/path?with=query. And more", 20,
			[]string{"See", "https://example.com/some/long/path?with=query.", "And more"}},
		{"a link among Japanese", "詳しくはこちらhttps://example.com/aaaaaaaaaaaをご覧ください。どうぞよろしくお願いいたします。", 20,
			[]string{"詳しくはこちら", "https://example.com/aaaaaaaaaaa", "をご覧ください。", "どうぞよろしくお願いいたします。"}},
		{"a sentence of Japanese", "ご注文の商品は明日届きます。お待ちください。", 16, []string{"ご注文の商品は明日届きます。", "お待ちください。"}},
		{"a family is one character", strings.Repeat("👩‍👩‍👧‍👦", 3), 10, []string{"👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"}},
		{"an accent stays", strings.Repeat("e\u0301", 6), 5, []string{"e\u0301e\u0301", "e\u0301e\u0301", "e\u0301e\u0301"}},
		{"a flag stays", strings.Repeat("🇩🇪", 4), 3, []string{"🇩🇪", "🇩🇪", "🇩🇪", "🇩🇪"}},
		{"what does not fit", "one two three four five six", 5, []string{"one", "two", "three", "four", "five six"}},
	} {
		if diff := cmp.Diff(c.want, Parts(c.text, c.most)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

func FuzzParts(f *testing.F) {
	for _, s := range []string{
		"One two three. Four.\n\nFive.", "see https://example.com/a?b and example.com", "e\u0301👩‍👩‍👧‍👦 🇩🇪🇫🇷", "詳しくはhttps://example.com/aをご覧。",
		"\f\f a \r\n\r\n b", strings.Repeat("x", 50), "\xff\xfe bad", "สวัสดีครับ ขอบคุณมาก", "a\u200db c",
	} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, most int) {
		most = 1 + max(most, -most)%200
		if most < 1 {
			most = 1
		}
		s = strings.ToValidUTF8(s, "?")
		parts := Parts(s, most)
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := squeeze(strings.Join(parts, "")), squeeze(s); got != want {
			t.Errorf("%q became %q", want, got)
		}
		if len(parts) > MaxParts+1 {
			t.Errorf("%d parts", len(parts))
		}
		for i, p := range parts {
			if p == "" || strings.TrimSpace(p) != p || strings.Contains(p, PartEnd) {
				t.Errorf("part %q is empty, or has space at an end", p)
			}
			if i < MaxParts && utf8.RuneCountInString(p) > most && cut(p, most) < len(p) {
				t.Errorf("part %q is longer than %d and could be cut", p, most)
			}
			if i > 0 && strings.Contains(s, parts[i-1]+p) && i < MaxParts && characters(parts[i-1]+p) != characters(parts[i-1])+characters(p) {
				t.Errorf("a character is cut between %q and %q", parts[i-1], p)
			}
		}
		for word := range strings.FieldsSeq(s) {
			if HasURL(word) && !strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r == utf8.RuneError || unspaced(r) }) && !slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(p, word) }) {
				t.Errorf("link %q is cut: %q", word, parts)
			}
		}
		if again := Parts(strings.Join(parts, "\n\n"), most+utf8.RuneCountInString(s)*2+2); len(parts) > 0 && len(again) != 1 {
			t.Errorf("a text that fits has %d parts", len(again))
		}
	})
}

func characters(s string) int { return uniseg.GraphemeClusterCount(s) }
