package handlers

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Answers answers by keyword. Its keywords are found as whole words, in any
// case and any Unicode form, outside of mentions and links.
//
// Where several are found, the keyword with the most letters wins; among
// equals the answer that names the language of the message; then the one that
// stands first, in the files as they were joined. An answer that names a
// language is left out where the message is known to be in another. A winner
// without a text for the channel is silence. The default answers only where
// nothing was found.
type Answers struct {
	all     []answer
	byFirst map[string][]keyword // by first word
	other   answer               // the default; the zero value is silence
}

type answer struct {
	id        string
	lang      string // "" for every language
	reply, dm string
	draft     event.Draft // flags only
	at        position
}

type keyword struct {
	words   []string
	letters int
	answer  int
}

// Name is answers.
func (*Answers) Name() string { return "answers" }

// Handle drafts the best answer. Without a file there is none.
func (a *Answers) Handle(in In) Out {
	if a == nil {
		return Out{}
	}
	best := a.find(in.Event.Text, in.Event.Lang)
	text := best.reply
	if channel(in.Event) == event.DM {
		text = best.dm
	}
	out := Say(in, event.Answer, fill(text, in.Bot))
	for i, d := range out.Drafts {
		flags := best.draft
		flags.Kind, flags.Purpose, flags.Text = d.Kind, d.Purpose, d.Text
		flags.Handler = a.Name() + "/" + best.id
		out.Drafts[i] = flags
	}
	return out
}

func (a *Answers) find(text, lang string) answer {
	lang, _, _ = strings.Cut(strings.ToLower(lang), "-")
	if lang == "und" {
		lang = ""
	}
	words := slices.Collect(conversation.Words(text))
	best := keyword{answer: -1}
	for i, w := range words {
		for _, k := range a.byFirst[w] {
			named := a.all[k.answer].lang
			if named != "" && lang != "" && named != lang {
				continue
			}
			if len(k.words) <= len(words)-i && slices.Equal(k.words, words[i:i+len(k.words)]) && a.better(k, best, lang) {
				best = k
			}
		}
	}
	if best.answer < 0 {
		return a.other
	}
	return a.all[best.answer]
}

// better is the tie rule.
func (a *Answers) better(k, than keyword, lang string) bool {
	if than.answer < 0 || k.letters != than.letters {
		return than.answer < 0 || k.letters > than.letters
	}
	named, before := a.all[k.answer].lang == lang, a.all[than.answer].lang == lang
	if lang != "" && named != before {
		return named
	}
	return k.answer < than.answer
}

// add indexes the keywords of an answer.
func (a *Answers) add(ans answer, keywords [][]string) {
	if a.byFirst == nil {
		a.byFirst = make(map[string][]keyword)
	}
	for _, words := range keywords {
		k := keyword{words: words, answer: len(a.all)}
		for _, w := range words {
			k.letters += utf8.RuneCountInString(w)
		}
		a.byFirst[words[0]] = append(a.byFirst[words[0]], k)
	}
	a.all = append(a.all, ans)
}

// JoinAnswers makes one handler of several files, in their order. It returns
// LoadErrors where two answers bear one id, or two files have a default. Files
// that are nil are passed over.
func JoinAnswers(files ...*Answers) (*Answers, error) {
	joined := &Answers{byFirst: make(map[string][]keyword)}
	first := make(map[string]position)
	var errs LoadErrors
	for _, f := range files {
		if f == nil {
			continue
		}
		base := len(joined.all)
		for _, ans := range f.all {
			if at, ok := first[ans.id]; ok {
				errs = append(errs, ans.at.errorf("the id %q is taken at %s", ans.id, at))
			} else {
				first[ans.id] = ans.at
			}
		}
		joined.all = append(joined.all, f.all...)
		for word, keywords := range f.byFirst {
			for _, k := range keywords {
				k.answer += base
				joined.byFirst[word] = append(joined.byFirst[word], k)
			}
		}
		switch {
		case f.other.id == "":
		case joined.other.id != "":
			errs = append(errs, f.other.at.errorf("there is a default already, at %s", joined.other.at))
		default:
			joined.other = f.other
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return joined, nil
}

// variables are what a text may name, with the longest value that the length
// check counts on.
func variables() []struct{ name, longest string } {
	return []struct{ name, longest string }{
		{"{username}", strings.Repeat("x", 15)},
		{"{operator}", strings.Repeat("x", 15)},
		{"{privacy_url}", "https://example.com/" + strings.Repeat("x", 180)},
	}
}

func fill(text string, b BotInfo) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return strings.NewReplacer("{username}", b.Username, "{operator}", b.Operator, "{privacy_url}", b.PrivacyURL).Replace(text)
}

// Said is every text that the answers can send, as it stands in the files,
// sorted.
func (a *Answers) Said() (texts []string) {
	for _, ans := range a.every() {
		for _, t := range []string{ans.reply, ans.dm} {
			if t != "" {
				texts = append(texts, t)
			}
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// AIGenerated reports whether a model wrote some of the answers.
func (a *Answers) AIGenerated() bool {
	return slices.ContainsFunc(a.every(), func(ans answer) bool { return ans.draft.AIGenerated })
}

func (a *Answers) every() []answer {
	if a == nil {
		return nil
	}
	return append(slices.Clone(a.all), a.other)
}
