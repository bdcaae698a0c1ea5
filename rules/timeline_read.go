package rules

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxSteps is how many steps a timeline may have; each is played.
const maxSteps = 500

// What a step or a timeline can set. Everything else that rules read follows
// from what happens.
var (
	setOfEvent = []string{"event.lang", "event.from_automated"}
	setOfDraft = []string{"action.purpose", "draft.ai_generated", "draft.promotional", "draft.affiliate", "draft.affiliate_disclosed", "draft.paid_partnership"}
	setOfBot   = []string{"bot.label_on", "bot.bio_discloses", "bot.operator_linked", "bot.privacy_url_set", "bot.ai_approved", "bot.tier"}
)

// Words of a step.
var (
	timelineEvents = []string{"post.mention.create", "post.reply.create", "post.quote.create", "post.create", "dm.received", "chat.received"}
	timelineDrafts = []string{"reply", "dm"}
	timelineWays   = []string{"answer", "notice"}
	sendOutcomes   = []string{"sent", "transient", "rate_limited", "usage_capped", "refused", "auth", "gone", "unknown_outcome", "bug", "blocked"}
)

// stepKeys are the keys of each act besides at and the act itself; those that
// expect something come last.
var stepKeys = map[Act][]string{
	ActEvent:   {"from", "text", "edits", "same", "said", "set", "expect", "by", "obligations"},
	ActDraft:   {"to", "answers", "text", "set", "expect", "by", "obligations"},
	ActApprove: {"expect", "by", "obligations"},
	ActReject:  {},
	ActSend:    {"outcome", "expect", "by", "obligations"},
	ActOptOut:  {}, ActSpoke: {}, ActHandOff: {}, ActRelease: {}, ActPause: {},
}

func (r *testReader) timelines(n *yaml.Node, clock time.Time) []Timeline {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.at(n, "no-tests", "write - {name: …, steps: […]}", "timelines is a list of at least one timeline")
		return nil
	}
	var out []Timeline
	lines := map[string]int{}
	for _, n := range n.Content {
		t := r.timeline(n, clock)
		if line, ok := lines[t.Name]; ok && t.Name != "" {
			r.at(n, "duplicate-id", "choose another name", "the timeline %s stands in line %d already", t.Name, line)
		}
		lines[t.Name] = t.Line
		out = append(out, t)
	}
	return out
}

func (r *testReader) timeline(n *yaml.Node, clock time.Time) Timeline {
	m := r.keys(n, "a timeline", []string{"name", "steps"}, []string{"set", "by_hand", "todo"})
	t := Timeline{Name: r.line(m["name"], "name"), File: r.file, Line: n.Line, Clock: clock, Todo: r.line(m["todo"], "todo")}
	if n := m["by_hand"]; n != nil {
		if t.ByHand = n.Value == "true"; n.ShortTag() != "!!bool" {
			r.at(n, "type", "write by_hand: true", "by_hand is true or false")
		}
	}
	t.Bot = r.settable(m["set"], setOfBot, "a timeline").input(clock, false).Bot
	steps := m["steps"]
	switch {
	case steps == nil:
		return t
	case steps.Kind != yaml.SequenceNode || len(steps.Content) == 0:
		r.at(steps, "no-tests", "write - {at: 0s, event: dm.received, from: alice, text: \"hello\"}", "steps is a list of at least one step")
		return t
	case len(steps.Content) > maxSteps:
		r.at(steps.Content[maxSteps], "too-many", "tell it in several timelines", "a timeline has at most %d steps, this one has %d", maxSteps, len(steps.Content))
		return t
	}
	expects, wrong := false, len(r.diags)
	for _, n := range steps.Content {
		s := r.step(n, t.Steps)
		if k := len(t.Steps); k > 0 && s.At < t.Steps[k-1].At {
			r.at(n, "order", "steps stand in the order in which they happen", "%s is before the step above, %s", s.At, t.Steps[k-1].At)
		}
		expects = expects || s.Expect != ""
		t.ByHand = t.ByHand || s.Act == ActSend
		t.Steps = append(t.Steps, s)
	}
	if !expects && wrong == len(r.diags) {
		r.at(n, "no-tests", "add expect: deny to a step", "no step of the timeline expects a decision")
	}
	return t
}

