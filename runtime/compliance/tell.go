package compliance

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Verdict is what earlier duties say of an event.
type Verdict struct {
	Why    string // it may neither be kept nor answered; "": it may
	Nobody bool   // not even the record of it may name anybody
	Opened bool   // a duty was opened
}

// Gone asks what earlier duties say of an event (K12), in the transaction that
// takes it in. What came once more is a duty once more: its body has to go from
// the bus, where seq is its position.
func Gone(tx db.Tx, key event.Key, now time.Time, e event.Event, seq uint64) (v Verdict, err error) {
	switch e.Kind {
	case event.KindPost, event.KindDM, event.KindChat, event.KindOwnPost, event.KindOwnDM:
	default:
		return v, nil
	}
	duties, err := tx.DutiesOn([4]string{
		Hash(key, db.DutyPost, e.Message), Hash(key, db.DutyPost, e.Interaction), Hash(key, db.DutyUser, e.User), Hash(key, db.DutyAccount, e.Bot),
	})
	if err != nil {
		return v, err
	}
	for _, d := range duties {
		again := db.Duty{}
		switch d.What {
		case db.DutyPost, db.DutyDM:
			v.Why = "It is gone from X, or had to be deleted: it is neither kept nor answered."
			again = Late(key, now, e, seq)
		case db.DutyEdit:
			if e.Version >= d.Version {
				continue
			}
			again = Late(key, now, e, seq)
			again.What, again.Target, again.Hash, again.Version = db.DutyEdit, e.Interaction, d.Hash, d.Version
		case db.DutyGeo:
			again = Late(key, now, e, seq)
			again.What = db.DutyGeo
		case db.DutyPosts:
			if e.Kind != event.KindPost || !e.At.Before(d.OpenedAt) {
				continue
			}
			v.Why = "The user's posts are no longer public: it is neither kept nor answered."
			again = Late(key, now, e, seq)
		case db.DutyUser:
			if !e.At.Before(d.OpenedAt) {
				continue
			}
			again = Late(key, now, e, seq)
		case db.DutyAccount:
			if d.Step == db.DutyVoid || !due(d, now) || !d.DoneAt.IsZero() && !e.At.Before(d.DoneAt) {
				continue
			}
			v.Why = "Access to the account ended, and what was kept of it is deleted: it is neither kept nor answered."
			v.Nobody = true
			again = Account(key, now, e.Bot, Told{By: string(e.Type), Reason: toldAgain, Act: stamp(e, seq)})
			again.StartAt = time.Time{}
		}
		// What is open and has not been at the bus takes this along.
		if d.DoneAt.IsZero() && d.Step == db.DutyRows {
			continue
		}
		again.Cause = d.Cause
		fresh, err := tx.OpenDuty(again)
		if err != nil {
			return v, fmt.Errorf("open a duty again: %w", err)
		}
		v.Opened = v.Opened || fresh
	}
	return v, nil
}

const toldAgain = "told again"

// stamp makes a duty another one each time that X tells: seq is the position of
// the body on the bus.
func stamp(e event.Event, seq uint64) string {
	return e.ID + "@" + strconv.FormatUint(seq, 10)
}

// Late is the duty to delete what X tells of once more, after it was deleted.
func Late(key event.Key, now time.Time, e event.Event, seq uint64) db.Duty {
	what := db.DutyPost
	if e.Kind == event.KindDM || e.Kind == event.KindOwnDM {
		what = db.DutyDM
	}
	d := newDuty(key, now, what, cmp.Or(e.Message, e.Interaction), Told{By: string(e.Type), Reason: toldAgain, Act: stamp(e, seq)})
	d.Owner, d.Bot = e.User, e.Bot
	return d
}
