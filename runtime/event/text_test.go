package event

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEchoText(t *testing.T) {
	t.Parallel()
	tests := []struct{ ours, fromX string }{
		{"Thanks!", "@mallory_q Thanks!"},
		{"@mallory_q, thanks", "@acme @mallory_q, thanks"},
		{"A & B < C", "A &amp; B &lt; C"},
		{"write &amp; for it", "write &amp;amp; for it"},
		{"see https://acme.example/a?b=1.", "see https://t.co/Ab1."},
		{"see acme.com/a_(b)).", "see https://t.co/Ab1)."},
		{"see (acme.com)", "see https://t.co/Ab1"},
		{"two: a.com, b.org!", "two: https://t.co/1, https://t.co/2!"},
		{"HTTP://ACME.COM now", "https://t.co/1 now"},
		{"詳細はexample.comをご覧", "詳細はhttps://t.co/1をご覧"},
		{"bücher.de ist gut", "https://t.co/1 ist gut"},
		{" a \n\n b\u00a0c ", "a b c"},
		{"", "@mallory_q "},
	}
	for _, tt := range tests {
		want, got := EchoText(tt.ours), EchoText(tt.fromX)
		if strings.HasPrefix(tt.ours, "see (") {
			want = strings.ReplaceAll(want, "(", "")
		}
		if want != got {
			t.Errorf("%q became %q, and X's %q became %q", tt.ours, want, tt.fromX, got)
		}
	}
	for _, pair := range [][2]string{{"Thanks!", "Thanks"}, {"yes", "no"}, {"see a.com", "see that"}, {"@a hi", "hi @a"}} {
		if EchoText(pair[0]) == EchoText(pair[1]) {
			t.Errorf("%q and %q are not the same words", pair[0], pair[1])
		}
	}
}

func FuzzEchoText(f *testing.F) {
	for _, s := range []string{"@a @b hi &amp;amp; a.com", "＠x y", "&am&amp;p;", "@@a", "a. b", "http://"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := EchoText(s)
		if twice := EchoText(once); twice != once {
			t.Errorf("%q became %q, then %q", s, once, twice)
		}
		escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
		if got := EchoText("@mallory_q  " + escaped); got != once {
			t.Errorf("%q became %q, as X would send it %q", s, once, got)
		}
		WeightedLength(s)
		Mentions(s)
		if n := Hashtags(s) + Cashtags(s); n < 0 || n > len(s) {
			t.Errorf("%d tags in %q", n, s)
		}
	})
}

func TestHasURL(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"https://acme.com": true, "go HTTP://x": true, "acme.com": true, "see acme.co.uk/now": true, "xn--80ak.xn--p1ai": true,
		"見てacme.comを": true, "acme.com_x": true, "Node.js": true, // X would not link the last: one too many
		"": false, "hello. World": false, "3.50": false, "e.g. this": false, "a@acme.com": false, "user.name@acme": false, "v1.2.3": false, "...": false, "U.S.": false, "ftp://host": false,
	} {
		if got := HasURL(s); got != want {
			t.Errorf("HasURL(%q): want %v, got %v", s, want, got)
		}
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][]string{
		"@acme hi (@Bob_1), @acme": {"acme", "Bob_1", "acme"},
		"＠acme":                    {"acme"},
		"a@acme.com":               nil,
		"https://medium.com/@name": nil,
		"@ @. x@":                  nil,
		"見て@acme":                  {"acme"},
		"@a@b":                     {"a"},
	} {
		if diff := cmp.Diff(want, Mentions(s)); diff != "" {
			t.Errorf("Mentions(%q) (-want +got):\n%s", s, diff)
		}
	}
}

