package handlers

import (
	"regexp"
	"slices"
	"unicode/utf8"
)

// keyword is one way in which a user says what an answer is for.
type keyword struct {
	words   []string
	letters int
	lang    string // of the list in which it stands; "": none is named
	answer  int
}

// expression is a pattern by which an answer is found.
type expression struct {
	re     *regexp.Regexp
	answer int
}

// finding is what was found in a message. answer is -1 where nothing was.
type finding struct {
	answer  int
	letters int    // the score
	lang    string // of the keyword
}

// index makes the keywords of an answer known.
func (a *Answers) index(n int, lang string, keywords [][]string) {
	if a.byFirst == nil {
		a.byFirst = make(map[string][]keyword)
	}
	for _, words := range keywords {
		k := keyword{words: words, answer: n, lang: lang}
		for _, w := range words {
			k.letters += utf8.RuneCountInString(w)
		}
		a.byFirst[words[0]] = append(a.byFirst[words[0]], k)
	}
}

// find looks for the best answer: by keywords, and only where none is found by
// patterns, since those name things and not what is wanted. The score is the
// letters of the longest keyword or match. allowed leaves answers out.
func (a *Answers) find(text string, words []string, lang string, allowed func(*answer) bool) finding {
	best := finding{answer: -1}
	consider := func(f finding) {
		// The better one is rare: ask last whether it may be given at all.
		if a.better(f, best, lang) && allowed(a.all[f.answer]) {
			best = f
		}
	}
	for i, w := range words {
		for _, k := range a.byFirst[w] {
			if len(k.words) <= len(words)-i && slices.Equal(k.words, words[i:i+len(k.words)]) {
				consider(finding{k.answer, k.letters, k.lang})
			}
		}
	}
	if best.answer >= 0 {
		return best
	}
	for _, p := range a.patterns {
		longest := 0
		for _, m := range p.re.FindAllString(text, maxMatches) {
			longest = max(longest, letters(m))
		}
		if longest > 0 {
			consider(finding{answer: p.answer, letters: longest})
		}
	}
	return best
}

// maxMatches bounds what a pattern looks for in a long message.
const maxMatches = 20

// better is the tie rule: more letters; then the answer, or the keyword, in the
// language of the message; then the one that stands first.
func (a *Answers) better(f, than finding, lang string) bool {
	if than.answer < 0 || f.letters != than.letters {
		return than.answer < 0 || f.letters > than.letters
	}
	speaks := func(f finding) bool { return lang != "" && (a.all[f.answer].lang == lang || f.lang == lang) }
	if named, before := speaks(f), speaks(than); named != before {
		return named
	}
	return f.answer < than.answer
}

// guess is the language of which a message has the most words that the file
// gives as its own; "" where no language has more than all others.
func (a *Answers) guess(words []string) string {
	best, at, tie := "", 0, false
	for _, l := range a.languages {
		n := 0
		for _, w := range words {
			if l.words[w] {
				n++
			}
		}
		switch {
		case n > at:
			best, at, tie = l.lang, n, false
		case n == at:
			tie = true
		}
	}
	if tie {
		return ""
	}
	return best
}

// tongue is a language and words that tell it.
type tongue struct {
	lang  string
	words map[string]bool
}
