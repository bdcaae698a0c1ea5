// Package suppression keeps who said stop a second time, outside the database:
// one that is restored from a backup does not know who said it since.
//
// What it owns: the copy, a bucket of the bus with one entry for each keyed hash
// of a user that the database has an opt-out, its end or an erasure of; that it
// is kept current, and what is taken back from it. What it refuses: to decide
// who may be written to (the gate does, by the database alone), and to let
// anything wait for the copy.
//
//   - S11 after Merge nobody is written to whose last act was a stop, be it that
//     only the copy knows it. The later act wins; where it cannot be told which
//     one that is, the stop stands.
//   - S12 what the database stored reaches the copy, wherever the host stops: it
//     is owed from the same transaction on, until the copy has it on disk.
//   - S13 the copy never goes back: an entry is only ever joined with what is
//     newer, in whatever order things arrive and whoever else writes.
//   - S14 a copy that is away stops nothing. How long it has been behind is
//     stored, counted and told.
//   - S15 the copy names nobody: a keyed hash, times, and how it was said.
//   - S16 who was erased since the backup is erased again, as of the time when
//     they were: what they did afterwards is answered.
//   - S17 a copy that was made with another host key, or by a newer version, is
//     refused before anything is taken from it or put into it.
//   - S18 a copy says since when it has been kept, so that a new one, in which
//     everybody is missing, is not taken for the word that nobody said stop.
//   - S19 of who took a consent or a match back since the backup, nothing counts
//     any more that they had agreed to before.
//
// The way out: PutSuppression notes the debt (db.SuppressionsOwed); Carry reads
// what is owed, joins it to the entry, puts it where the entry is still the one
// that was read, and only then settles. A crash between any two of these does
// the last ones again, which changes nothing. The way in: Merge reads all of the
// copy and joins what the database does not know in transactions that read the
// row again.
//
// An erasure toward one bot is repeated toward all: the database has one time of
// erasure a user, and the copy no more than that.
package suppression

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/service"
)

// Bucket is where the copy is kept.
type Bucket interface {
	All(ctx context.Context, see func(bus.Entry) error) error
	// Get reads an entry of Rev 0 where there is none.
	Get(ctx context.Context, key string) (bus.Entry, error)
	// Put is bus.ErrChanged where the entry has another Rev by now.
	Put(ctx context.Context, e bus.Entry) error
}

// Eraser erases a user.
type Eraser interface {
	Begin(ctx context.Context, now time.Time, r erasure.Request) (db.Erasure, error)
}

// Metrics of the copy.
type Metrics struct {
	Owed     atomic.Int64 `metric:"beckon_suppressions_unwritten" type:"gauge" help:"Opt-outs, their ends and erasures that the copy outside the database does not have yet."`
	Behind   atomic.Int64 `metric:"beckon_suppression_unwritten_oldest_seconds" type:"gauge" unit:"seconds" help:"For how long the oldest of them could not be written; 0: all are."`
	Written  atomic.Int64 `metric:"beckon_suppressions_written_total" help:"Entries of the copy that were written."`
	Failures atomic.Int64 `metric:"beckon_suppression_write_failures_total" help:"Attempts to bring the copy up to date that failed; they are repeated."`
	Restored atomic.Int64 `metric:"beckon_suppressions_restored_total" help:"Opt-outs, their ends and erasures that the database learnt from the copy."`
}

// Keeper keeps the copy. It is safe for concurrent use; one process at a time
// keeps the copy of a database.
type Keeper struct {
	Store   db.Store
	Bucket  Bucket
	Desk    action.Desk // of the same store
	Eraser  Eraser
	Log     *slog.Logger
	Metrics *Metrics
	// Withdrew is set by Watch where a consent was withdrawn; nil: it may be so at
	// any time.
	Withdrew *atomic.Bool

	looked bool                 // what was withdrawn is in the copy, but for what Withdrew tells
	wrote  map[string]time.Time // when whose withdrawal was, that is in the copy

	turn    service.Turn
	lacking []conversation.Suppression // of the database, found by Merge, and not owed
	merged  bool                       // lacking is all there was
	whole   bool                       // the copy says since when it is kept
	warned  time.Time
}

// Report says what Merge did.
type Report struct {
	Entries    int `json:"entries"`    // of the copy
	OptedOut   int `json:"opted_out"`  // users whose stop the database did not know
	OptedIn    int `json:"opted_in"`   // users whose return it did not know
	Cancelled  int `json:"cancelled"`  // actions that waited for those who are opted out
	Erasing    int `json:"erasing"`    // users who are being erased again
	Erased     int `json:"erased"`     // users who had been erased, and of whom nothing is kept
	Unreadable int `json:"unreadable"` // entries that are damaged: each counts as a stop
	Foreign    int `json:"foreign"`    // keys that are none of ours
	Lacking    int `json:"lacking"`    // what the copy did not have; Carry writes it

	// Since when the copy has been kept. Zero: it never had all of a database. Who
	// restored one knows from it whether the copy is of the time before that, or
	// a new one, which says nothing of who is missing in it.
	Since time.Time `json:"since,omitzero"`
}

const chunk = 500 // rows a transaction

// Merge takes into the database what only the copy knows, and finds what only
// the database knows, which Carry then writes. It runs before anything is sent
// or taken from the bus: at each start, and after a restore. An error means that
// it is not done; it may be called again, and doing it twice changes nothing.
func (k *Keeper) Merge(ctx context.Context, now time.Time) (r Report, err error) {
	end, err := k.turn.Take(ctx)
	if err != nil {
		return r, err
	}
	defer end()
	if r, err = k.merge(ctx, now); err != nil {
		return r, fmt.Errorf("merge opt-outs with their copy on the bus: %w", err)
	}
	k.Metrics.Restored.Add(int64(r.OptedOut + r.OptedIn + r.Erasing + r.Erased))
	level := slog.LevelInfo
	if (r == Report{Entries: r.Entries, Since: r.Since}) {
		level = slog.LevelDebug
	}
	k.Log.Log(ctx, level, "opt-outs are merged with their copy on the bus", "entries", r.Entries, "opted_out", r.OptedOut, "opted_in", r.OptedIn,
		"cancelled", r.Cancelled, "erasing", r.Erasing, "erased", r.Erased, "unreadable", r.Unreadable, "foreign", r.Foreign, "lacking", r.Lacking)
	return r, nil
}

