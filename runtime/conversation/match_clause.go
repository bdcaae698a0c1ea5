package conversation

// longestClause is in words; in scripts without spaces, in letters. A longer
// clause is no stop.
const longestClause = 96

// clause is the words between two punctuation marks, as places in the lists.
type clause struct {
	ids      [longestClause]int32 // 0: in no list
	letters  [longestClause]rune  // of a word of one letter; else 0
	n        int
	spelled  int  // words of one letter in a row, at the end
	spaced   bool // there are three or more in a row: s t o p
	long     bool
	question bool // ends with a question mark
}

func (c *clause) reset() {
	c.n, c.spelled, c.spaced, c.long, c.question = 0, 0, false, false, false
}

func (c *clause) add(id int32, letter rune) {
	if c.n == longestClause {
		c.long = true
		return
	}
	c.ids[c.n], c.letters[c.n] = id, letter
	c.n++
	if letter == 0 {
		c.spelled = 0
		return
	}
	c.spelled++
	c.spaced = c.spaced || c.spelled >= 3
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

// parse reads the clause from the left, the longest entry first.
func (c *clause) parse(l *list, lang int) saying {
	if c.spaced {
		c.join(l)
	}
	var all sense // what stands in the clause
	var before, after bool
	var asks bool // by a question word before the phrase
	for i := 0; i < c.n; {
		s, n := l.longest(c.ids[i:c.n], lang)
		i += max(n, 1)
		switch {
		case n == 0, s&ordinary == 0:
			all |= unlisted
			if all&(phrase|alone) == 0 {
				before = true
			} else {
				after = true
			}
		case s&(phrase|alone) != 0 && all&question != 0:
			asks = true
			fallthrough
		default:
			all |= s.first()
		}
	}
	other := c.long || all&(unlisted|question) != 0
	switch {
	case all&lyric != 0:
		return saysLyric
	case all&not != 0:
		return saysOther
	case all&(phrase|alone) != 0 && !other:
		if c.question && all&ask == 0 {
			return saysMaybe
		}
		return saysPhrase
	case all&phrase != 0 && !asks && !(before && after) && !c.long:
		return saysMaybe
	case other, all&alone != 0:
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
func (c *clause) join(l *list) {
	to := 0
	for i := 0; i < c.n; {
		n := 0
		var word spelling
		for i+n < c.n && c.letters[i+n] != 0 {
			word.addRune(c.letters[i+n])
			n++
		}
		if n >= 3 {
			c.ids[to] = l.words[string(word.bytes())]
			i += n
		} else {
			c.ids[to] = c.ids[i]
			c.letters[to] = c.letters[i]
			i++
		}
		to++
	}
	c.n = to
}
