package conversation

import "testing"

func TestSaysDone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, word string
		want       bool
	}{
		{"/bot", "/bot", true},
		{" /BOT\n", "/bot", true},
		{"@ann @ben /bot", "/bot", true},
		{"✅️", "✅", true}, // with a variation selector
		{"Bot  übernimmt", "bot übernimmt", true},
		{"/bot please", "/bot", false},
		{"see /bot", "/bot", false},
		{"/bots", "/bot", false},
		{"bot", "/bot", false},
		{"", "", false},
		{"@ann", "", false},
		{"@ann", "@ann", false},
		{"", "/bot", false},
	} {
		if got := SaysDone(c.text, c.word); got != c.want {
			t.Errorf("%q by %q: %t", c.text, c.word, got)
		}
	}
}
