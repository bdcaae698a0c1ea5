package schedule

import "sync/atomic"

// Metrics counts what became due.
type Metrics struct {
	Posts     atomic.Int64 `metric:"beckon_timers_total" help:"Due times that were put on the bus, by what they ask for." labels:"what=post"`
	Items     atomic.Int64 `metric:"beckon_timers_total" help:"Due times that were put on the bus, by what they ask for." labels:"what=feed_item"`
	Reminders atomic.Int64 `metric:"beckon_timers_total" help:"Due times that were put on the bus, by what they ask for." labels:"what=reminder"`
	Missed    atomic.Int64 `metric:"beckon_timers_missed_total" help:"Times that due posts were found too late to make up for them."`
	Errors    atomic.Int64 `metric:"beckon_timer_errors_total" help:"Times that what was due could not be put on the bus, or the database did not answer."`
}

// FeedMetrics counts looks at feeds, and what was not posted of them.
type FeedMetrics struct {
	Changed atomic.Int64 `metric:"beckon_feed_looks_total" help:"Looks at feeds, by what was found." labels:"found=changed"`
	Same    atomic.Int64 `metric:"beckon_feed_looks_total" help:"Looks at feeds, by what was found." labels:"found=unchanged"`
	Failed  atomic.Int64 `metric:"beckon_feed_looks_total" help:"Looks at feeds, by what was found." labels:"found=failed"`
	Old     atomic.Int64 `metric:"beckon_feed_items_dropped_total" help:"New items of feeds that are not posted, by why." labels:"why=old"`
	Over    atomic.Int64 `metric:"beckon_feed_items_dropped_total" help:"New items of feeds that are not posted, by why." labels:"why=too_many"`
}
