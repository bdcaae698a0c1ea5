package conversation

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want  Tier
		lines []string
	}{
		{TierHard, []string{
			"STOP", "stop", "Stop.", "sToP", " stop\n", "STOP!!! 🛑", "🛑 stop 🛑", "stop ✋🏽", "\"stop\"", "*STOP*", "#stop", "stop?!",
			"STOPALL", "stopall", "UNSUBSCRIBE", "Unsubscribe please", "CANCEL", "cancel", "Cancel, thanks.", "END", "end.", "QUIT", "quit",
			"REVOKE", "revoke", "OPTOUT", "optout", "opt out", "Opt-out", "opt\tout", "OPT OUT!",
			"Stop. Thanks", "please stop", "stop please", "pls stop", "stop pls", "plz stop", "STOP thx", "Stop, thank you!", "thank you, stop",
			"@acme stop please", "@acme @acme_help STOP", "@acme, stop", "@acme:stop", "stop @acme", "please @acme stop", ".@acme stop",
			"https://t.co/abc STOP", "STOP https://t.co/abc", "@acme http://x.example/a?b=stop#c stop", "stop www.example.com",
			"ＳＴＯＰ", "𝐒𝐓𝐎𝐏", "ⓢⓣⓞⓟ", "ſtop", "ＵＮＳＵＢＳＣＲＩＢＥ", "ＯＰＴ　ＯＵＴ", "＠acme stop",
			"s\u200bt\u200bo\u200bp", "\ufeffstop", "st\u00adop", "\u202estop\u202c", "stop\ufe0f", "stop\u2800", "st\u034fop", "STOP\u00a0",
			"stop stop stop", "stop, unsubscribe", "quit\nend", "STOP ℹ️", "STOP 🈲", "stop stop, please @acme 👍🏻 https://t.co/x thanks",
		}},
		{TierDoubt, []string{"stop it", "st op", "s\xfftop", "stop start", "help stop"}},
		{TierStart, []string{"START", "start", "Unstop", "UNSTOP!", "@acme start please", "start 🚀", "ＳＴＡＲＴ"}},
		{TierHelp, []string{"HELP", "help", "Help!", "help please", "@acme help", "INFO", "info?", "🆘 help"}},
		{TierNone, []string{
			"", " ", "!!!", "🛑", "@stop", "@acme", "https://t.co/stop", "please", "thank you", "thanks please", "hello",
			"please don't stop", "please don’t stop", "don't stop", "dont stop", "do not stop", "never stop", "non-stop", "nonstop",
			"cancel my order", "Can you cancel it?", "I want to cancel", "cancel order 17", "the stop button", "stop button",
			"can you stop the renewal?", "STOP CRASHING WHEN I ADD TEXT", "stop by later", "bus stop", "full stop",
			"end of the month", "the end", "weekend", "end-to-end", "quit asking", "I quit my job", "revoke my token",
			"opt", "stop opt", "stop thank", "opt in", "out", "opting out", "stoped", "stopped", "stop1", "stop 2", "2stop",
			"start my trial", "restart", "help me", "I need help", "information", "start help",
			"stop@acme.example", "thank", "thank stop", "please thank you opt", "stop что",
		}},
	}
	var n int
	for _, tt := range tests {
		for _, line := range tt.lines {
			n++
			if got := Match(line, false); got != tt.want {
				t.Errorf("Match(%q, false) = %s, want %s", line, got, tt.want)
			}
		}
	}
	if n < 80 {
		t.Errorf("the table has %d lines, want at least 80", n)
	}
}

