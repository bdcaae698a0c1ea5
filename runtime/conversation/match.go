package conversation

import "unicode/utf8"

// Match finds an opt-out, a START or a HELP in a message, in any of the
// languages of the lists.
//
// It is hard if the whole message is a stop word, perhaps repeated, besides
// mentions, links, punctuation, emoji and polite words; a phrase if a clause of
// it says nothing but that we should leave the user alone; doubt if it may be
// either. What stands in quotation marks inside a message counts for nothing.
// CANCEL and END belong to an open flow while there is one.
func Match(text string, openFlow bool) Tier { return MatchLang(text, "", openFlow) }

// MatchLang is Match for a message whose language is known: the words that are
// a stop in that language and ordinary in others count too. lang is a BCP 47
// tag; one without a list of ours changes nothing.
func MatchLang(text, lang string, openFlow bool) Tier {
	l := lists()
	m := message{list: l, lang: l.language(lang)}
	m.read(text)
	return m.tier(openFlow)
}

// message gathers what the clauses of a message say. It holds no more than one
// clause, however long the message is.
type message struct {
	list *list
	lang int

	clause    clause
	sentence  int  // clauses that said something since the last full stop
	inQuote   bool // between quotation marks
	quoteLine bool // in a line that starts with >
	plain     says // outside of quotation marks
	quoted    says

	words int      // of the whole message
	whole spelling // all words without the gaps, of a short message
	odd   spelling // the first word that is in no list
	odds  int      // words that are in no list
}

// says is what the clauses of a text amount to.
type says struct {
	stop, flow, start, help bool // a clause that is such a word and nothing else
	apart                   bool // such a stop at the start or end of a longer text
	soft                    bool // a stop word and words that add nothing
	phrase, maybe, lyric    bool
	other                   bool // a clause that says anything else
	any                     bool // more than polite words
}

func (m *message) read(text string) {
	r := newReader(text)
	for {
		switch r.next() {
		case tokenWord:
			m.word(&r)
		case tokenQuestion:
			m.clause.question = true
			m.end(true)
		case tokenStop:
			m.end(true)
		case tokenLine:
			m.end(true)
			m.quoteLine = false
		case tokenQuotedLine:
			m.end(true)
			m.quoteLine = true
		case tokenComma:
			m.end(false)
		case tokenQuote:
			m.end(false)
			m.inQuote = !m.inQuote
		case tokenEnd:
			m.end(true)
			return
		}
	}
}

// word adds the word that r stands at.
func (m *message) word(r *reader) {
	id := m.list.find(r)
	m.clause.add(id, r.single())
	m.words++
	if m.words <= mostPieces {
		m.whole.add(r.word())
	}
	if id == 0 {
		if m.odds == 0 {
			m.odd.add(r.word())
		}
		m.odds++
	}
}

// mostPieces is into how many pieces a stop word may have fallen: "st op".
const mostPieces = 3

// end takes in the clause read so far. full: at the end of a sentence.
func (m *message) end(full bool) {
	c := &m.clause
	if c.n == 0 {
		if full {
			m.sentence = 0
		}
		return
	}
	to := &m.plain
	if m.inQuote || m.quoteLine {
		to = &m.quoted
	}
	kind := c.parse(m.list, m.lang)
	c.reset()
	// "play, pause, stop, rewind" is a list, "Wait, stop." is not.
	apart := m.sentence == 0 || full && m.sentence == 1
	if kind != saysNothing {
		to.any = true
		m.sentence++
	}
	if full {
		m.sentence = 0
	}
	switch kind {
	case saysStop:
		to.stop, to.apart = true, to.apart || apart
	case saysLoneStop:
		to.stop = true
	case saysFlow:
		to.flow = true
	case saysStart:
		to.start = true
	case saysHelp:
		to.help = true
	case saysSoftStop:
		to.other, to.soft = true, to.soft || apart
	case saysPhrase:
		to.phrase = true
	case saysMaybe:
		to.other, to.maybe = true, true
	case saysLyric:
		to.other, to.lyric = true, true
	case saysOther:
		to.other = true
	case saysFiller:
		to.other = true
		m.sentence = 0 // "Ok, stop"
	}
}

func (m *message) tier(openFlow bool) Tier {
	s := m.plain
	// Quotation marks around everything, or only one of them, quote nothing.
	if !s.any || m.inQuote {
		s = s.and(m.quoted)
	}
	switch {
	case s.phrase:
		return TierPhrase
	case s.soft, s.maybe:
		return TierDoubt
	case !s.other && (s.stop || s.flow && !openFlow) && !s.start && !s.help:
		return TierHard
	case s.other && s.apart && !s.lyric, !s.other && s.stop: // the latter: "stop start"
		return TierDoubt
	case !s.other && s.start && !s.flow && !s.help:
		return TierStart
	case !s.other && s.help && !s.flow && !s.start:
		return TierHelp
	case m.misspelt(openFlow):
		return TierDoubt
	}
	return TierNone
}

// misspelt reports whether the whole message is a stop word with a gap in it or
// a slip of the finger.
func (m *message) misspelt(openFlow bool) bool {
	if m.words > 1 && m.words <= mostPieces && m.list.stops(m.whole.bytes(), m.lang) {
		return true
	}
	return m.odds == 1 && m.words <= mostPieces && m.plain.other && m.list.near(m.odd.bytes(), openFlow)
}

func (s says) and(t says) says {
	return says{
		stop: s.stop || t.stop, flow: s.flow || t.flow, start: s.start || t.start, help: s.help || t.help,
		apart: s.apart || t.apart, soft: s.soft || t.soft, phrase: s.phrase || t.phrase, maybe: s.maybe || t.maybe, lyric: s.lyric || t.lyric,
		other: s.other || t.other, any: s.any || t.any,
	}
}

// longestWord is in bytes, in the form that words are compared in. A longer
// word is in no list.
const longestWord = 64

// spelling is a word without an allocation.
type spelling struct {
	buf [longestWord]byte
	n   int // longestWord+1: too long
}

func (s *spelling) add(b []byte) {
	if s.n+len(b) > len(s.buf) {
		s.n = len(s.buf) + 1
		return
	}
	s.n += copy(s.buf[s.n:], b)
}

func (s *spelling) addByte(b byte) {
	if s.n < len(s.buf) {
		s.buf[s.n] = b
		s.n++
	} else {
		s.n = len(s.buf) + 1
	}
}

func (s *spelling) addRune(c rune) {
	var enc [utf8.UTFMax]byte
	s.add(enc[:utf8.EncodeRune(enc[:], c)])
}

// bytes is nil for a word that is too long.
func (s *spelling) bytes() []byte {
	if s.n > len(s.buf) {
		return nil
	}
	return s.buf[:s.n]
}
