package gate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

// tale turns a way through the worlds into a test: a step of a timeline for
// each step taken, up to the decision that should have been another.
type tale struct {
	now     time.Duration
	lines   []string
	outcome map[int]string // by line: how the call to X of a send step ends

	told    [2]int    // by slot: the line of its event, from 1
	types   [2]string // and its type
	drafted [2]int    // by slot: the line in which its row was drafted
	sent    [2]int    // by slot: the line of the send step under way
	wrong   [2]int    // by slot: the line of the first decision on its row from which on the claim is broken
	expect  [2]string // what should have been decided there
}

// timeline tells the way to a step that breaks a claim, as a file of tests.
func (e *explorer) timeline(last node, c claim) string {
	var way []step
	for n := last; ; n = e.nodes[n.from] {
		way = append(way, e.steps[n.step])
		if n.from == 0 {
			break
		}
	}
	slices.Reverse(way)
	t := &tale{outcome: map[int]string{}}
	if slices.ContainsFunc(way, func(s step) bool { return s.late > 0 }) {
		t.now = tick // so that nothing is said before the clock
	}
	w := world{}
	slot := 0
	for _, s := range way {
		was := w
		s.do(e, &w)
		if s.show == "" {
			t.now += tick
		} else {
			slot = t.write(s, &was, &w)
			t.judge(e, c, &w)
		}
		w.settle()
	}
	return t.file(e.bot, c.id, slot)
}

// write adds a step, and returns the slot that it is about. In its show POST
// and MESSAGE stand for the line of the slot's event, after DRAFT for the line
// in which its row was drafted, and TYPE for the type of the post's event.
func (t *tale) write(s step, was, is *world) (slot int) {
	for i, name := range slots() {
		if strings.Contains(s.show, name) {
			slot = i
		}
	}
	name := slots()[slot]
	if outcome, ok := strings.CutPrefix(s.show, "outcome: "); ok {
		t.outcome[t.sent[slot]] = strings.TrimSuffix(outcome, " "+name)
		return slot
	}
	line := strings.NewReplacer("DRAFT "+name, strconv.Itoa(t.drafted[slot]), "TYPE", t.types[slot], name, strconv.Itoa(t.told[slot])).Replace(s.show)
	if s.late > 0 {
		line += fmt.Sprintf(", said: %s", t.now-s.late)
	}
	t.lines = append(t.lines, fmt.Sprintf("at: %s, %s", t.now, line))
	n := len(t.lines)
	if kind, ok := strings.CutPrefix(line, "event: "); ok && !strings.HasPrefix(kind, "chat") {
		if strings.HasPrefix(kind, "dm") {
			slot = 1
		}
		if !strings.Contains(line, "edits: ") && !strings.Contains(line, "same: ") {
			t.types[slot], _, _ = strings.Cut(kind, ",")
		}
		t.told[slot] = n
	}
	if strings.HasPrefix(line, "send: ") {
		t.sent[slot] = n
	}
	for i := range is.acts {
		before, after := was.acts[i].row, is.acts[i].row
		if after.live() && (!before.live() || after.purpose != before.purpose) {
			t.drafted[i], t.wrong[i] = n, 0
		}
	}
	return slot
}

// judge notes from which decision on a row should not go out.
func (t *tale) judge(e *explorer, c claim, w *world) {
	n := len(t.lines)
	for i := range w.acts {
		a := &w.acts[i]
		switch {
		case !a.row.live():
		case !c.broken(w, a, e.bot):
			t.wrong[i] = 0
		case t.wrong[i] == 0 && t.decides(i):
			t.wrong[i], t.expect[i] = n, string(rules.Deny)
			if t.drafted[i] == n && a.row.purpose == event.OptOutConfirmation {
				t.expect[i] = string(rules.None) // it should not have been drafted
			}
		}
	}
}

// decides reports whether the last line decides on the row of a slot.
func (t *tale) decides(slot int) bool {
	last := t.lines[len(t.lines)-1]
	of := strconv.Itoa(t.drafted[slot])
	return t.drafted[slot] == len(t.lines) || strings.HasSuffix(last, ", send: "+of) || strings.HasSuffix(last, ", approve: "+of)
}

// file writes the steps up to the decision that should have been another.
func (t *tale) file(bot Bot, name string, slot int) string {
	end := t.wrong[slot]
	if end == 0 { // the call itself
		end = len(t.lines)
	}
	expect := t.expect[slot]
	if expect == "" {
		expect = string(rules.Deny)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "schema: beckon.rules-test/v1\nclock: %s\n\ntimelines:\n  - name: %s\n", epoch().Format(time.RFC3339), name)
	if set := settings(bot); len(set) > 0 {
		fmt.Fprintf(&b, "    set: {%s}\n", strings.Join(set, ", "))
	}
	b.WriteString("    by_hand: true\n    steps:\n")
	for i, line := range t.lines[:end] {
		if o := t.outcome[i+1]; o != "" {
			line += ", outcome: " + o
		}
		if i == end-1 {
			line += ", expect: " + expect
		}
		fmt.Fprintf(&b, "      - {%s}\n", line)
	}
	return b.String()
}

// settings are what a timeline has to say of a bot.
func settings(bot Bot) (out []string) {
	for _, f := range []struct {
		name      string
		is, plain bool
	}{
		{"label_on", bot.LabelOn, true}, {"bio_discloses", bot.BioDiscloses, true}, {"operator_linked", bot.OperatorLinked, true},
		{"privacy_url_set", bot.PrivacyURL != "", false}, {"ai_approved", bot.AIApproved, false},
	} {
		if f.is != f.plain {
			out = append(out, fmt.Sprintf("bot.%s: %t", f.name, f.is))
		}
	}
	if bot.Tier != "self_serve" {
		out = append(out, "bot.tier: "+bot.Tier)
	}
	return out
}
