package gate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/rules"
)

// TestG7CandidateDecidesNothing: with a candidate, however it decides, the
// record is the one without it, but for what stands under its key.
func TestG7CandidateDecidesNothing(t *testing.T) {
	t.Parallel()
	free := ruleSet(t, "")
	strict := ruleSet(t, noRefund)
	disclosing := ruleSet(t, `
- id: acme.disclose
  effect: require
  actions: [reply, dm]
  because: We say who pays.
  obligations: [disclose_affiliate]
`)
	refund := func(q *question) { q.event.Text = "a refund" }
	for _, tt := range []struct {
		name      string
		question  question
		candidate *rules.Set
		want      Candidate
	}{
		{"the same", mention(free), strict, Candidate{Change: Same, Decision: Allow}},
		{"tighter", mention(free).with(refund), strict, Candidate{Change: Tighter, Decision: Deny, By: []rules.By{{Rule: "acme.no-refund", Conditions: []string{"refund"}}}, Say: "No refunds by message."}},
		{"looser", mention(strict).with(refund), free, Candidate{Change: Looser, Decision: Hold, By: []rules.By{{Rule: "acme.refund", Conditions: []string{"refund"}}}, Say: "Money is promised by a person."}},
		{"other duties", mention(free), disclosing, Candidate{Change: Duties, Decision: Allow, By: []rules.By{{Rule: "x.reply", Conditions: []string{"engaged", "post"}}, {Rule: "acme.all"}},
			Say: "We send what X permits.", Obligations: []rules.Obligation{rules.DiscloseAffiliate}}},
		{"another reading of the text", mention(free).with(refund), otherFeature(t), Candidate{Change: Looser, Decision: Allow, By: []rules.By{{Rule: "x.reply", Conditions: []string{"engaged", "post"}}, {Rule: "acme.all"}},
			Say: "We send what X permits."}},
		{"what cannot decide", mention(free), &rules.Set{}, Candidate{Change: Tighter, Decision: Deny, Say: "No rules are loaded, so nothing is sent."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			alone := tt.question.ask().Record(Record{ID: "d1"}, tt.question.State, nil)
			q := tt.question
			q.bot.Candidate = tt.candidate
			beside := q.ask().Record(Record{ID: "d1"}, q.State, nil)
			if beside.Candidate == nil {
				t.Fatal("the record says nothing of the candidate")
			}
			tt.want.Set = tt.candidate.Hash()
			if diff := cmp.Diff(tt.want, *beside.Candidate); diff != "" {
				t.Errorf("candidate (-want +got):\n%s", diff)
			}
			beside.Candidate = nil
			if diff := cmp.Diff(alone, beside); diff != "" {
				t.Errorf("the record (-without +with the candidate):\n%s", diff)
			}
		})
	}
}
