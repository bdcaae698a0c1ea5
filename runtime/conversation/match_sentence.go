package conversation

// longestSentence is in words; in scripts without spaces, in letters. A longer
// one is taken to say something else at its end.
const longestSentence = 128

// pause is a comma among the words of a sentence.
const pause = -1

// sentence is the words between two full stops, by their numbers.
type sentence struct {
	ids      [longestSentence]int32 // 0: in no list
	letters  [longestSentence]rune  // of a word of one letter; else 0
	n        int
	spelled  int  // words of one letter in a row, at the end
	spaced   bool // there are three or more in a row: s t o p
	long     bool
	question bool // ends with a question mark
	sets     scratch
}

func (s *sentence) reset() {
	s.n, s.spelled, s.spaced, s.long, s.question = 0, 0, false, false, false
}

func (s *sentence) comma() {
	if s.n > 0 {
		s.add(pause, 0)
	}
}

func (s *sentence) add(id int32, letter rune) {
	if s.n == longestSentence {
		s.long = true
		return
	}
	s.ids[s.n], s.letters[s.n] = id, letter
	s.n++
	if letter == 0 {
		s.spelled = 0
		return
	}
	s.spelled++
	s.spaced = s.spaced || s.spelled >= 3
}

// saying is what one clause says.
type saying uint8

const (
	saysNothing  saying = iota // polite words
	saysFiller                 // words that add nothing to a stop
	saysOther                  // what customers say
	saysStop                   // a stop word
	saysLoneStop               // one that is a stop as a whole message only
	saysFlow                   // CANCEL, END
	saysStart
	saysHelp
	saysSoftStop // a stop word and fillers
	saysPhrase   // we are told to leave the user alone
	saysMaybe    // so, and something else
	saysLyric    // the line of a song
)

// parse reads the clause that starts there from the left, the longest entry
// first, and returns where the next clause starts. A comma inside of an entry
// is none: "Hör auf, mir zu schreiben".
func (s *sentence) parse(at int, l *list, lang int) (saying, int) {
	if s.spaced {
		s.join(l)
	}
	var all sense // what stands in the clause
	var before, after, asks bool
	for at < s.n {
		if s.ids[at] == pause {
			at++
			break
		}
		found, n := l.longest(s.ids[at:s.n], lang, &s.sets)
		at += max(n, 1)
		what := found.first()
		switch {
		case what == 0 && all&(phrase|alone) == 0:
			all, before = all|unlisted, true
		case what == 0:
			all, after = all|unlisted, true
		default:
			// "How do I make you stop messaging me"
			asks = asks || what&(phrase|alone) != 0 && all&question != 0
			all |= what
		}
	}
	return s.says(all, before && after || asks, at), at
}

// says is what a clause says that holds all these. around: its phrase stands in
// the middle of something else. at is where the next one starts.
func (s *sentence) says(all sense, around bool, at int) saying {
	long := s.long && at >= s.n
	other := long || all&unlisted != 0
	switch {
	case all&lyric != 0:
		return saysLyric
	case all&not != 0:
		return saysOther
	case all&(phrase|alone) != 0 && !other:
		if all&question != 0 || s.question && all&ask == 0 {
			return saysMaybe
		}
		return saysPhrase
	case all&phrase != 0 && !around && !long:
		return saysMaybe
	case other, all&question != 0:
		return saysOther
	case all&doubt != 0 && all&(hard|lone) == 0:
		return saysSoftStop
	case all&(hard|lone|flow) != 0 && all&(restart|help) != 0:
		return saysSoftStop
	case all&(hard|lone) != 0 && all&(filler|ask) != 0:
		return saysSoftStop
	case all&hard != 0:
		return saysStop
	case all&lone != 0:
		return saysLoneStop
	case all&flow != 0 && all&(filler|ask) == 0:
		return saysFlow
	case all&restart != 0 && all&(filler|ask|help) == 0:
		return saysStart
	case all&help != 0 && all&(filler|ask|restart) == 0:
		return saysHelp
	case all&(flow|restart|help) != 0:
		return saysOther
	case all&(filler|ask) != 0:
		return saysFiller
	}
	return saysNothing
}

// join makes one word of letters that stand alone: "s t o p".
func (s *sentence) join(l *list) {
	to := 0
	for i := 0; i < s.n; {
		n := 0
		var word spelling
		for i+n < s.n && s.letters[i+n] != 0 {
			word.addRune(s.letters[i+n])
			n++
		}
		if n >= 3 {
			s.ids[to] = l.words[string(word.bytes())]
			i += n
		} else {
			s.ids[to] = s.ids[i]
			s.letters[to] = s.letters[i]
			i++
		}
		to++
	}
	s.n, s.spaced = to, false
}
