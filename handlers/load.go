package handlers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	answersSchema = "beckon.answers/v1"
	startsWith    = "it starts with schema: " + answersSchema
	maxDM         = 10_000 // characters
	maxSources    = 1000
)

// Options of Load. The zero value is an account like most.
type Options struct {
	// LongPosts: the account may post 25,000 characters.
	LongPosts bool
	// PrivacyURL is the bot's, to see whether texts that name it fit; "": not known.
	PrivacyURL string
}

// Load reads the answers files of a bot; they count as one, in their order. The
// error is rules.Diagnostics: all that is wrong with any of them.
func Load(files []rules.Source, o Options) (*Answers, error) {
	l := &loader{
		Answers:  &Answers{flows: map[string]*flow{}, slots: map[string]*slot{}, hours: map[string]*hours{}, files: len(files)},
		maxReply: event.MaxPost(o.LongPosts), known: botVariables(o.PrivacyURL), taken: map[string]string{},
	}
	for _, f := range files {
		l.open(f)
	}
	l.readAll()
	var wrong rules.Diagnostics
	for _, f := range l.files {
		wrong = append(wrong, f.Problems()...)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return l.Answers, nil
}

// LoadAnswers is Load of one file. name stands in the errors.
func LoadAnswers(name string, data []byte) (*Answers, error) {
	return Load([]rules.Source{{Name: name, Data: data}}, Options{})
}

// LoadLongAnswers is LoadAnswers for an account that may post 25,000
// characters.
func LoadLongAnswers(name string, data []byte) (*Answers, error) {
	return Load([]rules.Source{{Name: name, Data: data}}, Options{LongPosts: true})
}

// loader makes answers of several files and collects what is wrong with them.
type loader struct {
	*Answers
	files    []*file
	maxReply int // weighted characters, see event.WeightedLength
	known    variables
	taken    map[string]string
	names    *rules.Vocabulary
}

// file is one of them.
type file struct {
	*rules.Document
	name string
	keys map[string]*yaml.Node
}

func (l *loader) open(src rules.Source) {
	f := &file{Document: rules.OpenDocument(src, startsWith), name: src.Name}
	l.files = append(l.files, f)
	if f.Root == nil {
		return
	}
	f.keys = f.Keys(f.Root, "an answers file", []string{"schema"},
		[]string{"languages", "slots", "hours", "default", "not_understood", "answers", "flows"})
	f.Word(f.keys["schema"], "schema", []string{answersSchema})
	if len(f.keys) == 1 && f.keys["schema"] != nil {
		f.Report(f.Root, "empty", "write answers: or default:", "the file says nothing")
	}
}

// readAll reads what all files define before what uses it.
func (l *loader) readAll() {
	for _, f := range l.files {
		l.tongues(f)
		for _, e := range f.Entries(f.keys["slots"], "slots") {
			l.slot(f, e)
		}
		for _, e := range f.Entries(f.keys["hours"], "hours") {
			l.openingHours(f, e)
		}
	}
	l.names = l.vocabulary()
	for _, f := range l.files {
		for _, e := range f.Entries(f.keys["flows"], "flows") {
			l.flow(f, e)
		}
	}
	for _, f := range l.files {
		for _, n := range f.list(f.keys["answers"], "answers") {
			l.answer(f, n)
		}
		l.ends(f)
	}
}

// name takes a name for one thing only.
func (l *loader) name(f *file, n *yaml.Node, what, name string) {
	if name == "" {
		return
	}
	key := what + " " + name
	if at, ok := l.taken[key]; ok {
		f.Report(n, "duplicate-id", "choose another name", "the %s is taken in %s", key, at)
		return
	}
	l.taken[key] = fmt.Sprintf("%s line %d", f.name, n.Line)
}

// ends reads what is said where no answer is found.
func (l *loader) ends(f *file) {
	if n := f.keys["default"]; n != nil {
		l.name(f, n, "key", "default")
		m := f.Keys(n, "default", nil, []string{"reply", "dm"})
		l.other = &answer{id: "default"}
		l.texts(f, n, m, l.other)
	}
	if n := f.keys["not_understood"]; n != nil {
		l.name(f, n, "key", "not_understood")
		m := f.Keys(n, "not_understood", []string{"limit"}, []string{"reply", "dm"})
		l.unclear = &unclear{limit: f.whole(m["limit"], "limit", 2, 20), answer: &answer{id: "not-understood", handoff: true}}
		l.texts(f, n, m, l.unclear.answer)
	}
}

func (l *loader) answer(f *file, n *yaml.Node) {
	m := f.Keys(n, "an answer", []string{"id"}, []string{"any_of", "patterns", "lang", "when", "reply", "dm", "flow", "handoff",
		"invite_dm", "ai_generated", "promotional", "affiliate", "paid_partnership", "split_at"})
	a := &answer{id: f.Name(m["id"], "id"), lang: f.lang(m["lang"]), handoff: f.flag(m["handoff"], "handoff")}
	if a.id == "default" || a.id == "not-understood" {
		f.Report(m["id"], "reserved-id", "choose another", "the id %s is taken by Beckon", a.id)
	}
	l.name(f, m["id"], "answer", a.id)
	a.when = f.Conditions(m["when"], "when", l.names)
	a.draft = f.flags(m)
	a.invite = f.flag(m["invite_dm"], "invite_dm")
	if a.invite && m["reply"] == nil {
		f.Report(m["invite_dm"], "misplaced-key", "add reply:", "X shows the button beside a post, and there is none")
	}
	if m["any_of"] == nil && m["patterns"] == nil && n.Kind == yaml.MappingNode {
		f.Report(n, "missing-key", "add any_of: [refund, money back]", "nothing finds the answer: it has neither any_of nor patterns")
	}
	for lang, keywords := range f.keywords(m["any_of"]) {
		l.index(len(l.all), lang, keywords)
	}
	for _, re := range f.expressions(m["patterns"]) {
		l.patterns = append(l.patterns, expression{re, len(l.all)})
	}
	if n := m["flow"]; n != nil {
		a.flow = f.Word(n, "flow", nil)
		if a.flow != "" && l.flows[a.flow] == nil {
			f.Report(n, "unknown-flow", rules.DidYouMean(a.flow, l.flowNames()), "there is no flow %s", a.flow)
		}
		if m["dm"] != nil {
			f.Report(m["dm"], "misplaced-key", "say it in the flow's first step", "in DMs the flow speaks; there is no place for dm")
		}
	}
	l.texts(f, n, m, a)
	l.all = append(l.all, a)
}

// texts reads reply and dm; something is there to be done.
func (l *loader) texts(f *file, n *yaml.Node, m map[string]*yaml.Node, a *answer) {
	if m["reply"] == nil && m["dm"] == nil && a.flow == "" && !a.handoff && n.Kind == yaml.MappingNode && len(n.Content) > 0 {
		f.Report(n, "missing-key", "add reply: or dm:", "neither reply nor dm: there is nothing to say")
	}
	v := l.known
	a.reply = f.texts(m["reply"], "reply", v)
	if got := a.reply.longest(v, event.WeightedLength); got > l.maxReply {
		f.Report(m["reply"], "too-long", "say it in fewer words, or in a DM", "the reply can have %d characters as X counts them, %d are allowed", got, l.maxReply)
	}
	a.dm = f.texts(m["dm"], "dm", v)
	at := a.draft.SplitAt
	if at > 0 && m["dm"] == nil {
		f.Report(m["split_at"], "misplaced-key", "leave it out, or add dm:", "only a DM goes out in parts, and there is none")
	}
	if got := a.dm.longest(v, func(text string) int { return len(event.Parts(text, at)) }); at > 0 && got > event.MaxParts {
		f.Report(m["dm"], "too-long", "say it in fewer words, or raise split_at", "the DM needs more than %d messages of %d characters", event.MaxParts, at)
	}
	if got := a.dm.longest(v, utf8.RuneCountInString); at == 0 && got > maxDM {
		f.Report(m["dm"], "too-long", "say it in fewer words, or add split_at: 9000", "the DM can have %d characters, %d are allowed", got, maxDM)
	}
}

// tongues reads words that tell a language.
func (l *loader) tongues(f *file) {
	for _, e := range f.Entries(f.keys["languages"], "languages") {
		l.name(f, e.Key, "language", e.Key.Value)
		t := tongue{lang: f.lang(e.Key), words: map[string]bool{}}
		for _, n := range f.list(e.Value, "the words of a language") {
			words := f.phrase(n, "a word of a language")
			if len(words) > 1 {
				f.Report(n, "not-a-word", "write its words one by one", "%q is more than one word", n.Value)
			}
			for _, w := range words {
				t.words[w] = true
			}
		}
		l.languages = append(l.languages, t)
	}
}

// keywords reads any_of: a list, or a list for each language.
func (f *file) keywords(n *yaml.Node) map[string][][]string {
	if n == nil {
		return nil
	}
	out := map[string][][]string{}
	read := func(lang string, list *yaml.Node) {
		for _, item := range f.list(list, "any_of") {
			words := f.phrase(item, "a keyword")
			if len(words) > 0 && !slices.ContainsFunc(out[lang], func(k []string) bool { return slices.Equal(k, words) }) {
				out[lang] = append(out[lang], words)
			}
		}
	}
	if n.Kind != yaml.MappingNode {
		read("", n)
		return out
	}
	for _, e := range f.Entries(n, "any_of") {
		read(f.lang(e.Key), e.Value)
	}
	return out
}

// phrase reads words that are looked for.
func (f *file) phrase(n *yaml.Node, what string) []string {
	text := f.text(n, what)
	words := slices.Collect(conversation.Words(text))
	if text != "" && len(words) == 0 {
		f.Report(n, "no-words", "use at least one letter or digit", "%s, %q, holds no word: punctuation, emoji, mentions and links are not looked at", what, text)
	}
	return words
}

// expressions reads patterns.
func (f *file) expressions(n *yaml.Node) (out []*regexp.Regexp) {
	for _, item := range f.list(n, "patterns") {
		if re := f.expression(item, "a pattern"); re != nil {
			out = append(out, re)
		}
	}
	return out
}

const maxPattern = 200 // characters

func (f *file) expression(n *yaml.Node, what string) *regexp.Regexp {
	text := f.text(n, what)
	if text == "" {
		return nil
	}
	if len(text) > maxPattern {
		f.Report(n, "too-long", "make several of it", "%s has at most %d characters", what, maxPattern)
		return nil
	}
	re, err := regexp.Compile("(?i)(?:" + text + ")")
	switch {
	case err != nil:
		f.Report(n, "pattern", `RE2 syntax: letters for themselves, \d a digit, [A-Z] one of, {4} four times`, "%s: %s", what,
			strings.TrimPrefix(strings.ReplaceAll(err.Error(), "(?i)(?:"+text+")", text), "error parsing regexp: "))
		return nil
	case re.MatchString(""):
		f.Report(n, "pattern", "name at least one character that must be there", "%s, %q, is found in every message", what, text)
		return nil
	}
	return re
}
