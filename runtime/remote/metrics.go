package remote

import "sync/atomic"

// Metrics counts what goes to handlers outside of this process. What becomes of
// their answers is dispatch's to count.
type Metrics struct {
	Attempts atomic.Int64 `metric:"beckon_question_attempts_total" help:"Times that a question was handed to a handler outside of the process."`
	Failed   atomic.Int64 `metric:"beckon_question_failures_total" help:"Attempts that did not reach the handler, or that it could not answer."`
	Bad      atomic.Int64 `metric:"beckon_answers_unreadable_total" help:"Answers that cannot be read, or are for no bot of this host."`
}
