package compliance

import (
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	// Within is how long a deletion may take.
	// X rule: what is to be deleted is gone within 24 hours (facts.md, read 2026-11-25)
	Within = 24 * time.Hour
	// X rule: everything goes in 10 business days after access (facts.md, read 2026-11-25)
	businessDays = 10
	// early is how long before that the host does it by itself.
	early = 24 * time.Hour
)

// Told says by whom and when something was asked.
type Told struct {
	By     string   // an event's type, "job", or an operator
	Cause  db.Cause // "": X
	Reason string   // X's word
	Since  time.Time
	Act    string // what makes it another duty than one before: an event's id
}

// newDuty opens nothing: it is the row that OpenDuty takes. Its id is made from
// its cause, under the key, so that nobody can ask whether it was about a post
// they know.
func newDuty(key event.Key, now time.Time, what db.DutyWhat, target string, t Told) db.Duty {
	if t.Cause == "" {
		t.Cause = db.CauseX
	}
	if t.Since.IsZero() {
		t.Since = now
	}
	id := key.Text("duty " + string(what) + " " + target + " " + t.By + " " + t.Reason + " " + t.Act + " " + strconv.FormatInt(t.Since.UnixMilli(), 10))
	return db.Duty{
		ID: "d-" + id[:16], What: what, Target: target, Hash: Hash(key, what, target), Cause: t.Cause, ToldBy: t.By, Reason: t.Reason,
		Since: t.Since, OpenedAt: now, DueAt: now.Add(Within), Step: db.DutyRows,
	}
}

// Hash is what stays of a target. Posts and DMs have ids of one kind.
func Hash(key event.Key, what db.DutyWhat, target string) string {
	class := "item"
	switch what {
	case db.DutyUser, db.DutyPosts:
		class = "user"
	case db.DutyAccount:
		class = "account"
	}
	return erasure.Mark(key, class, target)
}

// Item is the duty to delete a post or a DM.
func Item(key event.Key, now time.Time, what db.DutyWhat, id string, t Told) db.Duty {
	return newDuty(key, now, what, id, t)
}

// Ordered is the duty that an operator opens: X asks by mail, too. Its clock runs
// from when it was asked.
func Ordered(key event.Key, now time.Time, what db.DutyWhat, id, by string, cause db.Cause, at time.Time) db.Duty {
	d := newDuty(key, now, what, id, Told{By: by, Cause: cause, Reason: "asked", Since: at})
	if what == db.DutyUser {
		d.Owner = id
	}
	d.DueAt = d.Since.Add(Within)
	return d
}

// Edited is the duty to delete what versions of a post before the newest said.
func Edited(key event.Key, now time.Time, e event.Event) db.Duty {
	// One edit, however many events tell of it.
	d := newDuty(key, now, db.DutyEdit, e.Interaction, Told{By: e.Bot, Reason: "edited", Act: strconv.Itoa(e.Version), Since: e.At})
	d.ToldBy, d.Owner, d.Version, d.Bot = string(e.Type), e.User, e.Version, e.Bot
	return d
}

// User is the duty to delete everything of a user, or with DutyPosts their
// posts.
func User(key event.Key, now time.Time, what db.DutyWhat, id string, t Told) db.Duty {
	d := newDuty(key, now, what, id, t)
	d.Owner = id
	return d
}

// Account is the duty to delete everything of a bot, whose access ended. Nobody
// may have meant that: unless it is ordered, the host waits until a day before
// its end, and forgets it if the bot is resumed.
func Account(key event.Key, now time.Time, bot string, t Told) db.Duty {
	t.Cause = db.CauseAccessEnd
	d := newDuty(key, now, db.DutyAccount, bot, t)
	if bot != db.AllBots {
		d.Bot = bot
	}
	d.DueAt = BusinessDays(d.Since, businessDays)
	d.StartAt = d.DueAt.Add(-early)
	return d
}

// BusinessDays is the end of the nth day from Monday to Friday after the day of
// t, in UTC. Holidays count: they differ, and fewer days are the safe ones.
func BusinessDays(t time.Time, n int) time.Time {
	day := t.UTC().Truncate(24 * time.Hour)
	for n > 0 {
		day = day.Add(24 * time.Hour)
		if wd := day.Weekday(); wd != time.Saturday && wd != time.Sunday {
			n--
		}
	}
	return day.Add(24 * time.Hour)
}

// due reports whether it is time to carry out the duty.
func due(d db.Duty, now time.Time) bool { return d.StartAt.IsZero() || !now.Before(d.StartAt) }
