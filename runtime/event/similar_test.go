package event

import (
	"strings"
	"testing"
)

// Posts of one kind each, none of which repeats another.
var differentPosts = []string{
	"Our store in Berlin opens at nine tomorrow. Come by and say hello!",
	"Our new running shoe is here. Light, fast, and made from recycled plastic. See it today.",
	"Storm warning for Hamburg: gusts of up to 90 km/h from 18:00.",
	"Snow is expected in Munich tonight, up to 10 cm above 600 m.",
	"BTC 65,120 USD (+1.2 %) at 12:00 UTC",
	"Good morning! Today's word is serendipity: a happy accident.",
	"We ship to all of Europe within three days.",
	"The new update is out: faster search and a dark mode.",
	"Search is down for some of you; we are on it and will report.",
	"The winner of the spring contest is announced on Friday at noon.",
	"The office is closed on Friday; the phones are answered at noon.",
	"Great offer: 20% off all shoes until Sunday, only online.",
	"ハンブルクでは今夜、強風に注意してください。",
	"新しいアプリを公開しました。ぜひお試しください。",
	"Yes.",
	"Thank you!",
}

func TestSimilar(t *testing.T) {
	t.Parallel()
	shoe := "Our new running shoe is here. Light, fast, and made from recycled plastic. See it today."
	for _, tt := range []struct {
		name, a, b string
		want       bool
	}{
		{"the same", shoe, shoe, true},
		{"case and punctuation", shoe, strings.ToUpper(strings.ReplaceAll(shoe, ".", "!!")), true},
		{"another link", shoe + " https://a.example/x", shoe + " https://b.example/yy?z=1", true},
		{"other people", "@ann " + shoe, "@bob @eve " + shoe, true},
		{"a hashtag and an emoji more", shoe, "🔥 " + shoe + " #shoes", true},
		{"a word changed", shoe, strings.Replace(shoe, "recycled", "reused", 1), true},
		{"another city", "Our store in Berlin opens at nine tomorrow. Come by!", "Our store in Munich opens at nine tomorrow. Come by!", true},
		{"a number changed", "Great offer: 20% off all shoes until Sunday.", "Great offer: 25% off all shoes until Sunday.", true},
		{"sentences in another order", "We are open. Come by and see the new running shoes of the season.", "Come by and see the new running shoes of the season. We are open.", true},
		{"the same form with another content", "Storm warning for Hamburg: gusts of up to 90 km/h from 18:00.", "Storm warning for Munich: gusts of up to 70 km/h from 21:00.", false},
		{"prices of two hours", "BTC 65,120 USD (+1.2 %) at 12:00 UTC", "BTC 64,870 USD (-0.4 %) at 13:00 UTC", false},
		{"the same news in other words", "We ship to all of Europe within three days.", "Three days, and your parcel is there, anywhere on the continent.", false},
		{"nothing and nothing", "", "", false},
		{"no words", "🔥🔥", "🔥🔥", false},
		{"links only", "https://a.example", "https://a.example", false},
		{"short and the same", "No.", "no", true},
		{"short and different", "No.", "Yes.", false},
	} {
		if got := Similar(SimHash(tt.a), SimHash(tt.b)); got != tt.want {
			t.Errorf("%s: similar %v, want %v", tt.name, got, tt.want)
		}
		if Similar(SimHash(tt.a), SimHash(tt.b)) != Similar(SimHash(tt.b), SimHash(tt.a)) {
			t.Errorf("%s: it depends on the order", tt.name)
		}
	}
	for i, a := range differentPosts {
		for _, b := range differentPosts[i+1:] {
			if Similar(SimHash(a), SimHash(b)) {
				t.Errorf("%q is similar to %q", a, b)
			}
		}
	}
}

// TestSimHashStays: fingerprints are kept, and compared with those of a later
// version.
func TestSimHashStays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{
		"":                          0,
		"No.":                       0x73c92f6394e47cf2,
		"We ship to all of Europe.": 0x2c53bc60218594a8,
		"ハンブルクでは今夜、強風に注意してください。": 0x5dc320dfa0a76dc1,
	} {
		if got := SimHash(text); got != want {
			t.Errorf("%q: got %#x, want %#x", text, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"BTC 65,120 USD at 12:00", "BTC 65,120 USD at 12:00!", true},
		{"BTC 65,120 USD at 12:00", "BTC 65,120 USD at 13:00", false},
		{"1 2", "12", false},
		{"Berlin 20, Munich 25", "Berlin 25, Munich 20", false},
		{"20 degrees https://a.example/1 @ann7", "20 degrees https://a.example/2 @ann8", true},
		{"none", "at all", true},
		{"none", "0", false},
		{"２０", "20", false}, // a fingerprint, no arithmetic
	} {
		if got := Numbers(tt.a) == Numbers(tt.b); got != tt.same {
			t.Errorf("%q and %q: the same %t, want %t", tt.a, tt.b, got, tt.same)
		}
	}
	if Numbers("We ship to all of Europe within 3 days.") != 0x7ff6e07b4bfea26 {
		t.Errorf("it changed: %#x", Numbers("We ship to all of Europe within 3 days.")) // fingerprints are kept
	}
}

func FuzzSimHash(f *testing.F) {
	for _, s := range differentPosts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h := SimHash(s)
		if h != SimHash(s) || (h != 0) != Similar(h, h) {
			t.Errorf("%#x is not similar to itself", h)
		}
		if again := SimHash("  " + s + "\n@someone https://x.example"); again != h {
			t.Errorf("a mention and a link change %#x to %#x", h, again)
		}
	})
}

func BenchmarkSimHash(b *testing.B) {
	text := strings.Repeat("Storm warning for Hamburg. ", 10)
	b.ReportAllocs()
	for b.Loop() {
		SimHash(text)
	}
}
