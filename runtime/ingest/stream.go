package ingest

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"
)

// StreamX opens X's activity stream.
type StreamX interface {
	// OpenStream connects. What was missed comes first: of the last backfill
	// minutes, 0 to 5, or from start on if that is not zero. An error of the X
	// edge says its problem.
	OpenStream(ctx context.Context, backfill int, start time.Time) (io.ReadCloser, error)
}

// StreamOptions are what a Stream needs.
type StreamOptions struct {
	X         StreamX
	Positions Positions
	// Take stores a line durably, as Webhook.Take.
	Take func(ctx context.Context, body []byte) error

	Now     func() time.Time // nil means time.Now
	Log     *slog.Logger     // nil means none
	Metrics *StreamMetrics   // nil means not counted
}

// Stream holds one connection to X's activity stream, for as long as Run runs.
//
//   - S1 the position moves only over lines that the bus has stored: reading
//     waits for the bus, and a line that it refuses is offered until it takes it.
//   - S2 after a break what was missed is asked for, from before the position,
//     and the position stays until the backlog is through. What comes twice the
//     dedupe row drops.
//   - S3 X's back-off is kept, by kind of fault; a refused connection is never
//     made room for by closing another.
type Stream struct {
	StreamOptions

	back    backoff
	seen    time.Time // everything before it is stored; zero: nothing known
	saved   time.Time // of seen, as the store has it
	recover recovery
}

// recovery is how much of a gap X still lets us ask for.
type recovery int

const (
	byStart    recovery = iota // start_time, which X calls Enterprise-only for other streams
	byBackfill                 // backfill_minutes, at most 5
	byNothing
)

// StreamSource is the source of what the stream brings.
const StreamSource = "/x/stream"

const (
	streamPosition = "stream"

	silence   = 20 * time.Second // X rule: no data for 20 s means the connection is dead (facts.md, read 2026-11-25)
	grace     = 3 * time.Second  // X's beats come every 20 s: one that the network delays cuts nothing
	overlap   = time.Minute      // of a gap that is asked for: clocks differ
	saveEvery = 5 * time.Second  // a crash costs as much of the position
	backlog   = 2 * time.Minute  // after which a backlog counts as through, without a beat
	settled   = time.Second      // a connection that ends sooner has not delivered, whatever came: no hot loop
	farthest  = 24 * time.Hour   // X keeps no more
)

// NewStream makes a Stream.
func NewStream(o StreamOptions) *Stream {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = new(StreamMetrics)
	}
	return &Stream{StreamOptions: o}
}

// Run reads the stream until ctx ends. Its error is the position store's, at
// the start.
func (s *Stream) Run(ctx context.Context) error {
	var err error
	if s.seen, err = timeAt(ctx, s.Positions, streamPosition); err != nil {
		return err
	}
	s.saved = s.seen
	for ctx.Err() == nil {
		wait := s.once(ctx)
		if !sleep(ctx, wait) {
			break
		}
	}
	return nil
}

// once holds one connection and returns how long to wait before the next.
func (s *Stream) once(ctx context.Context) time.Duration {
	backfill, start := s.gap(s.Now())
	in, err := s.X.OpenStream(ctx, backfill, start)
	if err != nil {
		return s.failed(ctx, err, backfill > 0)
	}
	s.Metrics.Connected.Store(1)
	s.Log.InfoContext(ctx, "activity stream: connected", "backfill_minutes", backfill, "since", start)
	switch {
	case s.seen.IsZero():
		s.seen = s.Now() // from now on X owes us everything
	case s.recover == byNothing, s.recover == byBackfill && s.Now().Sub(s.seen) > 5*time.Minute:
		s.Log.ErrorContext(ctx, "activity stream: X did not send all of what was missed; the rest is lost", "since", s.seen, "minutes_sent", backfill)
	}
	s.recover = byStart
	delivered, why := s.read(ctx, in, backfill > 0)
	s.Metrics.Connected.Store(0)
	// Past the end of ctx too: a stop must not lose the position.
	s.save(context.WithoutCancel(ctx), s.Now(), true)
	if ctx.Err() != nil {
		return 0
	}
	kind := faultNetwork
	if delivered {
		kind = faultDrop
		s.back.data()
	}
	return s.pause(ctx, kind, time.Time{}, why)
}

