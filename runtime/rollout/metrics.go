package rollout

import (
	"sync/atomic"

	"github.com/beckon-bot/beckon/runtime/gate"
)

// Metrics counts what became of rules directories, and what candidates would
// have decided.
type Metrics struct {
	Changed   atomic.Int64 `metric:"beckon_rules_reloads_total" labels:"outcome=changed" help:"Rules directories that were loaded, candidates too, by outcome."`
	Unchanged atomic.Int64 `metric:"beckon_rules_reloads_total" labels:"outcome=unchanged" help:"Rules directories that were loaded, candidates too, by outcome."`
	Failed    atomic.Int64 `metric:"beckon_rules_reloads_total" labels:"outcome=failed" help:"Rules directories that were loaded, candidates too, by outcome."`
	Refused   atomic.Int64 `metric:"beckon_rules_refused" labels:"role=active" help:"Bots whose rules directory does not load or fails its tests now; the last good rules stay in force."`
	Doubtful  atomic.Int64 `metric:"beckon_rules_refused" labels:"role=candidate" help:"Bots whose rules directory does not load or fails its tests now; the last good rules stay in force."`

	AllowAllow atomic.Int64 `metric:"beckon_candidate_decisions_total" labels:"active=allow,candidate=allow" help:"Decisions with a candidate beside the rules, by what both decided."`
	AllowHold  atomic.Int64 `metric:"beckon_candidate_decisions_total" labels:"active=allow,candidate=hold" help:"Decisions with a candidate beside the rules, by what both decided."`
	AllowDeny  atomic.Int64 `metric:"beckon_candidate_decisions_total" labels:"active=allow,candidate=deny" help:"Decisions with a candidate beside the rules, by what both decided."`
	HoldAllow  atomic.Int64 `metric:"beckon_candidate_decisions_total" labels:"active=hold,candidate=allow" help:"Decisions with a candidate beside the rules, by what both decided."`
	HoldHold   atomic.Int64 `metric:"beckon_candidate_decisions_total" labels:"active=hold,candidate=hold" help:"Decisions with a candidate beside the rules, by what both decided."`
	HoldDeny   atomic.Int64 `metric:"beckon_candidate_decisions_total" labels:"active=hold,candidate=deny" help:"Decisions with a candidate beside the rules, by what both decided."`
	DenyAllow  atomic.Int64 `metric:"beckon_candidate_decisions_total" labels:"active=deny,candidate=allow" help:"Decisions with a candidate beside the rules, by what both decided."`
	DenyHold   atomic.Int64 `metric:"beckon_candidate_decisions_total" labels:"active=deny,candidate=hold" help:"Decisions with a candidate beside the rules, by what both decided."`
	DenyDeny   atomic.Int64 `metric:"beckon_candidate_decisions_total" labels:"active=deny,candidate=deny" help:"Decisions with a candidate beside the rules, by what both decided."`
	Duties     atomic.Int64 `metric:"beckon_candidate_duties_total" help:"Decisions in which a candidate differs in its obligations only."`
}

// AnswersMetrics counts what became of changed answers.
type AnswersMetrics struct {
	Changed atomic.Int64 `metric:"beckon_answers_reloads_total" labels:"outcome=changed" help:"Changes of answers that were loaded, by outcome."`
	Failed  atomic.Int64 `metric:"beckon_answers_reloads_total" labels:"outcome=failed" help:"Changes of answers that were loaded, by outcome."`
	Refused atomic.Int64 `metric:"beckon_answers_refused" help:"Bots whose answers do not load or fail their dialogues now; the last good ones stay in place."`
}

// Counters is where changes of answers are counted.
func (m *AnswersMetrics) Counters() Counters { return Counters{&m.Changed, &m.Failed, &m.Refused} }

// ScheduleMetrics counts what became of changed schedules.
type ScheduleMetrics struct {
	Changed atomic.Int64 `metric:"beckon_schedule_reloads_total" labels:"outcome=changed" help:"Changes of schedules that were loaded, by outcome."`
	Failed  atomic.Int64 `metric:"beckon_schedule_reloads_total" labels:"outcome=failed" help:"Changes of schedules that were loaded, by outcome."`
	Refused atomic.Int64 `metric:"beckon_schedule_refused" help:"Bots whose schedule does not load now; the last good one stays in place."`
}

// Counters is where changes of schedules are counted.
func (m *ScheduleMetrics) Counters() Counters { return Counters{&m.Changed, &m.Failed, &m.Refused} }

// pair is the counter of what both decided; nil for what neither can.
func (m *Metrics) pair(active, candidate gate.Effect) *atomic.Int64 {
	return map[[2]gate.Effect]*atomic.Int64{
		{gate.Allow, gate.Allow}: &m.AllowAllow, {gate.Allow, gate.Hold}: &m.AllowHold, {gate.Allow, gate.Deny}: &m.AllowDeny,
		{gate.Hold, gate.Allow}: &m.HoldAllow, {gate.Hold, gate.Hold}: &m.HoldHold, {gate.Hold, gate.Deny}: &m.HoldDeny,
		{gate.Deny, gate.Allow}: &m.DenyAllow, {gate.Deny, gate.Hold}: &m.DenyHold, {gate.Deny, gate.Deny}: &m.DenyDeny,
	}[[2]gate.Effect{active, candidate}]
}
