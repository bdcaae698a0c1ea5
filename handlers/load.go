package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Limits of an answers file and of what it may say.
const (
	answersSchema = "beckon.answers/v1"
	maxFile       = 1 << 20 // bytes
	maxDM         = 10_000  // characters
)

// LoadAnswers reads one answers file. name stands in the errors, which are
// LoadErrors: all that is wrong with the file, in its order.
func LoadAnswers(name string, data []byte) (*Answers, error) {
	return loadAnswers(name, data, event.MaxPost(false))
}

// LoadLongAnswers is LoadAnswers for an account that may post 25,000
// characters.
func LoadLongAnswers(name string, data []byte) (*Answers, error) {
	return loadAnswers(name, data, event.MaxPost(true))
}

func loadAnswers(name string, data []byte, maxReply int) (*Answers, error) {
	l := &loader{name: name, maxReply: maxReply}
	a := &Answers{}
	if root := l.parse(data); root != nil {
		l.file(root, a)
	}
	if len(l.errs) > 0 {
		l.errs.sort()
		return nil, l.errs
	}
	return a, nil
}

// loader reads one file and collects what is wrong with it.
type loader struct {
	name     string
	maxReply int // weighted characters, see event.WeightedLength
	errs     LoadErrors
}

func (l *loader) at(n *yaml.Node) position { return position{l.name, n.Line, n.Column} }

func (l *loader) errorf(n *yaml.Node, format string, args ...any) {
	l.errs = append(l.errs, l.at(n).errorf(format, args...))
}