// step reads one step; before are those above it.
func (r *testReader) step(n *yaml.Node, before []Step) Step {
	known := []string{}
	for _, keys := range stepKeys {
		for _, k := range keys {
			if !has(known, k) {
				known = append(known, k)
			}
		}
	}
	slices.Sort(known)
	m := r.keys(n, "a step", []string{"at"}, append(Acts(), known...))
	s := Step{Line: n.Line, Automated: "no", Purpose: "answer", Lang: "en"}
	s.At = r.moment(m["at"], "at")
	var acts []string
	for _, a := range Acts() {
		if m[a] != nil {
			acts = append(acts, a)
		}
	}
	if len(acts) != 1 {
		if n.Kind == yaml.MappingNode {
			r.at(n, "missing-key", "one of "+strings.Join(Acts(), ", "), "a step is exactly one thing that happens, this one is %d", len(acts))
		}
		return s
	}
	s.Act, s.Said = Act(acts[0]), s.At
	for _, k := range known {
		if m[k] != nil && !has(stepKeys[s.Act], k) {
			r.at(m[k], "unknown-key", "", "%s has no key %s", article(string(s.Act)), k)
		}
	}
	r.act(m, n, &s, before)
	for _, k := range []string{"by", "obligations"} {
		if m[k] != nil && m["expect"] == nil {
			r.at(m[k], "missing-key", "add expect:", "%s goes with expect", k)
		}
	}
	if has(stepKeys[s.Act], "expect") {
		words := []string{string(Allow), string(Hold), string(Deny)}
		if s.Act == ActEvent {
			words = append(words, string(None)) // it may lead to no draft
		}
		s.Expect = Effect(r.word(m["expect"], "expect", words))
		s.By, s.Obligations = r.by(m["by"]), r.obligations(m["obligations"])
	}
	return s
}

func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// act reads what the act of a step needs.
func (r *testReader) act(m map[string]*yaml.Node, n *yaml.Node, s *Step, before []Step) {
	what := m[string(s.Act)]
	need := func(key string) *yaml.Node {
		if m[key] == nil {
			r.at(n, "missing-key", "add "+key+":", "%s needs the key %s", article(string(s.Act)), key)
		}
		return m[key]
	}
	switch s.Act {
	case ActEvent:
		s.What = r.word(what, "an event", timelineEvents)
		switch {
		case m["edits"] != nil && m["same"] != nil:
			r.at(m["same"], "unknown-key", "leave one of the two out", "an event edits a post or tells of the same one")
		case m["edits"] != nil || m["same"] != nil:
			s.Edits = m["edits"] != nil
			node := m["edits"]
			if !s.Edits {
				node = m["same"]
			}
			s.Of = r.stepOf(node, before, "a post in", func(b Step) bool { return b.Act == ActEvent && strings.HasPrefix(b.What, "post.") })
			if s.What != "" && !strings.HasPrefix(s.What, "post.") {
				r.at(what, "unknown-value", "write post.mention.create", "only a post has versions, and other events of it")
			}
			if s.Of > 0 {
				s.User = before[s.Of-1].User
			}
			if m["from"] != nil {
				r.at(m["from"], "unknown-key", "leave it out", "it is from the author of the post in step %d", s.Of)
			}
		default:
			s.User = r.user(need("from"))
		}
		switch {
		case s.What == "chat.received" && m["text"] != nil:
			r.at(m["text"], "unknown-key", "leave it out", "nobody can read an encrypted message")
		case s.What != "chat.received" && m["same"] == nil:
			s.Text = r.textOf(need("text"), "text")
		case m["same"] != nil && s.Of > 0:
			s.Text = before[s.Of-1].Text
		}
		if m["said"] != nil {
			if s.Said = r.moment(m["said"], "said"); s.Said > s.At {
				r.at(m["said"], "order", "leave it out where X delivers at once", "said is when the user did it, and at when X tells of it")
			}
		}
		in := r.settable(m["set"], setOfEvent, "an event").input(time.Time{}, false)
		if set := in.Event; m["set"] != nil {
			s.Automated = set.FromAutomated
			if set.Lang != "" {
				s.Lang = set.Lang
			}
		}
	case ActDraft:
		s.What = r.word(what, "a draft", timelineDrafts)
		s.User, s.Text = r.user(need("to")), "An answer."
		if m["text"] != nil {
			s.Text = r.textOf(m["text"], "text")
		}
		s.Of = r.stepOf(m["answers"], before, "an event in", func(b Step) bool { return b.Act == ActEvent && b.User == s.User })
		if s.Of == 0 && m["answers"] == nil && s.User != "" {
			if s.Of = answered(before, s.What, s.User); s.Of == 0 {
				r.at(n, "missing-step", "add an event from "+s.User+" above", "there is nothing of %s to answer", s.User)
			}
		}
		in := r.settable(m["set"], setOfDraft, "a draft").input(time.Time{}, false)
		s.Draft, s.Purpose = in.Draft, in.Action.Purpose
		if set := m["set"]; !has(timelineWays, s.Purpose) {
			r.at(set, "unknown-value", "write answer or notice", "a handler never drafts with the purpose %s", s.Purpose)
		}
	case ActApprove, ActReject, ActSend:
		s.Of = r.stepOf(what, before, "what was drafted in", func(b Step) bool { return b.Act == ActDraft || b.Act == ActEvent })
		s.Outcome = "sent"
		if m["outcome"] != nil {
			s.Outcome = r.word(m["outcome"], "outcome", sendOutcomes)
		}
	case ActPause:
		if what.ShortTag() != "!!bool" {
			r.at(what, "type", "write pause: true, and pause: false to resume", "pause is true or false")
		}
		s.What = what.Value
	default:
		s.User = r.user(what)
	}
}

