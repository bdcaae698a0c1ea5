package erasure

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

const reason = "the user is being erased"

// step does the next thing of an erasure. more: there is something to do now.
func (e *Eraser) step(ctx context.Context, now time.Time, id string) (x db.Erasure, more bool, err error) {
	end, err := e.turn.Take(ctx)
	if err != nil {
		return x, false, err
	}
	defer end()
	err = e.Store.Read(ctx, func(tx db.Tx) (err error) {
		x, err = tx.Erasure(id)
		return err
	})
	if err != nil {
		return x, false, err
	}
	was := x
	switch x.Step {
	case db.EraseAsked:
		x, err = e.asked(ctx, now, x)
	case db.EraseBus:
		x, err = e.bus(ctx, now, x)
	case db.EraseDecisions:
		x, err = e.decisions(ctx, now, x)
	case db.EraseScrub:
		x, err = e.scrub(ctx, now, x)
	case db.EraseDone:
		return x, false, nil
	default:
		err = fmt.Errorf("erasure %s is at step %q, which this version does not know", id, x.Step)
	}
	if err != nil {
		return was, false, fmt.Errorf("erasure %s, step %s: %w", id, was.Step, err)
	}
	return x, x != was && x.Step != db.EraseDone, nil
}

// asked begins once the confirmation has gone out, or cannot any more.
func (e *Eraser) asked(ctx context.Context, now time.Time, x db.Erasure) (db.Erasure, error) {
	was := x
	err := e.Store.Write(ctx, func(tx db.Tx) (err error) {
		x = was
		if now.Before(x.StartBy) && x.After != "" {
			a, err := tx.Action(x.After)
			if err != nil && !errors.Is(err, db.ErrNotFound) {
				return err
			}
			if err == nil && !a.State.Terminal() && a.State != event.Unsettled && a.State != event.Hold {
				return nil // it is about to go out
			}
		}
		x, err = e.rows(tx, now, x)
		return err
	})
	e.tell()
	return x, err
}

// rows removes everything of the user that the database finds by their id, and
// cancels what waits. What it was never known to have become of is given up:
// nobody may look for it any more.
func (e *Eraser) rows(tx db.Tx, now time.Time, x db.Erasure) (db.Erasure, error) {
	u := action.NewUnit(tx, e.Key, e.Book, now)
	who := db.Who{Bot: x.Bot, User: x.User}
	ended, err := e.end(u, who)
	if err != nil {
		return x, err
	}
	st, err := u.State(x.Bot, x.User, "")
	if err != nil {
		return x, err
	}
	if err := u.Flush(); err != nil { // what it wrote of the user goes too
		return x, err
	}
	known, err := tx.TakeBack(db.DutyUser, x.Bot, x.User, u.Now, cmp.Or(x.DueAt, u.Now.Add(Within)))
	if err != nil {
		return x, err
	}
	gone, err := tx.EraseUser(who, e.Key.User(x.User), u.Now)
	if err != nil {
		return x, err
	}
	letters, err := dropLetters(tx, who)
	if err != nil {
		return x, err
	}
	for what, n := range map[string]int64{"cancelled": ended, "dead_letters": letters, "desk_told": int64(known)} {
		if n > 0 {
			gone.Counts[what] = n
		}
	}
	if err := e.recall(tx, now, x, gone.Counts); err != nil {
		return x, err
	}
	kept := st.Suppression
	kept.ErasedAt = cmp.Or(x.ErasedAt, u.Now).UTC().Truncate(time.Millisecond)
	if err := tx.PutSuppression(kept); err != nil {
		return x, err
	}
	x.ErasedAt, x.Step = kept.ErasedAt, db.EraseBus
	if err := told(tx, now, x, "rows", gone.Counts, gone.Records); err != nil {
		return x, err
	}
	if x, err = add(x, gone.Counts); err != nil {
		return x, err
	}
	return x, tx.PutErasure(x)
}

// end ends the actions to the user that X is not being asked for right now.
func (e *Eraser) end(u *action.Unit, who db.Who) (n int64, err error) {
	ids, err := u.Tx.UnendedTo(who)
	if err != nil {
		return 0, err
	}
	return u.EndAll(ids, reason)
}

// bus removes the events. An opt-out among them counts (Z3): what dispatch had
// before changes nothing by being told again, since the later act wins.
func (e *Eraser) bus(ctx context.Context, now time.Time, x db.Erasure) (db.Erasure, error) {
	n, err := e.Events(ctx, x.Bot, x.User)
	if err != nil {
		return x, err
	}
	err = e.Store.Write(ctx, func(tx db.Tx) (err error) {
		if x, err = add(x, map[string]int64{"events": int64(n)}); err != nil {
			return err
		}
		if _, err := tx.DropTextKeys(x.Bot, x.User); err != nil { // copies in backups cannot be read either
			return err
		}
		x.Step = db.EraseDecisions
		return tx.PutErasure(x)
	})
	return x, err
}

// Events removes what the bus has of a user, or for "" of every one, toward a
// bot, or "" for every one, and returns how many went. Their keys are retired
// first, so that what is written from then on has others and is not erased; who
// notes that the events are gone drops them with it.
func (e *Eraser) Events(ctx context.Context, bot, user string) (int, error) {
	err := e.Store.Write(ctx, func(tx db.Tx) error { return tx.RetireTextKeys(bot, user) })
	if err != nil {
		return 0, err
	}
	return e.Bus.Erase(ctx, bot, user, func(m bus.Message) error { return e.keepStop(ctx, m, cmp.Or(user, m.User)) })
}

