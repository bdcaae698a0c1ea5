package ingest

import "sync/atomic"

// Metrics counts requests to the webhook by how they ended: each request in
// exactly one field.
type Metrics struct {
	OK          atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=ok"`
	Unreadable  atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=dead_unreadable"`
	UnknownType atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=dead_unknown_type"`
	NoBot       atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=dead_no_bot"`
	OtherApp    atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=dead_other_app"`
	Replay      atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=replay_status"`
	Unavailable atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=not_stored"`
	Drained     atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=drained"`
	Signature   atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=bad_signature"`
	MediaType   atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=bad_media_type"`
	TooLarge    atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=too_large"`
	Slow        atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=too_slow"`
	Broken      atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=broken_off"`
	Method      atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=bad_method"`
	CRC         atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=crc"`
	BadCRC      atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Requests to the webhook by outcome." labels:"outcome=bad_crc"`
}

// EventMetrics counts events by what became of them at the door, by whatever
// way they came: each in exactly one field. What is refused is kept as a dead
// letter.
type EventMetrics struct {
	OK          atomic.Int64 `metric:"beckon_ingest_events_total" help:"Events taken in, by outcome." labels:"outcome=ok"`
	Unreadable  atomic.Int64 `metric:"beckon_ingest_events_total" help:"Events taken in, by outcome." labels:"outcome=dead_unreadable"`
	UnknownType atomic.Int64 `metric:"beckon_ingest_events_total" help:"Events taken in, by outcome." labels:"outcome=dead_unknown_type"`
	NoBot       atomic.Int64 `metric:"beckon_ingest_events_total" help:"Events taken in, by outcome." labels:"outcome=dead_no_bot"`
	OtherApp    atomic.Int64 `metric:"beckon_ingest_events_total" help:"Events taken in, by outcome." labels:"outcome=dead_other_app"`
}

func (m *EventMetrics) count(dead string) {
	switch dead {
	case "":
		m.OK.Add(1)
	case deadNoBot:
		m.NoBot.Add(1)
	case deadOtherApp:
		m.OtherApp.Add(1)
	case deadUnknownType:
		m.UnknownType.Add(1)
	default:
		m.Unreadable.Add(1)
	}
}

// StreamMetrics counts what the activity stream does.
type StreamMetrics struct {
	Connected atomic.Int64 `metric:"beckon_stream_connected" help:"1 while the activity stream is connected."`
	Lines     atomic.Int64 `metric:"beckon_stream_lines_total" help:"Lines of the activity stream, by what they are." labels:"kind=event"`
	Beats     atomic.Int64 `metric:"beckon_stream_lines_total" help:"Lines of the activity stream, by what they are." labels:"kind=heartbeat"`
	Errors    atomic.Int64 `metric:"beckon_stream_lines_total" help:"Lines of the activity stream, by what they are." labels:"kind=error"`
	TooLong   atomic.Int64 `metric:"beckon_stream_lines_total" help:"Lines of the activity stream, by what they are." labels:"kind=too_long"`
	Torn      atomic.Int64 `metric:"beckon_stream_lines_total" help:"Lines of the activity stream, by what they are." labels:"kind=torn"`
	Drops     atomic.Int64 `metric:"beckon_stream_breaks_total" help:"Times that there was no stream, by why." labels:"why=drop"`
	Network   atomic.Int64 `metric:"beckon_stream_breaks_total" help:"Times that there was no stream, by why." labels:"why=network"`
	HTTP      atomic.Int64 `metric:"beckon_stream_breaks_total" help:"Times that there was no stream, by why." labels:"why=http"`
	Rate      atomic.Int64 `metric:"beckon_stream_breaks_total" help:"Times that there was no stream, by why." labels:"why=rate"`
	Full      atomic.Int64 `metric:"beckon_stream_breaks_total" help:"Times that there was no stream, by why." labels:"why=full"`
	Retreats  atomic.Int64 `metric:"beckon_stream_gaps_refused_total" help:"Times that X refused to send what was missed."`
}

func (m *StreamMetrics) count(k fault) {
	switch k {
	case faultDrop:
		m.Drops.Add(1)
	case faultNetwork:
		m.Network.Add(1)
	case faultRate:
		m.Rate.Add(1)
	case faultFull:
		m.Full.Add(1)
	default:
		m.HTTP.Add(1)
	}
}

// PollMetrics counts what polling does.
type PollMetrics struct {
	Polls  atomic.Int64 `metric:"beckon_polls_total" help:"Pages read by polling, by outcome." labels:"outcome=ok"`
	Failed atomic.Int64 `metric:"beckon_polls_total" help:"Pages read by polling, by outcome." labels:"outcome=failed"`
	Found  atomic.Int64 `metric:"beckon_polled_events_total" help:"Posts and DMs found by polling."`
}

// WatchMetrics counts what the watchdog finds.
type WatchMetrics struct {
	Valid   atomic.Int64 `metric:"beckon_webhook_valid" help:"1 while X takes the webhook for valid, as of the last check."`
	Checks  atomic.Int64 `metric:"beckon_watchdog_checks_total" help:"Checks of webhook and subscriptions."`
	Failed  atomic.Int64 `metric:"beckon_watchdog_failures_total" help:"Things that the watchdog could not see or mend."`
	Created atomic.Int64 `metric:"beckon_subscriptions_created_total" help:"Subscriptions that the watchdog made."`
	Replays atomic.Int64 `metric:"beckon_replays_asked_total" help:"Replays that the watchdog asked X for."`
}