// answered is the newest step that a draft can answer: for a reply a post, for a
// DM a DM, else whatever came last; 0 where there is none.
func answered(before []Step, kind, user string) int {
	last := 0
	for i, b := range before {
		if b.Act != ActEvent || b.User != user || b.What == "chat.received" {
			continue
		}
		was := last > 0 && fits(before[last-1].What, kind)
		if fits(b.What, kind) || !was {
			last = i + 1
		}
	}
	return last
}

func fits(eventType, kind string) bool {
	return strings.HasPrefix(eventType, "post.") == (kind == "reply")
}

// stepOf reads the number of an earlier step that does what ok asks for.
func (r *testReader) stepOf(n *yaml.Node, before []Step, what string, ok func(Step) bool) int {
	if n == nil {
		return 0
	}
	i, err := strconv.Atoi(n.Value)
	var fit []string
	for j, b := range before {
		if ok(b) {
			fit = append(fit, strconv.Itoa(j+1))
		}
	}
	if n.ShortTag() == "!!int" && err == nil && i >= 1 && i <= len(before) && ok(before[i-1]) {
		return i
	}
	hint := "add such a step above"
	if len(fit) > 0 {
		hint = "steps are counted from 1; it can be " + strings.Join(fit, ", ")
	}
	r.at(n, "missing-step", hint, "there is not %s step %s above", what, n.Value)
	return 0
}

// moment reads a time since the clock.
func (r *testReader) moment(n *yaml.Node, what string) time.Duration {
	if n == nil {
		return 0
	}
	d, err := parseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || d < 0 || d > Never {
		r.at(n, "type", "write 0s, 5m, 24h or 3d", "%s is a duration since clock", what)
		return 0
	}
	return d
}

// user reads a name for a person of the story.
func (r *testReader) user(n *yaml.Node) string {
	s := r.str(n, "a user")
	if s != "" && (len(s) > 15 || strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789_") != "") {
		r.at(n, "name", "write alice", "a user's name has up to 15 letters, digits and _")
		return ""
	}
	return strings.ToLower(s)
}

func (r *testReader) textOf(n *yaml.Node, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		r.at(n, "type", fmt.Sprintf("write %q", n.Value), "%s is a text", what)
		return ""
	}
	return n.Value
}

// settable reads fields of which a step or timeline can say only some.
func (r *testReader) settable(n *yaml.Node, names []string, what string) settings {
	if n == nil {
		return settings{}
	}
	all := r.dotted(n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		if _, ok := all[name]; ok && !has(names, name) {
			r.at(n.Content[i], "not-set-here", "it can set "+strings.Join(names, ", "), "%s does not set %s: it follows from what happens", what, name)
			delete(all, name)
		}
	}
	return all
}

// replays reads the recorded logs of a file. Their paths start from the file.
func (r *testReader) replays(n *yaml.Node) []Replay {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.at(n, "no-tests", "write - {events: day.jsonl, golden: day.decisions.jsonl}", "replay is a list of at least one log")
		return nil
	}
	var out []Replay
	for _, n := range n.Content {
		m := r.keys(n, "a replay", []string{"events", "golden"}, []string{"config", "bot"})
		p := Replay{File: r.file, Line: n.Line, Bot: r.line(m["bot"], "bot")}
		for key, to := range map[string]*string{"events": &p.Events, "golden": &p.Golden, "config": &p.Config} {
			if path := r.line(m[key], key); path != "" {
				if !filepath.IsAbs(path) {
					path = filepath.Join(filepath.Dir(r.file), filepath.FromSlash(path))
				}
				*to = path
			}
		}
		if m["bot"] != nil && m["config"] == nil {
			r.at(m["bot"], "missing-key", "add config: ../beckon.yaml", "bot is the name of a bot in the configuration, and none is named")
		}
		out = append(out, p)
	}
	return out
}
