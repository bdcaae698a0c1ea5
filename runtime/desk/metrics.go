package desk

import "sync/atomic"

// Metrics counts what the desk is told.
type Metrics struct {
	Told   atomic.Int64 `metric:"beckon_desk_posts_total" help:"Times that the desk was told of a handoff." labels:"outcome=ok"`
	Failed atomic.Int64 `metric:"beckon_desk_posts_total" help:"Times that the desk was told of a handoff." labels:"outcome=failed"`

	Published   atomic.Int64 `metric:"beckon_desk_events_total" help:"Handoffs given to the bus for the desk's program." labels:"outcome=ok"`
	Unpublished atomic.Int64 `metric:"beckon_desk_events_total" help:"Handoffs given to the bus for the desk's program." labels:"outcome=failed"`

	Removals  atomic.Int64 `metric:"beckon_desk_removals_total" help:"Times that the desk was told to remove what a handoff told it of." labels:"outcome=ok"`
	Unremoved atomic.Int64 `metric:"beckon_desk_removals_total" help:"Times that the desk was told to remove what a handoff told it of." labels:"outcome=failed"`

	Dead atomic.Int64 `metric:"beckon_desk_given_up_total" help:"Handoffs that the desk could not be told of within a day, and removals within seven."`
}
