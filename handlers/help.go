package handlers

import (
	"cmp"
	"strings"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Help answers HELP and INFO, welcomes back after START, and says that the bot
// is one, and whose, when asked. It goes first in every chain: an automated
// account never leaves that question to anybody else.
type Help struct{}

// Name is help.
func (Help) Name() string { return "help" }

// Handle answers in the channel of the event.
func (Help) Handle(in In) Out {
	// The operator is named without the @: a mention would need permission.
	self := "I am a bot"
	if in.Bot.Operator != "" {
		self += ": an automated account run by " + in.Bot.Operator
	}
	switch in.Tier {
	case conversation.TierHelp:
		text := self + ". " + helpIn("en").stop
		if h, o := helpIn(in.Conversation.Lang), selfIn(in.Conversation.Lang, in.Bot.Operator); h.stop != "" && o != "" {
			text = o + " " + h.stop
		}
		// In a post a link costs more than it helps.
		if in.Event.Kind == event.KindDM && in.Bot.PrivacyURL != "" {
			text += " " + in.Bot.PrivacyURL
		}
		return Say(in, event.Answer, text)
	case conversation.TierStart:
		return Say(in, event.Notice, cmp.Or(helpIn(in.Conversation.Lang).welcome, helpIn("en").welcome))
	}
	if text := saidOfItself(in.Event.Text, in.Bot.Operator); text != "" {
		return Say(in, event.Answer, text)
	}
	switch asked(in.Event.Text) {
	case aboutBot:
		return Say(in, event.Answer, "Yes, "+self+".")
	case aboutSelf:
		return Say(in, event.Answer, self+".")
	}
	return Out{}
}

// help is what HELP and START are answered with in one language.
type help struct{ stop, welcome string }

// helpIn is empty where there is nothing in the language.
func helpIn(lang string) (h help) {
	for line := range strings.Lines(helpTexts) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 && f[0] == lang {
			return help{f[1], f[2]}
		}
	}
	return h
}

type question int

const (
	another   question = iota
	aboutBot           // are you a bot?
	aboutSelf          // are you human? who runs this?
)

// asked finds the question whether the bot is one. The whole message must be
// that question, besides greetings and polite words.
func asked(text string) question {
	var words []string
	for w := range conversation.Words(text) {
		if !courtesy(w) {
			words = append(words, w)
		}
		if len(words) > 12 {
			return another
		}
	}
	line := strings.Join(words, " ")
	switch line {
	case "bot", "robot":
		return aboutBot
	case "who are you", "who runs you", "who runs this", "who operates you", "who operates this":
		return aboutSelf
	}
	for _, opening := range []string{
		"are you", "are u", "r u", "is this", "is it", "am i talking to", "am i talking with",
		"am i speaking to", "am i speaking with", "am i chatting with", "am i writing to",
	} {
		if rest, ok := strings.CutPrefix(line, opening+" "); ok {
			return whether(strings.Fields(rest))
		}
	}
	return another
}

// whether reads what follows "are you".
func whether(words []string) question {
	found := another
	for _, w := range words {
		switch w {
		case "a", "an", "or", "just", "actually", "really", "account", "being":
		case "bot", "robot", "chatbot", "ai", "automated", "machine", "computer":
			found = max(found, aboutBot)
		case "human", "person", "real", "man", "woman", "somebody", "someone":
			found = aboutSelf
		default:
			return another
		}
	}
	return found
}

func courtesy(word string) bool {
	switch word {
	case "hi", "hello", "hey", "please", "pls", "thanks", "sorry", "ok", "okay", "so", "wait", "but", "um", "lol":
		return true
	}
	return false
}
