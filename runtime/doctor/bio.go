package doctor

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Disclosure is what a text says of who speaks.
type Disclosure struct {
	Bot      bool // that it is a bot
	Operator bool // whose: names the operator's handle
}

// Reads reports what a bio or another short text discloses. It knows the words
// for a bot in the languages below; the operator is an @handle.
func Reads(text, operator string) Disclosure {
	text = strings.ToLower(norm.NFKC.String(text))
	return Disclosure{
		Bot:      saysBot(text),
		Operator: slices.Contains(handles(text), strings.ToLower(operator)),
	}
}

// botWords say that an account is automated; whole words, after NFKC and in
// lower case.
const botWords = `
 bot bots chatbot robot automated automation autoreply
 automatisiert automatisierte automatisierter automatisiertes automatisch
 automatizado automatizada automatizados automatica automático automática
 automatisé automatisée automatique robot
 automatizzato automatizzata automatico
 automatizada robô robo
 geautomatiseerd geautomatiseerde
 zautomatyzowane zautomatyzowany automat
 автоматический автоматизированный бот робот
 otomatik`

// botParts say it in scripts that write no spaces between words.
const botParts = `ボット 自動応答 自動返信 自動投稿 自動化 机器人 機器人 自动 自動 봇 자동 บอท อัตโนมัติ`

// denials before a word take it back: "not a bot". A bio that denies being one
// discloses nothing. Between stand only words such as "really a".
const (
	denials = `not no never isn't isnt kein keine nicht pas nunca non nao não geen niet nie не`
	between = `a an any your really actually ein eine einen un une una uno um uma een`
)

func saysBot(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '@' && r != '_' && !unicode.IsMark(r)
	})
	known, deny, small := strings.Fields(botWords), strings.Fields(denials), strings.Fields(between)
	said := false
	for i, w := range words {
		if !slices.Contains(known, w) { // @acme_bot is a name, not a word
			continue
		}
		before := i - 1
		for before >= 0 && slices.Contains(small, words[before]) {
			before--
		}
		if before >= 0 && slices.Contains(deny, words[before]) {
			return false
		}
		said = true
	}
	return said || slices.ContainsFunc(strings.Fields(botParts), func(p string) bool { return strings.Contains(text, p) })
}

// handles are the @handles in a text, without the @; mail addresses hold none.
func handles(text string) (out []string) {
	for {
		head, rest, ok := strings.Cut(text, "@")
		if !ok {
			return out
		}
		last, _ := utf8.DecodeLastRuneInString(head)
		mail := last < utf8.RuneSelf && (unicode.IsLetter(last) || unicode.IsDigit(last) || strings.ContainsRune("._-+", last))
		end := strings.IndexFunc(rest, func(r rune) bool {
			return r >= utf8.RuneSelf || r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		})
		if end < 0 {
			end = len(rest)
		}
		if end > 0 && !mail {
			out = append(out, rest[:end])
		}
		text = rest[end:]
	}
}
