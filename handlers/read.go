package handlers

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

// This file reads single values. Where one is not there it reads as empty
// without a word; where one is wrong it is reported.

var validLang = regexp.MustCompile(`^[a-z]{2,3}$`)

func (f *file) list(n *yaml.Node, what string) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		f.Report(n, "not-a-list", "write [a, b], or - at the start of each", "%s is a list", what)
		return nil
	case len(n.Content) == 0:
		f.Report(n, "empty", "write something, or leave the key out", "%s is an empty list", what)
	}
	return n.Content
}

// text reads a text of any number of lines.
func (f *file) text(n *yaml.Node, what string) string {
	switch {
	case n == nil:
		return ""
	case n.Kind != yaml.ScalarNode:
		f.Report(n, "not-a-string", "write one text, in quotes", "%s is a text", what)
	case n.ShortTag() == "!!null" || strings.TrimSpace(n.Value) == "":
		f.Report(n, "empty", "write something, or leave the key out", "%s is empty", what)
	default:
		return strings.TrimSpace(n.Value)
	}
	return ""
}

func (f *file) lang(n *yaml.Node) string {
	text := f.text(n, "the language")
	if text != "" && !validLang.MatchString(text) {
		f.Report(n, "language", "write two or three lower-case letters, such as en or de", "%q is not a language", text)
		return ""
	}
	return text
}

func (f *file) flag(n *yaml.Node, what string) bool {
	if n != nil && (n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool") {
		f.Report(n, "not-a-boolean", "write true, or leave the key out", "%s is true or false", what)
	}
	return n != nil && strings.EqualFold(n.Value, "true")
}

// flags are what is said of a draft besides its text.
func (f *file) flags(m map[string]*yaml.Node) event.Draft {
	return event.Draft{
		AIGenerated:     f.flag(m["ai_generated"], "ai_generated"),
		Promotional:     f.flag(m["promotional"], "promotional"),
		Affiliate:       f.flag(m["affiliate"], "affiliate"),
		PaidPartnership: f.flag(m["paid_partnership"], "paid_partnership"),
		SplitAt:         f.splitAt(m["split_at"]),
	}
}

func (f *file) splitAt(n *yaml.Node) int {
	if n == nil {
		return 0
	}
	return int(f.whole(n, "split_at", event.MinSplitAt, event.MaxSplitAt))
}

// whole reads a whole number.
func (f *file) whole(n *yaml.Node, what string, low, high int64) int64 {
	if n == nil {
		return low
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || v < low || v > high {
		f.Report(n, "range", fmt.Sprintf("it lies between %d and %d", low, high), "%s is a whole number", what)
		return low
	}
	return v
}

// span reads a duration such as 24h.
func (f *file) duration(n *yaml.Node, what string, low, high time.Duration) time.Duration {
	text := f.text(n, what)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < low || d > high {
		f.Report(n, "range", fmt.Sprintf("it lies between %s and %s, such as 24h", low, high), "%s cannot be %s", what, text)
	}
	return d
}

// texts reads a text, or a text for each language.
func (f *file) texts(n *yaml.Node, what string, v variables) (t texts) {
	if n == nil {
		return t
	}
	t.byLang = map[string]string{}
	if n.Kind != yaml.MappingNode {
		t.byLang[""] = f.template(n, what, v)
		return t
	}
	for _, e := range f.Entries(n, what) {
		lang := f.lang(e.Key)
		if t.first == "" {
			t.first = lang
		}
		t.byLang[lang] = f.template(e.Value, what, v)
	}
	return t
}

// template reads a text and checks what stands in braces.
func (f *file) template(n *yaml.Node, what string, v variables) string {
	text := f.text(n, what)
	known := v.names()
	for rest := text; ; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			return text
		}
		rest = rest[i:]
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			f.Report(n, "variable", "variables are "+strings.Join(known, ", "), "a { without its }")
			return text
		}
		if name := rest[:end+1]; !slices.Contains(known, name) {
			hint := rules.DidYouMean(name, known)
			if hint == "" || strings.HasPrefix(hint, "known: ") {
				hint = "variables are " + strings.Join(known, ", ")
			}
			f.Report(n, "variable", hint, "the variable %s is not known here", name)
		}
		rest = rest[end+1:]
	}
}
