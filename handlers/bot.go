package handlers

import (
	_ "embed" // for the questions
	"strings"
	"sync"

	"github.com/beckon-bot/beckon/runtime/conversation"
)

//go:embed bot.txt
var botQuestions string

//go:embed help.tsv
var helpTexts string

// own is what the bot says of itself in one language.
type own struct {
	yes, self string
	asksHuman bool // the question was whether it is a person
}

// selfIn is what the bot is, in a language other than English; "" where there is
// no text.
func selfIn(lang, operator string) string {
	for line := range strings.Lines(botQuestions) {
		if f := strings.Split(line, "\t"); len(f) == 5 && f[0] == lang && operator != "" {
			return strings.ReplaceAll(f[2], "{operator}", operator)
		}
	}
	return ""
}

// owns are the answers by question, its words run together: where words end
// differs between scripts.
var owns = sync.OnceValue(func() map[string]own {
	out := map[string]own{}
	for line := range strings.Lines(botQuestions) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 5 {
			continue // a comment; a test counts the languages
		}
		for i, questions := range f[3:] {
			for q := range strings.SplitSeq(questions, ";") {
				out[run(q)] = own{yes: f[1], self: f[2], asksHuman: i == 1}
			}
		}
	}
	return out
})

func run(text string) string {
	var b strings.Builder
	for w := range conversation.Words(text) {
		if !courtesy(w) && !greeting(w) {
			b.WriteString(w)
		}
	}
	return b.String()
}

// greeting is a word before the question that changes nothing, in the languages
// with spaces between words.
func greeting(word string) bool {
	switch word {
	case "hallo", "moin", "servus", "bitte", "hola", "buenas", "olá", "ola", "oi", "bonjour", "bonsoir", "salut", "ciao", "salve", "buongiorno",
		"hoi", "dag", "hej", "hei", "moi", "terve", "cześć", "ahoj", "dobrý", "den", "merhaba", "selam", "привет", "здравствуйте",
		"привіт", "вітаю", "γεια", "γειά", "σας", "σου", "مرحبا", "السلام", "عليكم", "سلام", "שלום", "היי", "नमस्ते", "halo", "hai":
		return true
	}
	return false
}

// saidOfItself answers the question whether the bot is one in the language of
// the question; "" if the text is no such question.
func saidOfItself(text, operator string) string {
	if len(text) > 400 { // far beyond the longest question
		return ""
	}
	o, ok := owns()[run(text)]
	if !ok || operator == "" {
		return ""
	}
	self := strings.ReplaceAll(o.self, "{operator}", operator)
	if o.asksHuman {
		return self
	}
	return o.yes + " " + self
}