// What a text costs grows with its length and no faster: a handler's answer is
// read while a transaction is open. At these lengths a test that fails does not
// end.
func TestLongTextsAreReadOnce(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"a", "_", "stop", "@", "@a", "a@", "#", "#a", "$A", "a.", "://", "https://a.b/", "xn--", "&", "amp;", "&lt;", "\u0301", "👨\u200d", "1\ufe0f", "語"} {
		s := strings.Repeat(part, 1<<20/len(part))
		Mentions(s)
		Hashtags(s)
		Cashtags(s)
		HasURL(s)
		WeightedLength(s)
		EchoText(s)
		EchoText("&" + s)
	}
}

func TestUnescapeAll(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "&", "&amp;", "&amp;amp;lt;", "&amp;gt; &lt;&amp;amp", "&&amp;lt;lt;", "&amp;&amp;amp;gt;x", "&lt;amp;", "&am&amp;p;", "a&amp;l&amp;t;", "&amp;#39;",
	} {
		want := s
		for Unescape(want) != want {
			want = Unescape(want)
		}
		if got := unescapeAll(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		s          string
		hash, cash int
	}{
		{"#acme #1 #a1 ＃日本 a#b &#39; x/#y", 3, 0},
		{"$ACME $acme.x $5 US$AB $TOOLONGX ($ABC) $$AB", 0, 3},
		{"", 0, 0},
	}
	for _, tt := range tests {
		if h, c := Hashtags(tt.s), Cashtags(tt.s); h != tt.hash || c != tt.cash {
			t.Errorf("%q: want %d hashtags and %d cashtags, got %d and %d", tt.s, tt.hash, tt.cash, h, c)
		}
	}
}

func TestWeightedLength(t *testing.T) {
	t.Parallel()
	long := "/" + strings.Repeat("a", 200)
	tests := []struct {
		s    string
		want int
	}{
		{"", 0},
		{"hello", 5},
		{"Grüße “x” – y…", 15}, // the ellipsis lies outside the light ranges
		{"日本", 4},
		{"ሀა", 3}, // Ethiopic is heavy, Georgian light
		{"😀", 2},
		{"👍🏽", 2},
		{"👩‍👩‍👧‍👦", 2},
		{"❤️‍🔥", 2},
		{"🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2},
		{"🇩🇪🇫🇷", 4},
		{"1️⃣", 2},
		{"1\ufe0f", 3},
		{"\u200d", 1},
		{"https://acme.com", 23},
		{"https://acme.com" + long, 23},
		{"(http://acme.co.uk/a?b=c).", 23 + 3},
		{"https://acme.com/a,b", 23 + 2},
		{"https://acme.comを", 25},
		{"https://localhost" + long, 17 + 201},
		{"acme.com", 23},
		{"Node.js", 23},                        // one too many
		{"a.com b.com", 47},                    // two links and a space
		{strings.Repeat("a", 40) + ".com", 44}, // 23 to X
		{"https://t.co/abc-d", 23 + 2},         // X's own links end at the letters
		{"https://acme.com@evil", 21},          // no link
		{"xhttps://acme.com", 9 + 23},          // X links acme.com at most
		{"\u0958", 2},                          // NFC: two code points
		{"see acme.example/x", 4 + 23 + 2},     // bare domain, then its path
		{"user@acme.com", 13},                  // no link
	}
	for _, tt := range tests {
		if got := WeightedLength(tt.s); got != tt.want {
			t.Errorf("WeightedLength(%q): want %d, got %d", tt.s, tt.want, got)
		}
	}
}

// TestWeightedLengthGrows: no text weighs less with something behind it.
func TestWeightedLengthGrows(t *testing.T) {
	t.Parallel()
	parts := []string{"a", ".", "acme.com", "https://acme.com/a", " ", "日", "😀", "@", "-", "/"}
	for a := range slices.Values(parts) {
		for b := range slices.Values(parts) {
			// Two parts may grow together to one link, which is the shorter one.
			if got, least := WeightedLength(a+" "+b), WeightedLength(a)+WeightedLength(b); got != least+1 {
				t.Errorf("%q: want %d, got %d", a+" "+b, least+1, got)
			}
		}
	}
}
