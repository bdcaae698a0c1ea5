package handlers

import (
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// slotKind is what a slot holds.
type slotKind string

const (
	slotText    slotKind = "text"    // what the user wrote, as it is
	slotNumber  slotKind = "number"  // a whole number
	slotDate    slotKind = "date"    // a day
	slotEmail   slotKind = "email"   // an address
	slotChoice  slotKind = "choice"  // one of several
	slotPattern slotKind = "pattern" // such as an order number
)

func slotKinds() []string {
	return []string{string(slotChoice), string(slotDate), string(slotEmail), string(slotNumber), string(slotPattern), string(slotText)}
}

// slot is something that a flow asks for. Its value is text in one form, so that
// it can be kept: a number in digits, a date as 2026-11-02, a choice by name.
type slot struct {
	name     string
	kind     slotKind
	min, max int64 // number; of text max is in characters
	monthDay bool  // 3/2 is the 2nd of March
	re       *regexp.Regexp
	choices  []choice
}

type choice struct {
	name  string
	words [][]string
}

const (
	maxText    = 2000 // characters of a text slot
	maxValue   = 64   // of what a pattern finds
	maxAddress = 254
	maxNumber  = 1_000_000_000_000

	unknownAge = 10 * rules.Never // of a day that is not known yet
)

// longest is how many characters the value of a slot has at most where it is
// said again; 0: it is not. What a user wrote freely is not repeated to anybody.
func (s *slot) longest() int {
	switch s.kind {
	case slotNumber:
		return len(strconv.FormatInt(-maxNumber, 10))
	case slotDate:
		return len(time.DateOnly)
	case slotEmail:
		return maxAddress
	case slotPattern:
		return maxValue
	case slotChoice:
		n := 0
		for _, c := range s.choices {
			n = max(n, len(c.name))
		}
		return n
	}
	return 0
}

// read finds the slot's value in a message.
func (s *slot) read(text string, now time.Time) (string, bool) {
	switch s.kind {
	case slotText:
		text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
		return text, visible(text) && int64(utf8.RuneCountInString(text)) <= s.max
	case slotNumber:
		return s.number(text)
	case slotDate:
		return s.date(plain(text), now)
	case slotEmail:
		return address(text)
	case slotPattern:
		text = plain(text)
		for _, m := range s.re.FindAllStringIndex(text, maxMatches) {
			if v := text[m[0]:m[1]]; utf8.RuneCountInString(v) <= maxValue && alone(text, m) {
				return v, true
			}
		}
		return "", false
	}
	return s.choose(slices.Collect(conversation.Words(text)))
}

// visible reports whether a text shows anything: direction marks, joiners and
// blanks of every script alone are no answer.
func visible(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != '\u2800' && r != '\u3164' && !unicode.Is(unicode.Variation_Selector, r)
	})
}

// certain reports whether a value can be picked out of a message that says more,
// so that a flow need not ask for it.
func (s *slot) certain() bool { return s.kind == slotPattern || s.kind == slotEmail }

// plain brings digits of every script, and wide letters, to those of ASCII, and
// takes invisible characters out.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.Is(unicode.Nd, r): // ten in a row, from zero
			for zero := r; ; zero-- {
				if r-zero == 9 || !unicode.Is(unicode.Nd, zero-1) {
					return '0' + (r-zero)%10
				}
			}
		case unicode.Is(unicode.Pd, r):
			return '-'
		}
		return r
	}, norm.NFKC.String(strings.ToValidUTF8(text, " ")))
}

// alone reports whether nothing that belongs to a word touches a match.
func alone(text string, m []int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:m[0]])
	after, _ := utf8.DecodeRuneInString(text[m[1]:])
	in := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	first, _ := utf8.DecodeRuneInString(text[m[0]:m[1]])
	last, _ := utf8.DecodeLastRuneInString(text[m[0]:m[1]])
	return !(in(before) && in(first)) && !(in(after) && in(last))
}

// letters counts the letters and digits of a text: what a match weighs.
func letters(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			n++
		}
	}
	return n
}

// number finds the one whole number of a message.
func (s *slot) number(text string) (string, bool) {
	found, n := "", 0
	for _, f := range strings.FieldsFunc(plain(text), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("!?;:()\"'#", r)
	}) {
		v, err := strconv.ParseInt(strings.TrimRight(f, ".,"), 10, 64)
		if err == nil {
			found, n = strconv.FormatInt(v, 10), n+1
			if v < s.min || v > s.max {
				return "", false
			}
		}
	}
	return found, n == 1
}

