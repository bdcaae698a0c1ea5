package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Times are the due times of one schedule. Next returns the first one after a
// moment, the zero time if there is none.
type Times interface {
	Next(after time.Time) time.Time
}

// once is due a single time.
type once time.Time

func (o once) Next(after time.Time) time.Time {
	if t := time.Time(o); t.After(after) {
		return t
	}
	return time.Time{}
}

// wall is due by the clock on the wall of a place. The five fields are matched
// against that clock as if it never changed, and what matches is then looked up
// on the real one (J5): the library would skip or repeat at a change.
type wall struct {
	fields cron.Schedule
	zone   *time.Location
}

// Cron reads five fields: minute, hour, day of the month, month, weekday. Where
// both days are restricted, either will do, as in every cron.
func Cron(spec string, zone *time.Location) (Times, error) {
	if strings.ContainsAny(spec, "=@") {
		return nil, fmt.Errorf("five fields, such as \"0 9 * * mon-fri\"; the time zone has a key of its own")
	}
	p := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	fields, err := p.Parse(spec)
	if err != nil {
		return nil, fmt.Errorf("five fields, such as \"0 9 * * mon-fri\": %w", err)
	}
	w := wall{fields, zone}
	if w.Next(time.Unix(0, 0)).IsZero() {
		return nil, fmt.Errorf("no day of any year matches %q", spec)
	}
	return w, nil
}

func (w wall) Next(after time.Time) time.Time {
	for on := naive(after.In(w.zone)); ; {
		if on = w.fields.Next(on); on.IsZero() {
			return time.Time{}
		}
		if t := moment(on, w.zone); t.After(after) {
			return t
		}
	}
}

// naive is what the clock shows, as if it hung in Greenwich.
func naive(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// moment is when a clock in the zone first shows a time; if it never does, the
// moment at which the clock skips it (J5).
func moment(on time.Time, zone *time.Location) time.Time {
	t := time.Date(on.Year(), on.Month(), on.Day(), on.Hour(), on.Minute(), on.Second(), on.Nanosecond(), zone)
	start, end := t.ZoneBounds()
	if shown := naive(t); !shown.Equal(on) {
		if shown.After(on) { // Go took the offset from before the change
			return start.UTC()
		}
		return end.UTC()
	}
	if !start.IsZero() {
		_, before := start.Add(-time.Second).Zone()
		if first := on.Add(-time.Duration(before) * time.Second); first.Before(start) && naive(first.In(zone)).Equal(on) {
			return first.UTC()
		}
	}
	return t.UTC()
}
