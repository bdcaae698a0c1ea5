package event

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// TestWeightAsPublished has cases in the spirit of X's own (twitter-text 3), one
// kind of text after the other, with the weight that X gives each.
func TestWeightAsPublished(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 300)
	for _, group := range []struct {
		name  string
		cases map[string]int
	}{
		{"composed and decomposed", map[string]int{
			"café": 4, "cafe\u0301": 4, "e\u0301e\u0301": 2,
			"Tiê\u0301ng Viê\u0323t": 12, "Tiếng Việt": 12, // what lies from U+1100 on is heavy, ế too
			"한국": 4, norm.NFD.String("한국"): 4, "が": 2, "か\u3099": 2,
			"q\u0301": 2,              // nothing composes these two
			"\u212b":  1, "\u2126": 1, // Å and Ω have simpler forms
			"\u0344": 2,              // NFC takes it apart
			"\ufb1d": 2, "\ufb2c": 3, // Hebrew points, which NFC takes apart
			"\U0001d15e": 4,            // a note and its stem
			"ﬁ":          2, "ｗｉｄｅ": 8, // NFC leaves compatibility forms alone
			"I\u0307stanbul": 8, "İstanbul": 8, // the dot composes
		}},
		{"the ranges and their ends", map[string]int{
			"\u0000": 1, "\u10ff": 1, "\u1100": 2, "\u1fff": 2, "\u2000": 1, "\u200d": 1, "\u200e": 2, "\u200f": 2,
			"\u2010": 1, "\u201f": 1, "\u2020": 2, "\u2031": 2, "\u2032": 1, "\u2037": 1, "\u2038": 2, "\uffff": 2,
			"…": 2, "“quoted” – 5′": 13, "€": 2, "₿": 2, "Ж": 1, "ש": 1, "س": 1, "ก": 1, "中": 2, "𠀀": 2,
		}},
		{"CJK, mixed and with signs of its own", map[string]int{
			"日本語": 6, "日本 go": 7, "、。！": 6, "ｶﾅ": 4, "한글 abc": 8, strings.Repeat("語", 140): 280, strings.Repeat("語", 141): 282,
		}},
		{"emoji", map[string]int{
			"😀": 2, "👋🏿": 2, "☝🏽": 2, "👨‍👩‍👧‍👦": 2, "👩🏽‍🚀": 2, "🧑‍🤝‍🧑": 2, "👨🏿‍🤝‍👨🏻": 2, "🏳️‍🌈": 2, "🏴‍☠️": 2,
			"❤️": 2, "❤": 2, "🇺🇸": 2, "🇺🇸🇩🇪": 4, "🇺": 2, "🏴󠁧󠁢󠁳󠁣󠁴󠁿": 2,
			"#️⃣": 2, "*️⃣": 2, "9️⃣": 2, "1⃣": 2, "1": 1, "👁️‍🗨️": 2, "🐻‍❄️": 2, "✈️": 2, "✈": 2, "🫠": 2, "🦰": 2,
			"a😀b": 4, strings.Repeat("😀", 140): 280, "👍👍🏽": 4, "😀\u200d": 3,
		}},
		{"links with a scheme", map[string]int{
			"https://acme.com": 23, "http://acme.com/": 23, "HTTPS://ACME.COM/A": 23, "https://acme.com/" + long: 23,
			"https://acme.com:8080/a": 23, "https://acme.com:8080": 23, "https://acme.com?q=1&r=2": 23, "https://acme.com/a?q=" + long: 23,
			"https://sub.acme.co.uk/a/b.html#frag": 23, "see https://acme.com/a now": 4 + 23 + 4, "https://acme.com/a. https://acme.de/b!": 23 + 2 + 23 + 1,
			"https://acme.com/a\nhttps://acme.com/b": 47, "(https://acme.com)": 25, "\"https://acme.com\"": 25,
			"https://t.co/AbC123": 23, "https://acme.com/日": 25,
		}},
		{"what only looks like a link", map[string]int{
			"https://": 8, "https://a": 9, "3.14": 4, "1.2.3": 5, "e.g. this": 9, "wait...what": 11, "a@acme.com": 10, "@acme": 5,
		}},
		{"links without a scheme", map[string]int{
			"acme.com": 23, "www.acme.com": 23, "go to acme.com!": 6 + 23 + 1, "acme.com acme.de": 47,
		}},
		{"mentions and signs", map[string]int{
			"@ann @ben hello": 15, "#日本": 5, "$ACME": 5, "a\tb\r\nc": 6,
		}},
	} {
		for text, want := range group.cases {
			if got := WeightedLength(text); got != want {
				t.Errorf("%s: %q (%+q): want %d, got %d", group.name, text, text, want, got)
			}
		}
	}
}

// TestWeightNeverLess: where we cannot know X's list of domains we count more
// than X does, never less. The second number is X's.
func TestWeightNeverLess(t *testing.T) {
	t.Parallel()
	for text, x := range map[string]int{
		"https://münchen.de/bahn":       23,
		"https://例え.jp":                 23,
		"https://xn--mnchen-3ya.de/":    23,
		"münchen.de":                    23,
		"https://acme.com/(a)":          23,
		"https://acme.com/a,b;c":        23,
		"https://acme.com/@ann":         23,
		"https://acme.example":          20,
		"Node.js":                       7,
		"https://acme.support/help/now": 23,
		"日https://acme.com":             25,
		"©":                             2,
	} {
		if got := WeightedLength(text); got < x {
			t.Errorf("%q: X counts %d, we %d", text, x, got)
		}
	}
}

// TestWeightOfForms: a text weighs the same in all forms of one and the same.
func TestWeightOfForms(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Ünïcödé", "Tiếng Việt", "각하", "ἀρχή", "हिन्दी क़लम", "żółć", "אָ", "A\u030a"} {
		want := WeightedLength(norm.NFC.String(text))
		for _, form := range []norm.Form{norm.NFD, norm.NFC} {
			if got := WeightedLength(form.String(text)); got != want {
				t.Errorf("%q: want %d, got %d", form.String(text), want, got)
			}
		}
	}
}
