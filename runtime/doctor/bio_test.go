package doctor

import "testing"

func TestReads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text          string
		bot, operator bool
	}{
		{"Bot by @acme", true, true},
		{"bot by @ACME.", true, true},
		{"🤖 BOT | run by @acme | mon-fri", true, true},
		{"Automated account of @acme's support desk", true, true},
		{"Ｂｏｔ by ＠acme", true, true}, // full width
		{"@acmebot", false, false},   // a longer handle
		{"@acme_bot", false, false},
		{"Robotics news by @acme", false, true},
		{"I am not a bot. @acme", false, true},
		{"This isn't a bot! Bot-free zone by @acme", false, true},
		{"Not human: a bot by @acme", true, true},
		{"Kein Mensch, ein Bot von @acme", true, true},
		{"Automatisiertes Konto von @acme", true, true},
		{"Kein Bot. @acme", false, true},
		{"Compte automatisé de @acme", true, true},
		{"Cuenta automatizada de @acme", true, true},
		{"Conta automatizada @acme", true, true},
		{"Account automatizzato di @acme", true, true},
		{"Geautomatiseerd account van @acme", true, true},
		{"@acmeのボットです", true, true},
		{"自動応答 運営:@acme", true, true},
		{"@acme 官方机器人", true, true},
		{"@acme 봇", true, true},
		{"Бот компании @acme", true, true},
		{"mail me: bot@acme.example", false, false},
		{"It is not really a bot. @acme", false, true},
		{"", false, false},
		{"We love pottery", false, false},
		{"@", false, false},
	} {
		if d := Reads(tt.text, "acme"); d.Bot != tt.bot || d.Operator != tt.operator {
			t.Errorf("%q: got %+v, want bot %v, operator %v", tt.text, d, tt.bot, tt.operator)
		}
	}
}

// FuzzReads: no text makes it panic, and what does not name the operator never
// counts as naming it.
func FuzzReads(f *testing.F) {
	f.Add("Bot by @acme", "acme")
	f.Add("@@ @a @", "")
	f.Fuzz(func(t *testing.T, text, operator string) {
		if d := Reads(text, operator); d.Operator && operator == "" {
			t.Errorf("%q names nobody", text)
		}
	})
}
