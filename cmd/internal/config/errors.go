package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Problem is one fault of a configuration file. It never quotes a secret.
type Problem struct {
	File      string
	Line, Col int    // from 1; Line 0 where the file as a whole is at fault
	Key       string // path of the key, such as bots.support.token; "" for the file
	Msg       string
}

func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Col)
	}
	if p.Key != "" {
		b.WriteString(": " + shown(p.Key))
	}
	return b.String() + ": " + p.Msg
}

// shown is a key as one line of a terminal: it is what somebody wrote.
func shown(key string) string {
	const longest = 200
	key = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, key)
	if rs := []rune(key); len(rs) > longest {
		return string(rs[:longest]) + "…"
	}
	return key
}

// Errors is every fault of a file at once, in the order of the file. Load
// returns it as its error.
type Errors []Problem

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

func (e Errors) sort() {
	slices.SortStableFunc(e, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Key, b.Key))
	})
}

// nearest returns the known word with the fewest edits from got; the first of
// equals. It returns "" only for no words.
func nearest(got string, known []string) string {
	const longest = 100 // the table below grows with it
	got = got[:min(len(got), longest)]
	best, least := "", 0
	for _, k := range known {
		if d := distance(got, k); best == "" || d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the edits between two words: a letter more, less or other,
// or two neighbours swapped.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			other := 1
			if a[i-1] == b[j-1] {
				other = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+other)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