func (k *Keeper) merge(ctx context.Context, now time.Time) (r Report, err error) {
	o, err := k.claim(ctx, now, false)
	if err != nil {
		return r, err
	}
	r.Since = o.Whole
	kept, err := k.read(ctx, now, &r)
	if err != nil {
		return r, err
	}
	have, err := k.rows(ctx)
	if err != nil {
		return r, err
	}
	var acts []conversation.Suppression
	again := map[string]time.Time{}
	for _, hash := range slices.Sorted(maps.Keys(kept)) {
		was, act := have[hash], kept[hash]
		was.UserHash = hash
		if act.ErasedAt.After(was.ErasedAt) {
			again[hash] = act.ErasedAt
		}
		act.ErasedAt = time.Time{} // the erasure itself has to note that
		is := was.Recall(act)
		switch {
		case is == was:
			continue
		case is.OptedOut && !was.OptedOut:
			r.OptedOut++
		case was.OptedOut && !is.OptedOut:
			r.OptedIn++
		}
		acts = append(acts, act)
	}
	if err := k.recall(ctx, now, acts, &r); err != nil {
		return r, err
	}
	if err := k.eraseAgain(ctx, now, again, &r); err != nil {
		return r, err
	}
	k.lacking = nil
	for _, hash := range slices.Sorted(maps.Keys(have)) {
		if was := kept[hash]; !same(was.Recall(have[hash]), was) {
			k.lacking = append(k.lacking, have[hash])
		}
	}
	r.Lacking, k.merged, k.whole = len(k.lacking), true, !r.Since.IsZero()
	return r, nil
}

// recall joins what the copy knows to what stands, in short transactions.
func (k *Keeper) recall(ctx context.Context, now time.Time, acts []conversation.Suppression, r *Report) error {
	for some := range slices.Chunk(acts, chunk) {
		_, cancelled, err := k.Desk.Recall(ctx, now, some)
		if err != nil {
			return err
		}
		r.Cancelled += cancelled
	}
	return nil
}

// read is all of the copy.
func (k *Keeper) read(ctx context.Context, now time.Time, r *Report) (map[string]conversation.Suppression, error) {
	kept := map[string]conversation.Suppression{}
	err := k.Bucket.All(ctx, func(e bus.Entry) error {
		switch {
		case e.Key == hostKey, strings.HasPrefix(e.Key, withdrawnKey) && isHash(e.Key[len(withdrawnKey):]):
			return nil
		case !isHash(e.Key):
			r.Foreign++
			return nil
		}
		s, err := decode(e)
		if errors.Is(err, db.ErrNewer) {
			return err
		}
		if err != nil {
			r.Unreadable++
			s = dated(s, now)
		}
		r.Entries++
		kept[e.Key] = s
		return nil
	})
	return kept, err
}

// rows is all of what the database knows.
func (k *Keeper) rows(ctx context.Context) (map[string]conversation.Suppression, error) {
	have := map[string]conversation.Suppression{}
	err := k.Store.Read(ctx, func(tx db.Tx) error {
		for after := ""; ; {
			rows, err := tx.ListSuppressions(after, chunk)
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, s := range rows {
				have[s.UserHash], after = s, s.UserHash
			}
		}
	})
	return have, err
}

// eraseAgain erases those of whom the database still has something, and notes of
// the others that they were erased (S16).
func (k *Keeper) eraseAgain(ctx context.Context, now time.Time, again map[string]time.Time, r *Report) error {
	if len(again) == 0 {
		return nil
	}
	users, err := k.named(ctx, again)
	if err != nil {
		return err
	}
	var gone []conversation.Suppression
	for _, hash := range slices.Sorted(maps.Keys(again)) {
		user, ok := users[hash]
		if !ok {
			gone = append(gone, conversation.Suppression{UserHash: hash, ErasedAt: again[hash]})
			continue
		}
		if _, err := k.Eraser.Begin(ctx, now, erasure.Request{User: user, By: "restore", At: again[hash]}); err != nil {
			return err
		}
		r.Erasing++
	}
	r.Erased = len(gone)
	return k.recall(ctx, now, gone, r)
}

// named finds the users behind hashes, where the database names them.
func (k *Keeper) named(ctx context.Context, again map[string]time.Time) (map[string]string, error) {
	users := map[string]string{}
	look := func(user string) {
		hash := k.Desk.Key.User(user)
		if _, ok := again[hash]; ok {
			users[hash] = user
		}
	}
	err := k.Store.Read(ctx, func(tx db.Tx) error {
		ids, err := tx.NamedUsers()
		if err != nil {
			return err
		}
		for _, id := range ids {
			look(id)
		}
		letters, err := tx.ListDeadLetters(everyLetter)
		if err != nil {
			return err
		}
		for _, l := range letters {
			body, err := event.Open(l.Raw)
			if err != nil {
				continue // as erasure: nobody can find anybody in it
			}
			for _, id := range id.FindAll(body, -1) {
				look(string(id))
			}
		}
		return nil
	})
	return users, err
}

const everyLetter = 1 << 30

// id is what may be an id of X's in a body that could not be read.
var id = regexp.MustCompile(`[0-9]+`)
