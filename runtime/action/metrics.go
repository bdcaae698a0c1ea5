package action

import (
	"sync/atomic"

	"github.com/beckon-bot/beckon/db"
)

// Metrics counts what became of actions.
type Metrics struct {
	Sent        atomic.Int64 `metric:"beckon_actions_total" labels:"outcome=sent" help:"Actions that left attempting, by outcome."`
	Failed      atomic.Int64 `metric:"beckon_actions_total" labels:"outcome=failed" help:"Actions that left attempting, by outcome."`
	Retried     atomic.Int64 `metric:"beckon_actions_total" labels:"outcome=retried" help:"Actions that left attempting, by outcome."`
	Unknown     atomic.Int64 `metric:"beckon_actions_total" labels:"outcome=unknown" help:"Actions that left attempting, by outcome."`
	Cancelled   atomic.Int64 `metric:"beckon_actions_cancelled_total" help:"Actions cancelled by the sender: expired, opted out, or denied when decided again."`
	Dry         atomic.Int64 `metric:"beckon_actions_dry_total" help:"Actions that were allowed and not sent because send is off for the bot."`
	AfterStop   atomic.Int64 `metric:"beckon_sends_after_stop_total" help:"Actions to users who opted out that reached a claim, confirmations apart. They are stopped there; any value but 0 is a defect."`
	Waited      atomic.Int64 `metric:"beckon_actions_waited_total" help:"Times that an action was put off until a rate window of X resets, instead of hitting a 429."`
	Capped      atomic.Int64 `metric:"beckon_sends_capped" help:"1 while X refuses every send of the app: its usage cap or its credit is used up."`
	Looks       atomic.Int64 `metric:"beckon_lookups_total" labels:"outcome=asked" help:"Times that X was asked for what became of sends whose outcome nobody knows, and of these the times it could not say."`
	LooksFailed atomic.Int64 `metric:"beckon_lookups_total" labels:"outcome=not_answered" help:"Times that X was asked for what became of sends whose outcome nobody knows, and of these the times it could not say."`
	FoundSent   atomic.Int64 `metric:"beckon_unknown_settled_total" labels:"outcome=sent" help:"Actions of unknown outcome that were settled by reading back from X."`
	FoundFailed atomic.Int64 `metric:"beckon_unknown_settled_total" labels:"outcome=failed" help:"Actions of unknown outcome that were settled by reading back from X."`
	StoreErrors atomic.Int64 `metric:"beckon_sender_store_errors_total" help:"Steps of the sender that the database refused; nothing is sent then."`
}

// capped shows whether a cap stands.
func (m *Metrics) capped(c db.Cap) {
	var standing int64
	if !c.Since.IsZero() {
		standing = 1
	}
	m.Capped.Store(standing)
}
