package main_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// evidence gathers it after the last life has ended.
func (r *trial) evidence() (e evidence, err error) {
	text, err := os.ReadFile(filepath.Join(r.dir, "data", "host.key"))
	if err != nil {
		return e, err
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return e, err
	}
	key := event.Key(raw)
	e = evidence{acts: r.acts, calls: r.calls, posts: r.sim.Posts(), dms: r.sim.DMs(), taken: map[string]receipt{}, sure: r.sure, again: r.again}
	e.chain = func(post string) string {
		if p, ok := r.sim.Post(post); ok && len(p.History) > 0 {
			return p.History[0]
		}
		return post
	}
	e.found = func(life int, user string) time.Time {
		if life < 2 {
			return time.Time{}
		}
		return r.stops[life-2][key.User(user)]
	}
	for body, first := range r.taken {
		head, err := event.Scan([]byte(body))
		if err != nil {
			return e, err
		}
		e.taken[head.ID] = first
	}
	store, err := sqlite.Open(r.t.Context(), sqlite.Options{Path: filepath.Join(r.dir, "data", "beckon.db")})
	if err != nil {
		return e, err
	}
	return e, errors.Join(store.Read(r.t.Context(), e.read), store.Check(r.t.Context()), store.Close())
}

func (e *evidence) read(tx db.Tx) (err error) {
	if e.actions, err = tx.ListActions(db.ActionFilter{Max: everything}); err != nil {
		return err
	}
	if e.letters, err = tx.ListDeadLetters(everything); err != nil {
		return err
	}
	decisions, err := tx.ListDecisions(everything)
	if err != nil {
		return err
	}
	for _, d := range slices.Backward(decisions) {
		var r gate.Record
		if err := json.Unmarshal(d.Record, &r); err != nil {
			return err
		}
		e.records = append(e.records, r)
	}
	bots, seen := map[string]bool{}, map[string]bool{}
	for _, a := range e.actions {
		bots[a.Bot] = true
	}
	for _, a := range e.acts {
		for bot := range bots {
			c, err := tx.Conversation(bot, a.user)
			if err != nil {
				return err
			}
			if !c.PausedUntil.IsZero() && !seen[a.user] {
				e.silent = append(e.silent, a.user)
			}
		}
		seen[a.user] = true
	}
	return nil
}

// report prints what the trial was, and what it found, with the seed and the
// timeline of each user concerned.
func (r *trial) report(e evidence, faults []fault) {
	r.t.Helper()
	called, unknown := 0, 0
	for _, a := range e.actions {
		if a.Attempts > 0 {
			called++
		}
		if a.State == event.Unsettled {
			unknown++
			r.unclear[a.ID] = true
		}
	}
	share := func(n int) float64 { return 100 * float64(n) / float64(max(called, 1)) }
	r.t.Logf("seed %d: %d kills, %d of them under a call; %d acts, %d events taken, %d calls to X, %d replies and %d DMs on X",
		r.seed, len(r.lives)-1, r.cut, len(e.acts), len(e.taken), len(e.calls), len(e.posts), len(e.dms))
	r.t.Logf("of %d actions that were called for, %.1f%% were unknown at a kill or at the end, %.1f%% stay unknown",
		called, share(len(r.unclear)), share(unknown))
	if len(faults) == 0 {
		r.t.Log("0 second answers, 0 events lost, 0 sends after STOP")
		return
	}
	const most = 5 // timelines
	told := map[string]bool{"": true}
	for _, f := range faults {
		r.t.Errorf("seed %d: user %s: %s", r.seed, f.user, f.text)
		if !told[f.user] && len(told) <= most {
			told[f.user] = true
			r.t.Log(r.timeline(e, f.user))
		}
	}
}

// timeline is all that is known of a user, and of the host meanwhile.
func (r *trial) timeline(e evidence, user string) string {
	list := slices.Clone(r.notes)
	for _, a := range e.actions {
		if a.User == user {
			list = append(list, note{a.UpdatedAt, user, fmt.Sprintf("action %s, %s %s of interaction %s, version %d, made %s: %s after %d attempts, %s",
				a.ID, a.Kind, a.Purpose, a.Interaction, a.Version, clock(a.CreatedAt), a.State, a.Attempts, a.Reason)})
		}
	}
	for _, d := range e.records {
		if d.User == user {
			stage := "event"
			if d.Action != nil {
				stage = d.Action.Stage
			}
			list = append(list, note{d.At, user, fmt.Sprintf("decision on event %s, %s: %s, %s", d.Event, stage, d.Decision, d.Say)})
		}
	}
	slices.SortStableFunc(list, func(a, b note) int { return a.at.Compare(b.at) })
	mine := func(n note) bool { return n.user == user }
	first := slices.IndexFunc(list, mine)
	if first < 0 {
		return "no timeline of user " + user
	}
	var b strings.Builder
	fmt.Fprintf(&b, "timeline of user %s\n", user)
	last := list[first].at
	for _, n := range list {
		if mine(n) {
			last = n.at
		}
	}
	for _, n := range list[first:] {
		if (mine(n) || n.user == "") && !n.at.After(last) {
			fmt.Fprintf(&b, "%s  %s\n", clock(n.at), n.text)
		}
	}
	return b.String()
}