func TestMatchOpenFlow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want Tier
	}{
		{"cancel", TierNone}, {"CANCEL please", TierNone}, {"end", TierNone}, {"End. Cancel.", TierNone},
		{"stop", TierHard}, {"stop, cancel", TierHard}, {"cancel stop", TierHard}, {"quit", TierHard}, {"opt out", TierHard},
		{"start", TierStart}, {"help", TierHelp}, {"", TierNone}, {"yes", TierNone},
	}
	for _, tt := range tests {
		if got := Match(tt.text, true); got != tt.want {
			t.Errorf("Match(%q, true) = %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []string
	}{
		{"", nil},
		{"Where's my ORDER #17?", []string{"where", "s", "my", "order", "17"}},
		{"@acme see https://x.example/refund now", []string{"see", "now"}},
		{"mail me@acme.example", []string{"mail", "me", "acme", "example"}},
		{"STRASSE Straße ΟΔΟΣ οδος", []string{"strasse", "strasse", "οδοσ", "οδοσ"}},
		{"Cafe\u0301 café", []string{"café", "café"}},
		{"退款 refund", []string{"退", "款", "refund"}},
		{"हिन्दी में", []string{"हिन्दी", "में"}},
		{"ไทย", []string{"ไ", "ท", "ย"}},
		{"👩‍👩‍👧 hi", []string{"hi"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, slices.Collect(Words(tt.text))); diff != "" {
			t.Errorf("Words(%q) (-want +got):\n%s", tt.text, diff)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"s t o p", "\"stop\" me", "> stop\nno", "st op", "Hör auf, mir zu schreiben", "停 止", "ＳＴＯＰ ｽﾄｯﾌﾟ", "STOP", "please don't stop", "@a https://b opt\u200b-out", "\xff退", "thank you", "İ"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, open bool) {
		got := Match(text, open)
		for w := range Words(text) {
			if w == "" || !utf8.ValidString(w) || strings.ContainsAny(w, " @!.\n") {
				t.Errorf("Words(%q) yields %q", text, w)
			}
		}
		// A mention, a link and polite words take no stop away and make none.
		again := Match("@acme please\n"+text+"\nhttps://t.co/x thanks!", open)
		if got != TierDoubt && again != TierDoubt && again != got {
			t.Errorf("Match(%q) = %s, with a mention and polite words around it %s", text, got, again)
		}
		if got.OptsOut() != again.OptsOut() {
			t.Errorf("Match(%q) = %s, with a mention and polite words around it %s", text, got, again)
		}
		if open && got == TierHard && Match(text, false) != TierHard {
			t.Errorf("Match(%q) is hard in an open flow only", text)
		}
	})
}

// TestC13PoliteStop surrounds every stop of the samples with what says nothing.
func TestC13PoliteStop(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t, "testdata/lines.tsv") {
		if !s.want.OptsOut() {
			continue
		}
		for _, around := range []string{
			"%", "please %", "% please", "%!!!", "% 🙏🏽🛑", "🛑% ", "@acme % @acme_help", "https://t.co/x %", "% https://t.co/x",
			"thanks. %", "%, thank you", "Hello\n%", "\u200b%\ufeff", "...%...", "(%)", "* % *", "“%”", "  %\n\n",
			"@acme please, % 👍🏻\nthanks https://t.co/x!",
		} {
			text := strings.ReplaceAll(around, "%", s.text)
			if got := MatchLang(text, s.lang, false); got != s.want {
				t.Errorf("MatchLang(%q, %s) = %s, want %s", text, s.lang, got, s.want)
			}
		}
	}
}

func TestMatchLangTag(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, lang string
		want       Tier
	}{
		{"fine", "it", TierHard}, {"Fine", "it-IT", TierHard}, {"fine", "IT", TierHard},
		{"fine", "", TierNone}, {"fine", "en", TierNone}, {"fine", "und", TierNone}, {"fine", "tlh", TierNone},
		{"para", "", TierHard}, {"para", "es", TierHard}, {"para", "tr", TierNone}, {"stop", "zh", TierHard},
	}
	for _, tt := range tests {
		if got := MatchLang(tt.text, tt.lang, false); got != tt.want {
			t.Errorf("MatchLang(%q, %q) = %s, want %s", tt.text, tt.lang, got, tt.want)
		}
	}
}

// longTexts are of the longest message there is, and hard to read.
func longTexts() map[string]string {
	fill := func(s string) string { return strings.Repeat(s, 25_000/utf8.RuneCountInString(s)) }
	return map[string]string{
		"words": fill("my order has not arrived, what now? "), "stop": fill("stop "), "nearly": fill("do not ever "),
		"one word": fill("stoooop"), "letters": fill("s t o p "), "commas": fill("stop,"), "marks": fill("\u0301\u0323"),
		"ideograms": fill("不要再给我"), "quotes": fill("\"stop "), "mentions": fill("@acme "), "expanding": fill("ﷺ"), "invalid": fill("s\xff"),
	}
}

func TestMatchLong(t *testing.T) {
	t.Parallel()
	for name, text := range longTexts() {
		if got := Match(text+". Stop messaging me.", false); name != "one word" && name != "quotes" && name != "marks" && name != "commas" && got != TierPhrase {
			t.Errorf("%s, and a stop at the end: %s, want phrase", name, got)
		}
	}
}

func TestMatchAllocations(t *testing.T) {
	for name, text := range longTexts() {
		if n := testing.AllocsPerRun(3, func() { Match(text, false) }); n > 32 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	long := strings.Repeat("@acme ", 20) + "my order number 4711 has not arrived, can you cancel it? " + strings.Repeat("Bitte prüfen Sie das. ", 10)
	for _, bm := range []struct{ name, text string }{
		{"stop", "@acme Stop. Thanks"}, {"question", "where is my order?"}, {"long", long}, {"emoji", "STOP!!! 🛑"},
		{"typical", "Hi, my order 4711 has not arrived yet, can you cancel the second item please?"},
		{"russian", "Здравствуйте, где мой заказ? Отмените второй товар, пожалуйста"},
		{"german", "Hallo, könnt ihr meine zweite Bestellung bitte stornieren?"},
		{"25000", strings.Repeat("my order has not arrived, what now? ", 695)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Match(bm.text, false)
			}
		})
	}
}