// keepStop takes the user's opt-out out of a message that is about to go.
func (e *Eraser) keepStop(ctx context.Context, m bus.Message, user string) error {
	stop, ok := stopIn(m, user)
	if !ok {
		return nil
	}
	return e.Store.Write(ctx, func(tx db.Tx) error {
		s, err := tx.Suppression(e.Key.User(user))
		if err != nil {
			return err
		}
		if s.At.After(stop.At) || s.OptedOut && s.EventID == stop.EventID {
			return nil
		}
		return tx.PutSuppression(s.Merge(stop))
	})
}

// stopIn finds an opt-out in a body, readable or not.
func stopIn(m bus.Message, user string) (stop conversation.Suppression, ok bool) {
	events, err := event.Decode(m.Data)
	for _, ev := range events {
		if ev.User != user || !ev.Addresses() && ev.Kind != event.KindDM {
			continue
		}
		if t := conversation.MatchLang(ev.Text, ev.Lang, false); t.OptsOut() {
			stop, ok = conversation.Suppression{OptedOut: true, At: ev.At, EventID: ev.ID, Tier: t}, true
		}
	}
	if err == nil || ok {
		return stop, ok
	}
	_, from, texts := event.Salvage(m.Data)
	for _, text := range texts {
		if from == user && conversation.Match(text, false).OptsOut() {
			return conversation.Suppression{OptedOut: true, At: m.Time, EventID: m.ID, Tier: conversation.TierOperator}, true
		}
	}
	return stop, false
}

// decisions looks through the log, a chunk at a time, and at its end takes what
// a call to X that was under way at the beginning has left. From then on the
// erasure does not know whose it is.
func (e *Eraser) decisions(ctx context.Context, now time.Time, x db.Erasure) (db.Erasure, error) {
	who := db.Who{Bot: x.Bot, User: x.User, Before: x.ErasedAt.Add(time.Millisecond)}
	was := x
	err := e.Store.Write(ctx, func(tx db.Tx) error {
		x = was
		ids, next, err := tx.EraseDecisions(who, x.Position, chunk)
		if err != nil {
			return err
		}
		if x, err = add(x, map[string]int64{"decisions": int64(len(ids))}); err != nil {
			return err
		}
		if len(ids) > 0 {
			refs := make([]db.RecordRef, len(ids))
			for i, id := range ids {
				refs[i] = db.RecordRef{Kind: "decision", Ref: id}
			}
			if err := told(tx, now, x, strconv.FormatInt(next, 10), map[string]int64{"decisions": int64(len(ids))}, refs); err != nil {
				return err
			}
		}
		if next > x.Position {
			x.Position = next
			return tx.PutErasure(x)
		}
		open, err := tx.UnendedTo(who)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			return nil // asked again soon: X answers within a minute
		}
		gone, err := tx.EraseUser(who, e.Key.User(x.User), x.ErasedAt)
		if err != nil {
			return err
		}
		if x, err = add(x, gone.Counts); err != nil {
			return err
		}
		if len(gone.Records) > 0 {
			if err := told(tx, now, x, "end", gone.Counts, gone.Records); err != nil {
				return err
			}
		}
		x.Step, x.User = db.EraseScrub, ""
		return tx.PutErasure(x)
	})
	return x, err
}

// scrub makes what was deleted gone from the files.
func (e *Eraser) scrub(ctx context.Context, now time.Time, x db.Erasure) (db.Erasure, error) {
	if err := e.Scrub(ctx); err != nil {
		return x, err
	}
	x.Step, x.DoneAt, x.After = db.EraseDone, now, ""
	return x, e.Store.Write(ctx, func(tx db.Tx) error { return tx.PutErasure(x) })
}

// told leaves the receipt of one transaction's part beside it: by it the audit
// chain knows why records are missing or blank.
func told(tx db.Tx, now time.Time, x db.Erasure, part string, counts map[string]int64, refs []db.RecordRef) error {
	part = x.ID + "-" + part
	b, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	return tx.PutReceipt(db.Receipt{
		ID: part, Cause: string(x.Cause), TriggeredAt: x.AskedAt, DueAt: x.DueAt, At: now, Counts: string(b), Records: refs,
	})
}

// Within is how long an erasure may take.
// X rule: what a user asks to be deleted is gone within 24 hours (facts.md, read 2026-11-25)
const Within = 24 * time.Hour

const everyLetter = 1 << 30

// dropLetters removes dead letters with a body of the user.
func dropLetters(tx db.Tx, who db.Who) (n int64, err error) {
	all, err := tx.ListDeadLetters(everyLetter)
	if err != nil {
		return 0, err
	}
	for _, l := range all {
		if who.Bot != "" && l.Bot != who.Bot || !of(l, who.User) {
			continue
		}
		if err := tx.DropDeadLetter(l.ID); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// of reports whether the letter is the user's, or holds their id as a value of
// its own: what cannot be read for sure goes too.
func of(l db.DeadLetter, user string) bool {
	body, err := event.Open(l.Raw)
	if err != nil {
		return false
	}
	if head, err := event.Scan(body); err == nil && head.User == user {
		return true
	}
	if _, from, _ := event.Salvage(body); from == user {
		return true
	}
	var any any
	if json.Unmarshal(body, &any) != nil {
		return false
	}
	return holds(any, user)
}

func holds(v any, user string) bool {
	switch v := v.(type) {
	case string:
		return v == user
	case []any:
		for _, e := range v {
			if holds(e, user) {
				return true
			}
		}
	case map[string]any:
		for k, e := range v {
			if k == user || holds(e, user) {
				return true
			}
		}
	}
	return false
}
