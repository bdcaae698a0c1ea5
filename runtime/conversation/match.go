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
// sentence, however long the message is.
type message struct {
	list *list
	lang int

	sentence  sentence
	clauses   int  // that said something since the last full stop
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
	m.quoteLine = r.quotedLine()
	for {
		switch r.next() {
		case tokenWord:
			m.word(&r)
		case tokenQuestion:
			m.sentence.question = true
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
			m.sentence.comma()
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
	m.sentence.add(id, r.single())
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

// end takes in the words read so far. full: they end a sentence.
func (m *message) end(full bool) {
	t := &m.plain
	if m.inQuote || m.quoteLine {
		t = &m.quoted
	}
	for at := 0; at < m.sentence.n; {
		var s saying
		s, at = m.sentence.parse(at, m.list, m.lang)
		// "play, pause, stop, rewind" is a list, "Wait, stop." is not.
		t.add(s, m.clauses == 0 || m.clauses == 1 && full && at >= m.sentence.n)
		switch s {
		case saysNothing:
		case saysFiller:
			m.clauses = 0 // "Ok, stop"
		default:
			m.clauses++
		}
	}
	if full {
		m.clauses = 0
	}
	m.sentence.reset()
}

// add takes in what a clause says. apart: no more than one clause stands beside
// it in its sentence.
func (t *says) add(s saying, apart bool) {
	if s != saysNothing {
		t.any = true
	}
	switch s {
	case saysStop:
		t.stop, t.apart = true, t.apart || apart
	case saysLoneStop:
		t.stop = true
	case saysFlow:
		t.flow = true
	case saysStart:
		t.start = true
	case saysHelp:
		t.help = true
	case saysSoftStop:
		t.other, t.soft = true, t.soft || apart
	case saysPhrase:
		t.phrase = true
	case saysMaybe:
		t.other, t.maybe = true, true
	case saysLyric:
		t.other, t.lyric = true, true
	case saysOther, saysFiller:
		t.other = true
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