// date finds a day: 2026-11-02, 2.11.2026, 2/11/2026, 2.11., today. A day in
// digits counts before a word: "hier" is yesterday in French, and here in German.
func (s *slot) date(text string, now time.Time) (string, bool) {
	for f := range strings.FieldsSeq(text) {
		parts := strings.FieldsFunc(f, func(r rune) bool { return strings.ContainsRune("./-,!?", r) })
		if len(parts) < 2 || len(parts) > 3 {
			continue
		}
		var n [3]int
		for i, p := range parts {
			v, err := strconv.Atoi(p)
			if err != nil || v < 0 {
				n[0] = -1
				break
			}
			n[i] = v
		}
		if n[0] < 0 {
			continue
		}
		if d, ok := s.day(n, len(parts), len(parts[0]) == 4, now); ok {
			return d, true
		}
	}
	for w := range conversation.Words(text) {
		for days, names := range [][]string{{"today", "heute", "hoy", "aujourd", "hoje", "oggi"}, {"yesterday", "gestern", "ayer", "hier", "ontem", "ieri"}} {
			if slices.Contains(names, w) {
				return now.AddDate(0, 0, -days).Format(time.DateOnly), true
			}
		}
	}
	return "", false
}

// day makes a date of its numbers; without a year it is the one nearest to now.
func (s *slot) day(n [3]int, parts int, yearFirst bool, now time.Time) (string, bool) {
	y, m, d := n[2], n[1], n[0]
	switch {
	case yearFirst && parts == 3:
		y, m, d = n[0], n[1], n[2]
	case s.monthDay:
		m, d = n[0], n[1]
	}
	if parts == 2 {
		return nearest(m, d, now)
	}
	if y < 100 {
		y += 2000
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if int(t.Month()) != m || t.Day() != d || y < 1900 || y > 2200 {
		return "", false
	}
	return t.Format(time.DateOnly), true
}

// nearest is the day without a year that lies nearest to now, of those that
// there are: not every year has a 29th of February.
func nearest(m, d int, now time.Time) (day string, ok bool) {
	least := time.Duration(0)
	for y := now.Year() - 1; y <= now.Year()+1; y++ {
		t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
		if away := t.Sub(now).Abs(); int(t.Month()) == m && t.Day() == d && (!ok || away < least) {
			day, least, ok = t.Format(time.DateOnly), away, true
		}
	}
	return day, ok
}

// address finds a mail address.
func address(text string) (string, bool) {
	for f := range strings.FieldsSeq(plain(text)) {
		f = strings.Trim(f, "<>()[],;:!?.\"'")
		at := strings.LastIndexByte(f, '@')
		if at <= 0 || !strings.Contains(f[at:], ".") || len(f) > maxAddress {
			continue
		}
		if a, err := mail.ParseAddress(f); err == nil && a.Name == "" && a.Address == f {
			return f, true
		}
	}
	return "", false
}

// choose finds the choice that a message names: the longest words, if only one
// choice has words that long.
func (s *slot) choose(words []string) (string, bool) {
	best, at, tie := "", 0, false
	for i, c := range s.choices {
		longest := 0
		for _, want := range c.words {
			for j := range words {
				if len(words)-j >= len(want) && slices.Equal(words[j:j+len(want)], want) {
					longest = max(longest, letters(strings.Join(want, "")))
				}
			}
		}
		if len(words) == 1 && words[0] == strconv.Itoa(i+1) { // by its number
			return c.name, true
		}
		switch {
		case longest > at:
			best, at, tie = c.name, longest, false
		case longest == at:
			tie = true
		}
	}
	return best, at > 0 && !tie
}

// field is how conditions name the slot; ok is false where they cannot compare
// its value.
func (s *slot) field() (f rules.Field, ok bool) {
	f = rules.Field{Name: "slot." + s.name}
	switch s.kind {
	case slotNumber:
		f.Whole, f.Min, f.Max = true, s.min, s.max
	case slotDate: // how long ago the day began
		f.Age, f.Min, f.Max = true, -int64(unknownAge), int64(unknownAge)
	case slotChoice:
		for _, c := range s.choices {
			f.Words = append(f.Words, c.name)
		}
		f.Words = append(f.Words, "") // not chosen yet
	default:
		return f, false
	}
	return f, true
}

// value is what conditions compare.
func (s *slot) value(text string, now time.Time) rules.FieldValue {
	switch s.kind {
	case slotNumber:
		n, _ := strconv.ParseInt(text, 10, 64) // "": not known yet, 0
		return rules.FieldValue{N: n}
	case slotDate:
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			return rules.AgeOf(now.Sub(day))
		}
		return rules.AgeOf(unknownAge) // as rules have it: what never was is older than anything
	}
	return rules.FieldValue{Word: text}
}

// Keep splits slots into those that may be kept of a user and those that may
// not: their name or value is about what X forbids to store, such as health.
func Keep(slots map[string]string) (kept map[string]string, dropped []string) {
	for name, value := range slots {
		_, bad := rules.Sensitive(strings.ReplaceAll(name, "_", " "))
		if bad == "" {
			_, bad = rules.Sensitive(value)
		}
		if bad != "" && value != "" {
			dropped = append(dropped, name)
			continue
		}
		if kept == nil {
			kept = make(map[string]string, len(slots))
		}
		kept[name] = value
	}
	slices.Sort(dropped)
	return kept, dropped
}