// parse returns the top map of the file, nil if there is none.
func (l *loader) parse(data []byte) *yaml.Node {
	top := &yaml.Node{Line: 1, Column: 1}
	if len(data) > maxFile {
		l.errorf(top, "an answers file has at most %d bytes, this one has %d", maxFile, len(data))
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := dec.Decode(&doc)
	if err == nil {
		if second := dec.Decode(new(yaml.Node)); second == nil {
			l.errorf(top, "the file holds several documents; one file, one document")
			return nil
		} else if !errors.Is(second, io.EOF) {
			err = second
		}
	}
	switch {
	case errors.Is(err, io.EOF):
		l.errorf(top, "the file is empty; it starts with schema: %s", answersSchema)
		return nil
	case err != nil:
		text := strings.TrimPrefix(err.Error(), "yaml: ")
		if n, _ := fmt.Sscanf(text, "line %d:", &top.Line); n == 1 {
			_, text, _ = strings.Cut(text, ": ")
		}
		l.errorf(top, "not YAML: %s", text)
		return nil
	case len(doc.Content) != 1:
		l.errorf(top, "the file is empty; it starts with schema: %s", answersSchema)
		return nil
	}
	return doc.Content[0]
}

func (l *loader) file(root *yaml.Node, a *Answers) {
	m := l.fields(root, "schema", "default", "answers")
	if m == nil {
		return
	}
	if n := m["schema"]; n == nil {
		l.errorf(root, "the key schema is missing: schema: %s", answersSchema)
	} else if got := l.text(n); got != answersSchema && got != "" {
		l.errorf(n, "schema %q is not known; this version reads %s", got, answersSchema)
	}
	if n := m["default"]; n != nil {
		if f := l.fields(n, "reply", "dm"); f != nil {
			a.other = answer{id: "default", at: l.at(n)}
			l.texts(n, f, &a.other)
		}
	}
	n := m["answers"]
	if n == nil {
		if m["default"] == nil {
			l.errorf(root, "the file says nothing: it has neither answers nor a default")
		}
		return
	}
	seen := make(map[string]position)
	for _, item := range l.list(n) {
		l.answer(item, a, seen)
	}
}

var (
	validID   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	validLang = regexp.MustCompile(`^[a-z]{2,3}$`)
)

func (l *loader) answer(n *yaml.Node, a *Answers, seen map[string]position) {
	m := l.fields(n, "id", "any_of", "lang", "reply", "dm", "ai_generated", "promotional", "affiliate", "paid_partnership")
	if m == nil {
		return
	}
	ans := answer{at: l.at(n)}
	if id := l.required(n, m, "id"); id != nil {
		ans.id = l.text(id)
		switch at, taken := seen[ans.id]; {
		case ans.id == "": // reported
		case ans.id == "default" || !validID.MatchString(ans.id):
			l.errorf(id, "the id %q: lower-case letters, digits, dot, dash and underscore, at most 64, and not the word default", ans.id)
		case taken:
			l.errorf(id, "the id %q is taken at %s", ans.id, at)
		default:
			seen[ans.id] = l.at(id)
		}
	}
	var keywords [][]string
	if anyOf := l.required(n, m, "any_of"); anyOf != nil {
		keywords = l.keywords(anyOf)
	}
	if lang := m["lang"]; lang != nil {
		if ans.lang = l.text(lang); ans.lang != "" && !validLang.MatchString(ans.lang) {
			l.errorf(lang, "the language %q: two or three lower-case letters, such as en or de", ans.lang)
		}
	}
	l.texts(n, m, &ans)
	l.flag(m["ai_generated"], &ans.draft.AIGenerated)
	l.flag(m["promotional"], &ans.draft.Promotional)
	l.flag(m["affiliate"], &ans.draft.Affiliate)
	l.flag(m["paid_partnership"], &ans.draft.PaidPartnership)
	a.add(ans, keywords)
}

func (l *loader) keywords(n *yaml.Node) (keywords [][]string) {
	items := l.list(n)
	if len(items) == 0 && n.Kind == yaml.SequenceNode {
		l.errorf(n, "any_of is empty: without a keyword the answer is never given")
	}
	for _, item := range items {
		text := l.text(item)
		words := slices.Collect(conversation.Words(text))
		switch {
		case text == "": // reported
		case len(words) == 0:
			l.errorf(item, "the keyword %q holds no word: punctuation, emoji, mentions and links are not looked at", text)
		case !slices.ContainsFunc(keywords, func(k []string) bool { return slices.Equal(k, words) }):
			keywords = append(keywords, words)
		}
	}
	return keywords
}

// texts reads reply and dm; at least one is there.
func (l *loader) texts(n *yaml.Node, m map[string]*yaml.Node, ans *answer) {
	reply, dm := m["reply"], m["dm"]
	if reply == nil && dm == nil {
		l.errorf(n, "neither reply nor dm: there is nothing to say")
	}
	if reply != nil {
		ans.reply = l.template(reply)
		if got := event.WeightedLength(longest(ans.reply)); got > l.maxReply {
			l.errorf(reply, "the reply can have %d characters as X counts them, %d are allowed", got, l.maxReply)
		}
	}
	if dm != nil {
		ans.dm = l.template(dm)
		if got := utf8.RuneCountInString(longest(ans.dm)); got > maxDM {
			l.errorf(dm, "the DM can have %d characters, %d are allowed", got, maxDM)
		}
	}
}

// template reads a text and checks what stands in braces.
func (l *loader) template(n *yaml.Node) string {
	text := strings.TrimSpace(l.text(n))
	known := make([]string, 0, 3)
	for _, v := range variables() {
		known = append(known, v.name)
	}
	for rest := text; ; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			return text
		}
		rest = rest[i:]
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			l.errorf(n, "a { without its }; variables are %s", strings.Join(known, ", "))
			return text
		}
		if name := rest[:end+1]; !slices.Contains(known, name) {
			l.errorf(n, "the variable %s is not known%s; variables are %s", name, didYouMean(name, known), strings.Join(known, ", "))
		}
		rest = rest[end+1:]
	}
}

// longest is the text with the longest values that its variables can have.
func longest(text string) string {
	for _, v := range variables() {
		text = strings.ReplaceAll(text, v.name, v.longest)
	}
	return text
}
