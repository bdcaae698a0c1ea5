package handlers

import (
	"fmt"
	"strings"
	"time"
)

// hours are office hours: a week, and days that differ from it.
type hours struct {
	zone *time.Location
	week [7][]span // by time.Weekday
	days map[string][]span
}

// span is from a minute of the day to another, which is not in it.
type span struct{ from, to int }

// open reports whether the moment lies within the hours. A day that is named
// counts as it is named, whatever the week says.
func (h *hours) open(now time.Time) bool {
	local := now.In(h.zone)
	spans, named := h.days[local.Format(time.DateOnly)]
	if !named {
		spans = h.week[local.Weekday()]
	}
	minute := local.Hour()*60 + local.Minute()
	for _, s := range spans {
		if s.from <= minute && minute < s.to {
			return true
		}
	}
	return false
}

// readSpans reads "09:00-12:30, 13:30-17:00".
func readSpans(text string) (spans []span, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, ok := strings.Cut(strings.TrimSpace(part), "-")
		if !ok {
			return nil, fmt.Errorf("%q is not a span of hours", strings.TrimSpace(part))
		}
		s := span{}
		if s.from, err = readMinute(from); err != nil {
			return nil, err
		}
		if s.to, err = readMinute(to); err != nil {
			return nil, err
		}
		if s.from >= s.to {
			return nil, fmt.Errorf("%q ends before it begins; what goes over midnight is split there: \"22:00-24:00\", and \"00:00-02:00\" on the next day", strings.TrimSpace(part))
		}
		if n := len(spans); n > 0 && s.from < spans[n-1].to {
			return nil, fmt.Errorf("%q begins before the span before it ends", strings.TrimSpace(part))
		}
		spans = append(spans, s)
	}
	return spans, nil
}

func readMinute(text string) (int, error) {
	text = strings.TrimSpace(text)
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf("%q is not a time of day", text)
	}
	return t.Hour()*60 + t.Minute(), nil
}

func weekdays() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// readDays reads "mon", "mon-fri" or "sat-mon".
func readDays(text string) (days []time.Weekday, ok bool) {
	index := func(name string) int {
		for i, d := range weekdays() {
			if d == strings.TrimSpace(name) {
				return i
			}
		}
		return -1
	}
	first, last, several := strings.Cut(text, "-")
	from := index(first)
	to := from
	if several {
		to = index(last)
	}
	if from < 0 || to < 0 {
		return nil, false
	}
	for d := from; ; d = (d + 1) % 7 {
		days = append(days, time.Weekday(d))
		if d == to {
			return days, true
		}
	}
}

// maxHoliday is how many days one entry of holidays covers at most.
const maxHoliday = 366

// readDates reads "2026-12-25" or "2026-12-24 to 2027-01-01".
func readDates(text string) (dates []string, err error) {
	first, last, several := strings.Cut(text, " to ")
	from, err := time.Parse(time.DateOnly, strings.TrimSpace(first))
	if err != nil {
		return nil, fmt.Errorf("%q is not a date", strings.TrimSpace(first))
	}
	to := from
	if several {
		if to, err = time.Parse(time.DateOnly, strings.TrimSpace(last)); err != nil {
			return nil, fmt.Errorf("%q is not a date", strings.TrimSpace(last))
		}
	}
	if to.Before(from) || to.Sub(from) >= maxHoliday*24*time.Hour {
		return nil, fmt.Errorf("%q is no span of at most %d days", text, maxHoliday)
	}
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		dates = append(dates, d.Format(time.DateOnly))
	}
	return dates, nil
}
