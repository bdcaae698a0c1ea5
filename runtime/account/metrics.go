package account

import "sync/atomic"

// Metrics counts what became of refreshes and logins.
type Metrics struct {
	Granted  atomic.Int64 `metric:"beckon_token_refreshes_total" labels:"outcome=granted" help:"Refreshes of tokens by outcome."`
	Again    atomic.Int64 `metric:"beckon_token_refreshes_total" labels:"outcome=no_effect" help:"Refreshes of tokens by outcome."`
	Unknown  atomic.Int64 `metric:"beckon_token_refreshes_total" labels:"outcome=unknown" help:"Refreshes of tokens by outcome."`
	Ended    atomic.Int64 `metric:"beckon_token_refreshes_total" labels:"outcome=login_ended" help:"Refreshes of tokens by outcome."`
	Rejected atomic.Int64 `metric:"beckon_tokens_rejected_total" help:"Access tokens that X refused before their end."`
}
