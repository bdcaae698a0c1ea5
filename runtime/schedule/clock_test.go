package schedule

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // zones must not depend on the machine
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// J5: clocks that change, in both directions, at other hours, by half an hour,
// and by a whole day.
func TestJ5ClocksThatChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, spec, zone, after, want string }{
		{"an ordinary day", "0 9 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", "2026-03-28T08:00:00Z 2026-03-29T07:00:00Z 2026-03-30T07:00:00Z"},
		{"forward: skipped times come at the change", "30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z"},
		{"forward: all that is skipped is one", "*/15 2 * * *", "Europe/Berlin", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:00:00Z"},
		{"forward: beside a time that is there", "0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:00:00Z 2026-03-30T01:00:00Z"},
		{"back: once, the first time", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"},
		{"back: asked between the two", "30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", "2026-10-26T01:30:00Z"},
		{"back: asked in the second hour", "45 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-26T01:45:00Z"},
		{"back: each time on the wall once", "*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z 2026-10-25T02:00:00Z 2026-10-25T02:30:00Z"},
		{"New York, forward", "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z 2026-03-09T06:30:00Z"},
		{"New York, back", "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z 2026-11-02T06:30:00Z"},
		{"midnight that is skipped", "0 0 * * *", "Asia/Beirut", "2026-03-28T12:00:00Z", "2026-03-28T22:00:00Z 2026-03-29T21:00:00Z"},
		{"half an hour", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z 2026-10-04T15:15:00Z"},
		{"a day that was skipped", "0 12 * * *", "Pacific/Apia", "2011-12-29T23:00:00Z", "2011-12-30T10:00:00Z 2011-12-30T22:00:00Z"},
		{"a day of few months", "0 9 31 * *", "UTC", "2026-01-31T09:00:00Z", "2026-03-31T09:00:00Z 2026-05-31T09:00:00Z"},
		{"a leap day", "0 9 29 feb *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T09:00:00Z"},
		{"working days", "0 9 * * mon-fri", "UTC", "2026-11-27T09:00:00Z", "2026-11-30T09:00:00Z"},
		{"either day", "0 9 13 * fri", "UTC", "2026-11-10T00:00:00Z", "2026-11-13T09:00:00Z 2026-11-20T09:00:00Z"},
	} {
		times, err := Cron(c.spec, zone(t, c.zone))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		now := at(c.after)
		for _, want := range strings.Fields(c.want) {
			if now = times.Next(now); !now.Equal(at(want)) {
				t.Errorf("%s: got %s, want %s", c.name, now.Format(time.RFC3339), want)
			}
		}
	}
}

// J5: over years, in any zone, a daily time comes once every day.
func TestJ5OnceADay(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca", "UTC"} {
		z := zone(t, name)
		for _, spec := range []string{"0 0 * * *", "30 0 * * *", "15 1 * * *", "45 1 * * *", "0 2 * * *", "30 2 * * *", "0 3 * * *"} {
			times, err := Cron(spec, z)
			if err != nil {
				t.Fatal(err)
			}
			day, now := at("2010-01-01T12:00:00Z"), at("2010-01-01T12:00:00Z")
			for range 4 * 366 {
				next := times.Next(now)
				day = day.AddDate(0, 0, 1)
				if got, want := next.In(z).Format(time.DateOnly), day.Format(time.DateOnly); got != want || !next.After(now) {
					t.Fatalf("%s in %s after %s: %s, want one on %s", spec, name, now, next.In(z), want)
				}
				now = next
			}
		}
	}
}

func TestCronRefuses(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"":                             "five fields",
		"0 9 * *":                      "five fields",
		"0 0 9 * * *":                  "five fields",
		"0 25 * * *":                   "above maximum",
		"@daily":                       "five fields",
		"CRON_TZ=Asia/Tokyo 0 9 * * *": "time zone has a key",
		"0 9 30 feb *":                 "no day of any year",
		"0 9 * * noday":                "five fields",
	} {
		if _, err := Cron(spec, time.UTC); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", spec, err, want)
		}
	}
}

// shows is when a clock first shows a time, by looking through the days around
// it: else the moment at which it passes over it.
func shows(on time.Time, z *time.Location) time.Time {
	var shown, passed time.Time
	for t := on.Add(-72 * time.Hour).In(z); t.Before(on.Add(72 * time.Hour)); {
		start, end := t.ZoneBounds()
		_, offset := t.Zone()
		exact := on.Add(-time.Duration(offset) * time.Second)
		if shown.IsZero() && !exact.Before(start) && (end.IsZero() || exact.Before(end)) {
			shown = exact
		}
		if passed.IsZero() && !start.IsZero() && naive(start.In(z)).After(on) && naive(start.Add(-time.Second).In(z)).Before(on) {
			passed = start
		}
		if !end.After(t) { // there is none
			break
		}
		t = end.In(z)
	}
	if !shown.IsZero() {
		return shown.UTC()
	}
	return passed.UTC()
}

// J5: around every change of the clocks since 1970, of zones with the oddest
// ones, each quarter of an hour.
func TestJ5EveryChange(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Caracas", "America/St_Johns", "Asia/Beirut", "Asia/Kathmandu", "Asia/Pyongyang",
		"Australia/Lord_Howe", "Africa/Casablanca", "Africa/Monrovia", "Antarctica/Troll", "Pacific/Apia", "Pacific/Kwajalein", "Asia/Tehran", "America/Sao_Paulo",
	} {
		z := zone(t, name)
		_, change := time.Unix(0, 0).In(z).ZoneBounds()
		for !change.IsZero() && change.Year() < 2038 {
			local := naive(change.In(z)).Truncate(time.Minute)
			for d := -26 * time.Hour; d <= 26*time.Hour; d += 15 * time.Minute {
				if d < -3*time.Hour && d%(6*time.Hour) != 0 || d > 3*time.Hour && d%(6*time.Hour) != 0 {
					continue
				}
				on := local.Add(d)
				if got, want := moment(on, z), shows(on, z); !got.Equal(want) {
					t.Errorf("%s: %s is at %s, want %s", name, on.Format("2006-01-02 15:04"), got, want)
				}
			}
			_, change = change.In(z).ZoneBounds()
		}
	}
}
