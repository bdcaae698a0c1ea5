package handlers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/beckon-bot/beckon/rules"
)

const (
	dialogueSchema  = "beckon.answers-test/v1"
	dialogueStarts  = "it starts with schema: " + dialogueSchema
	maxDialogueStep = 200
)

// TestFile is a file of dialogues: what users say, and what the bot must say to
// it.
type TestFile struct {
	Name      string
	Clock     time.Time // when each dialogue begins
	Bot       BotInfo
	Dialogues []Dialogue
}

// Dialogue is one talk with one user.
type Dialogue struct {
	Name  string
	Line  int
	Steps []DialogueStep
}

// DialogueStep is one message of the user and what is expected of the bot. What
// is not named is not looked at.
type DialogueStep struct {
	Line int
	User string
	Post bool          // a post that mentions the bot; else a DM
	Lang string        // of a post, as X says it
	At   time.Duration // since the dialogue began

	Bot     *string // the whole text
	Says    []string
	Answer  string // such as answers/refund or order-status/number
	Silence bool
	Handoff *bool
	Slots   map[string]string // those that are known after it; nil: not looked at
	Dropped []string          // slots that may not be kept
	Flow    *string           // flow/step, "" for none
}

// LoadTests reads test files. The error is rules.Diagnostics.
func (a *Answers) LoadTests(files []rules.Source) (out []TestFile, err error) {
	var wrong rules.Diagnostics
	for _, src := range files {
		f := &file{Document: rules.OpenDocument(src, dialogueStarts), name: src.Name}
		t := TestFile{Name: src.Name}
		if f.Root != nil {
			f.tests(&t, a)
		}
		wrong = append(wrong, f.Problems()...)
		out = append(out, t)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return out, nil
}

func (f *file) tests(t *TestFile, a *Answers) {
	m := f.Keys(f.Root, "a test file", []string{"schema", "clock", "dialogues"}, []string{"bot"})
	f.Word(m["schema"], "schema", []string{dialogueSchema})
	if n := m["clock"]; n != nil {
		at, err := time.Parse(time.RFC3339, n.Value)
		if err != nil {
			f.Report(n, "clock", "write 2026-11-02T10:00:00+01:00", "the clock is a moment with its time zone")
		}
		t.Clock = at
	}
	b := f.Keys(m["bot"], "bot", nil, []string{"username", "operator", "privacy_url", "user_id"})
	t.Bot = BotInfo{
		Name: "bot", Username: cmp.Or(f.text(b["username"], "username"), "bot"), Operator: cmp.Or(f.text(b["operator"], "operator"), "operator"),
		PrivacyURL: cmp.Or(f.text(b["privacy_url"], "privacy_url"), "https://example.com/privacy"), UserID: cmp.Or(f.text(b["user_id"], "user_id"), "1"),
	}
	seen := map[string]int{}
	for _, n := range f.list(m["dialogues"], "dialogues") {
		d := Dialogue{Line: n.Line}
		k := f.Keys(n, "a dialogue", []string{"name", "steps"}, nil)
		d.Name = f.Word(k["name"], "name", nil)
		if line, ok := seen[d.Name]; ok && d.Name != "" {
			f.Report(k["name"], "duplicate-id", "choose another name", "the dialogue of line %d has that name", line)
		}
		seen[d.Name] = n.Line
		steps := f.list(k["steps"], "steps")
		if len(steps) > maxDialogueStep {
			f.Report(k["steps"], "too-many", "make two dialogues of it", "a dialogue has at most %d steps", maxDialogueStep)
			continue
		}
		for _, s := range steps {
			d.Steps = append(d.Steps, f.dialogueStep(s, a))
		}
		for i := 1; i < len(d.Steps); i++ {
			if d.Steps[i].At = cmp.Or(d.Steps[i].At, d.Steps[i-1].At); d.Steps[i].At < d.Steps[i-1].At {
				f.Report(steps[i], "time", "name times in their order", "time goes backward here")
			}
		}
		t.Dialogues = append(t.Dialogues, d)
	}
}

func (f *file) dialogueStep(n *yaml.Node, a *Answers) DialogueStep {
	m := f.Keys(n, "a step", nil, []string{"user", "post", "lang", "at", "bot", "says", "answer", "silence", "handoff", "slots", "dropped", "flow"})
	if n.Kind != yaml.MappingNode {
		return DialogueStep{Line: n.Line} // which is reported
	}
	s := DialogueStep{Line: n.Line, Lang: f.text(m["lang"], "lang"), At: f.duration(m["at"], "at", 0, 365*24*time.Hour)}
	switch {
	case m["user"] != nil && m["post"] != nil:
		f.Report(m["post"], "misplaced-key", "leave one of the two out", "a step is a DM (user) or a post, not both")
	case m["post"] != nil:
		s.Post, s.User = true, f.said(m["post"], "post")
	case m["user"] != nil:
		s.User = f.said(m["user"], "user")
	default:
		f.Report(n, "missing-key", "add user:, or post:", "nobody says anything in this step")
	}
	if m["lang"] != nil && m["post"] == nil {
		f.Report(m["lang"], "misplaced-key", "leave it out", "X names no language of a DM")
	}
	if m["bot"] != nil {
		s.Bot = new(f.text(m["bot"], "bot"))
	}
	if says := m["says"]; says != nil && says.Kind == yaml.ScalarNode {
		s.Says = []string{f.text(says, "says")}
	} else {
		s.Says = f.Words(says, "says")
	}
	s.Silence = f.flag(m["silence"], "silence")
	if m["handoff"] != nil {
		s.Handoff = new(f.flag(m["handoff"], "handoff"))
	}
	if s.Answer = f.text(m["answer"], "answer"); s.Answer != "" && !slices.Contains(a.drafters(), s.Answer) {
		f.Report(m["answer"], "unknown-answer", rules.DidYouMean(s.Answer, a.drafters()), "nothing answers as %s", s.Answer)
	}
	if m["flow"] != nil {
		s.Flow = new(f.said(m["flow"], "flow")) // "" is no flow
	}
	if list := m["slots"]; list != nil {
		s.Slots = map[string]string{}
		if list.Kind != yaml.MappingNode || len(list.Content) > 0 { // {}: none is known
			for _, e := range f.Entries(list, "slots") {
				s.Slots[e.Key.Value] = f.text(e.Value, "a slot")
			}
		}
	}
	s.Dropped = f.Words(m["dropped"], "dropped")
	expects := m["silence"] != nil && m["silence"].Value != "false" // which is the same as without the key
	for _, k := range []string{"bot", "says", "answer", "handoff", "slots", "dropped", "flow"} {
		expects = expects || m[k] != nil
	}
	if !expects {
		f.Report(n, "missing-key", "add bot:, says:, answer:, silence:, handoff:, slots: or flow:", "the step expects nothing")
	}
	return s
}

// said is a text that may be empty, as what a user says with a screenshot.
func (f *file) said(n *yaml.Node, what string) string {
	if n.Kind == yaml.ScalarNode && strings.TrimSpace(n.Value) == "" {
		return ""
	}
	return f.text(n, what)
}

// drafters are the names that drafts of the chain can bear.
func (a *Answers) drafters() (out []string) {
	out = append(out, "help", "answers/default", "answers/not-understood")
	for _, x := range a.all {
		out = append(out, "answers/"+x.id)
	}
	for _, name := range slices.Sorted(maps.Keys(a.flows)) {
		f := a.flows[name]
		out = append(out, "answers/"+f.id+"/cancelled", "answers/"+f.id+"/gives-up")
		for _, st := range f.steps {
			out = append(out, fmt.Sprintf("answers/%s/%s", f.id, st.id))
		}
	}
	return out
}
