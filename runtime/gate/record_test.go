package gate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

// From a stored record and the sources of the rule set it names, nothing else,
// the decision is made again, byte for byte.
func TestRecordIsDecidedAgain(t *testing.T) {
	t.Parallel()
	set := ruleSet(t, "")
	questions := map[string]question{
		"allowed":       mention(set),
		"denied":        mention(set).with(func(q *question) { q.State.Suppression.OptedOut = true }),
		"not permitted": mention(set).with(func(q *question) { q.State.Interaction.Mentioned = false }),
		"held":          mention(set).with(func(q *question) { q.event.Text = "a refund" }),
		"lifted": mention(set).with(func(q *question) {
			q.event.Text, q.Lifted, q.Approval = "a refund", []string{"acme.refund"}, "approved"
		}),
		"with obligations":      message(set),
		"silenced by its own":   mention(set).with(func(q *question) { q.draft.Affiliate = true }),
		"a language with signs": mention(set).with(func(q *question) { q.event.Lang = "<&\"\u2028ü" }),
		"with a rule on trial":  mention(ruleSet(t, onTrial)),
		"no rules":              mention(nil),
		"a feature unread":      mention(set).with(func(q *question) { q.unread = true }),
	}
	for name, q := range questions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stored := record(t, q)
			if got := again(t, stored, q.bot.Rules.Sources()); !bytes.Equal(got, stored) {
				t.Errorf("decided again:\n got %s\nwant %s", got, stored)
			}
			for _, secret := range []string{q.draft.Text, "a refund"} {
				if bytes.Contains(stored, []byte(secret)) {
					t.Errorf("the record holds text %q: %s", secret, stored)
				}
			}
		})
	}
}

// onTrial would hold what is allowed.
const onTrial = `
- id: acme.trial
  effect: hold
  actions: [reply, dm]
  because: A person reads along.
  mode: shadow
`

// What the gate itself denies names the gate; its rules come out the same.
func TestRecordOfAWall(t *testing.T) {
	t.Parallel()
	q := mention(ruleSet(t, onTrial))
	v := q.ask()
	if v.Decision.Effect != Allow || len(v.Decision.Shadow) != 1 {
		t.Fatalf("got %+v, want what a rule on trial would hold", v.Decision)
	}
	v.Denied("action.one-per-key", "There is one already.")
	r := v.Record(Record{ID: "d1"}, q.State, nil)
	if r.Decision != Deny || r.By[0].Rule != "action.one-per-key" || r.Obligations != nil || len(r.Outcomes) == 0 || r.Shadow != nil {
		t.Errorf("got %+v, want a denial by the wall that keeps the outcomes of the rules", r)
	}
}

func TestRecordKeys(t *testing.T) {
	t.Parallel()
	q := message(ruleSet(t, onTrial))
	q.State.Conversation.Version = 3
	q.Lifted = []string{"acme.refund"}
	q.event.Text = "refund"
	q.bot.Candidate = ruleSet(t, "")
	want := []string{
		"id", "at", "bot", "user", "event", "interaction", "action", "decision", "by", "say",
		"obligations", "outcomes", "rules", "state_version", "input", "shadow", "candidate",
	}
	dec := json.NewDecoder(bytes.NewReader(record(t, q)))
	var got []string
	for depth := 0; ; {
		tok, err := dec.Token()
		if err != nil {
			break
		}
		switch tok := tok.(type) {
		case json.Delim:
			if depth++; tok == '}' || tok == ']' {
				depth -= 2
			}
		case string:
			if depth == 1 && slices.Contains(want, tok) && !slices.Contains(got, tok) {
				got = append(got, tok)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("keys:\n got %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

func record(t *testing.T, q question) []byte {
	t.Helper()
	r := q.ask().Record(Record{
		ID: "d1", At: noon, Bot: "acme", User: "7", Event: "e1", Interaction: "100",
		Action: &ActionRef{Kind: q.draft.Kind, Purpose: event.Answer, ID: "a-1", Stage: StageDraft, Handler: "answers/hours"},
	}, q.State, q.Lifted)
	line, err := r.Line()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func again(t *testing.T, line []byte, sources []rules.Source) []byte {
	t.Helper()
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatal(err)
	}
	var set *rules.Set
	if r.Rules != nil {
		var err error
		if set, err = rules.Load(sources, rules.Options{}); err != nil {
			t.Fatal(err)
		}
		if set.Hash() != r.Rules.Set || rules.InputHash() != r.Input.Tree {
			t.Fatalf("set %s, tree %s: not what decided", set.Hash(), rules.InputHash())
		}
	}
	v := Verdict{Set: set, Input: r.Input.Values, features: r.Input.Features, unknown: r.Input.Unknown, Facts: Facts{Applied: r.Input.Applied}}
	v.rules(r.Input.Lifted)
	r = v.Record(r, mention(nil).State, r.Input.Lifted)
	out, err := r.Line()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
