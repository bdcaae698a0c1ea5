package display

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Print writes p for a person, each line after indent: the text behind bars, then
// whose it is, when and where, then the link.
func (p Post) Print(w io.Writer, indent string) error {
	var b strings.Builder
	line := func(s string) { fmt.Fprintf(&b, "%s%s\n", indent, s) }
	escaped := 0
	for l := range strings.SplitSeq(p.Text, "\n") {
		if p.Text == "" {
			break
		}
		shown, n := Safe(l)
		line("| " + shown)
		escaped += n
	}
	if p.NoText != "" {
		line("(" + p.NoText + ")")
	}
	by, n := p.by()
	escaped += n
	line(by)
	if p.Link != "" {
		line(p.Link)
	}
	if escaped > 0 {
		line(fmt.Sprintf("(%s that would steer the terminal %s written here as \\u and a number; --format json has the exact text.)", characters(escaped), are(escaped)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// by says who wrote it, when, and where.
func (p Post) by() (line string, escaped int) {
	var parts []string
	if a := p.Author; a != nil {
		name, n := Safe(strings.ReplaceAll(a.Name, "\n", `\u000a`))
		escaped = n + strings.Count(a.Name, "\n")
		switch {
		case a.Name != "" && a.Handle != "":
			parts = append(parts, name+" (@"+a.Handle+")")
		case a.Name != "":
			parts = append(parts, name+" (X did not tell the handle)")
		case a.Handle != "":
			parts = append(parts, "@"+a.Handle+" (X did not tell the name)")
		case p.NoText != "":
			id, _ := Safe(a.ID)
			parts = append(parts, "user "+id)
		default:
			id, _ := Safe(a.ID)
			parts = append(parts, "user "+id+" (X told neither name nor handle)")
		}
	}
	if !p.At.IsZero() {
		parts = append(parts, p.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if p.Edits > 0 {
		parts = append(parts, "edited")
	}
	return strings.Join(append(parts, p.Attribution), ", "), escaped
}

// Safe is one line of text of others for a terminal: what would steer it, or turn
// the direction of writing, is written as \u and its number; n is how often.
func Safe(s string) (safe string, n int) {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
			n++
		case r != '\t' && steers(r):
			fmt.Fprintf(&b, `\u%04x`, r)
			n++
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String(), n
}

// steers reports whether a terminal would do something else with r than show it.
func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

func characters(n int) string {
	if n == 1 {
		return "1 character"
	}
	return fmt.Sprintf("%d characters", n)
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