// gap is what to ask for on connecting.
func (s *Stream) gap(now time.Time) (backfill int, start time.Time) {
	if s.seen.IsZero() || s.recover == byNothing {
		return 0, time.Time{}
	}
	seen := s.seen
	if seen.After(now.Add(overlap)) { // the clock was ahead: since when is not known
		seen = now.Add(-farthest)
	}
	missed := now.Sub(seen) + overlap
	minutes := int((missed + time.Minute - 1) / time.Minute)
	if minutes <= 5 || s.recover == byBackfill {
		return max(1, min(minutes, 5)), time.Time{}
	}
	from := seen.Add(-overlap)
	if oldest := now.Add(-farthest + time.Minute); from.Before(oldest) {
		from = oldest
	}
	return 5, from
}

// failed is a connection that did not come about.
func (s *Stream) failed(ctx context.Context, err error, asked bool) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	if asked && refused(err) && s.recover != byNothing {
		s.recover++ // ask for less of the gap, at once: the connection matters more
		s.Metrics.Retreats.Add(1)
		s.Log.WarnContext(ctx, "activity stream: X refuses to send what was missed; asking for less", "err", err)
		return s.back.next(s.Now(), faultNetwork, time.Time{})
	}
	kind, reset := faultOf(err)
	if kind == faultFull {
		s.Log.ErrorContext(ctx, "activity stream: X holds as many connections of this app as it may have, perhaps another host's. "+
			"See them with `beckon subscribe --connections`; `beckon subscribe --close-connections` closes them all", "err", err)
	}
	return s.pause(ctx, kind, reset, err)
}

func (s *Stream) pause(ctx context.Context, kind fault, reset time.Time, why error) time.Duration {
	wait := s.back.next(s.Now(), kind, reset)
	s.Metrics.count(kind)
	level := slog.LevelInfo
	if kind != faultDrop {
		level = slog.LevelWarn
	}
	s.Log.Log(ctx, level, "activity stream: not connected", "class", kind, "wait", wait, "err", why)
	return wait
}

// read takes lines until the connection ends, and says whether it delivered
// anything for a while. reclaims: the gap comes first.
func (s *Stream) read(ctx context.Context, in io.ReadCloser, reclaims bool) (delivered bool, why error) {
	lines := newLines(in)
	defer lines.close()
	stop := context.AfterFunc(ctx, lines.close)
	defer stop()
	connected, got := s.Now(), false
	for {
		line, err := lines.next()
		if err != nil {
			if len(line) > 0 {
				s.Metrics.Torn.Add(1) // it comes again with the gap
			}
			return got && s.Now().Sub(connected) >= settled, err
		}
		now := s.Now()
		switch {
		case len(line) == 0:
			s.Metrics.Beats.Add(1)
			reclaims = false // X is idle: the backlog is through
		case lines.long:
			s.Metrics.TooLong.Add(1)
			s.Log.ErrorContext(ctx, "activity stream: a line over 1 MiB was passed over")
		case s.told(ctx, line):
			continue // no sign of life: a drop often follows
		default:
			s.Metrics.Lines.Add(1)
			if !s.take(ctx, line) {
				return got, ctx.Err()
			}
		}
		got = true
		if reclaims && now.Sub(connected) < backlog { // S2
			continue
		}
		s.seen = now
		s.save(ctx, now, false)
	}
}

// told handles a line in which X speaks of the stream itself.
func (s *Stream) told(ctx context.Context, line []byte) bool {
	var in struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Title string `json:"title"`
			Type  string `json:"type"`
		} `json:"errors"`
	}
	if json.Unmarshal(line, &in) != nil || len(in.Errors) == 0 || in.Data != nil {
		return false
	}
	s.Metrics.Errors.Add(1)
	for _, e := range in.Errors {
		s.Log.WarnContext(ctx, "activity stream: X reports", "kind", e.Type, "err", e.Title)
	}
	return true
}

// take offers the line until the bus has it (S1); false: ctx ended first.
func (s *Stream) take(ctx context.Context, line []byte) bool {
	for wait := time.Second; ; wait = min(2*wait, networkMost) {
		err := s.Take(ctx, line)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.Log.ErrorContext(ctx, "activity stream: cannot store; reading waits", "err", err, "wait", wait)
		if !sleep(ctx, wait) {
			return false
		}
	}
}

// save stores the position, not too often.
func (s *Stream) save(ctx context.Context, now time.Time, last bool) {
	if s.seen.IsZero() || s.seen.Equal(s.saved) || !last && now.Sub(s.saved) < saveEvery {
		return
	}
	if err := setTime(ctx, s.Positions, streamPosition, s.seen); err != nil {
		s.Log.WarnContext(ctx, "activity stream: keep the position; a restart asks for more than was missed", "err", err)
		return
	}
	s.saved = s.seen
}

// sleep waits; false: ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
