package llm

import "sync/atomic"

// Metrics counts calls to models. Handouts are redistribution, as X counts it.
type Metrics struct {
	Handouts atomic.Int64 `metric:"beckon_handouts_total" help:"Messages of users that were sent to the provider of a language model."`
	Answered atomic.Int64 `metric:"beckon_model_calls_total" labels:"result=answered" help:"Calls to language models, by result."`
	Failed   atomic.Int64 `metric:"beckon_model_calls_total" labels:"result=failed" help:"Calls to language models, by result."`
}
