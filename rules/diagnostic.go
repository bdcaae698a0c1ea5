package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Diagnostic is one thing that is wrong with a file of rules or tests.
type Diagnostic struct {
	Code    string `json:"code"`              // stable and short, such as unknown-key
	File    string `json:"file"`              // as in Source.Name
	Line    int    `json:"line,omitempty"`    // from 1; 0 where the whole file or directory is meant
	Col     int    `json:"col,omitempty"`     // from 1, in characters; 0 as Line
	Message string `json:"message"`           // what is wrong
	Hint    string `json:"hint,omitempty"`    // what would fix it; "" if nothing simple would
	Snippet string `json:"snippet,omitempty"` // the line, and below it a caret; "" as Line
}

// Error is the diagnostic as text: file:line:col: code: message, then the line
// with a caret, then the hint. It ends without a newline.
func (d Diagnostic) Error() string {
	var b strings.Builder
	b.WriteString(d.File)
	if d.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", d.Line, d.Col)
	}
	fmt.Fprintf(&b, ": %s: %s", d.Code, d.Message)
	if d.Snippet != "" {
		b.WriteString("\n" + d.Snippet)
	}
	if d.Hint != "" {
		b.WriteString("\n    hint: " + d.Hint)
	}
	return b.String()
}

// Diagnostics are all that is wrong, sorted by file, line and column. It is
// the error of Load, LoadDir, LoadTests and LoadTestDir.
type Diagnostics []Diagnostic

// Error joins the diagnostics, one after another.
func (ds Diagnostics) Error() string {
	all := make([]string, len(ds))
	for i, d := range ds {
		all[i] = d.Error()
	}
	return strings.Join(all, "\n")
}

func (ds Diagnostics) sort() {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Col, b.Col), cmp.Compare(a.Code, b.Code))
	})
}

// Longest part of a line that a snippet shows, in characters.
const snippetWidth = 100

// snippet shows line with a caret under the character at col (from 1). It cuts
// long lines around the caret.
func snippet(line string, col int) string {
	rs := []rune(line)
	at := min(max(col-1, 0), len(rs))
	from := max(0, min(at-snippetWidth/2, len(rs)-snippetWidth))
	rs = rs[from:min(len(rs), from+snippetWidth)]
	pad := make([]rune, at-from)
	for i := range pad {
		pad[i] = ' '
		if rs[i] == '\t' {
			pad[i] = '\t'
		}
	}
	return "    " + printable(string(rs)) + "\n    " + string(pad) + "^"
}

// printable replaces what would move a terminal's cursor or change its colour.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// nearest returns the candidate most like s, or "" where none is close.
func nearest(s string, candidates []string) string {
	best, at := "", 1+max(1, len(s)/3)
	for _, c := range candidates {
		if d := distance(strings.ToLower(s), c); d < at {
			best, at = c, d
		}
	}
	return best
}

// distance is the number of insertions, deletions and replacements of bytes
// between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// didYouMean is the hint for a word outside a closed set.
func didYouMean(s string, candidates []string) string {
	if n := nearest(s, candidates); n != "" {
		return fmt.Sprintf("did you mean %s?", n)
	}
	if len(candidates) == 0 || len(candidates) > 12 {
		return ""
	}
	return "known: " + strings.Join(candidates, ", ")
}
