package dispatch

import (
	"sync/atomic"

	"github.com/beckon-bot/beckon/runtime/gate"
)

// Metrics counts what became of events.
type Metrics struct {
	Events       atomic.Int64 `metric:"beckon_events_total" help:"Events taken from the bus and committed."`
	Duplicates   atomic.Int64 `metric:"beckon_events_duplicate_total" help:"Events that had been taken in before."`
	Allowed      atomic.Int64 `metric:"beckon_decisions_total" labels:"decision=allow" help:"Decisions on events, by decision."`
	Held         atomic.Int64 `metric:"beckon_decisions_total" labels:"decision=hold" help:"Decisions on events, by decision."`
	Denied       atomic.Int64 `metric:"beckon_decisions_total" labels:"decision=deny" help:"Decisions on events, by decision."`
	NoDraft      atomic.Int64 `metric:"beckon_decisions_total" labels:"decision=none" help:"Decisions on events, by decision."`
	OptOuts      atomic.Int64 `metric:"beckon_optouts_total" help:"Opt-outs applied."`
	StopDelay    Delays       `metric:"beckon_optout_delay_seconds" help:"Time from a user's STOP, by X's clock, to the moment from which nothing goes to them."`
	DeadLetters  atomic.Int64 `metric:"beckon_dead_letters_total" help:"Events kept as dead letters."`
	Unknown      atomic.Int64 `metric:"beckon_events_unknown_type_total" help:"Events of a type that this version does not know."`
	ExtraFields  atomic.Int64 `metric:"beckon_events_extra_fields_total" help:"Fields of events that this version does not know."`
	Panics       atomic.Int64 `metric:"beckon_event_panics_total" help:"Handlers or reducers that panicked on an event."`
	Redone       atomic.Int64 `metric:"beckon_batches_redone_total" help:"Batches whose commit failed and whose events were redone one by one."`
	StoreErrors  atomic.Int64 `metric:"beckon_dispatch_store_errors_total" help:"Times that dispatch stopped for the database."`
	SlotsDropped atomic.Int64 `metric:"beckon_slots_dropped_total" help:"Values about what X forbids to store, such as health, that a handler wanted to keep of a user; they were dropped."`
	Persons      atomic.Int64 `metric:"beckon_person_spoke_total" help:"Times that a person was seen to speak through a bot's account."`

	Asked      atomic.Int64 `metric:"beckon_questions_total" help:"Questions to handlers outside of the process."`
	AnswersIn  atomic.Int64 `metric:"beckon_answers_total" labels:"result=taken" help:"Answers of handlers outside of the process, by what became of them."`
	AnswersOut atomic.Int64 `metric:"beckon_answers_total" labels:"result=refused" help:"Answers of handlers outside of the process, by what became of them."`
	NoAnswer   atomic.Int64 `metric:"beckon_answers_total" labels:"result=none" help:"Answers of handlers outside of the process, by what became of them."`
}

func (m *Metrics) count(e gate.Effect) {
	switch e {
	case gate.Allow:
		m.Allowed.Add(1)
	case gate.Hold:
		m.Held.Add(1)
	case gate.Deny:
		m.Denied.Add(1)
	default:
		m.NoDraft.Add(1)
	}
}
