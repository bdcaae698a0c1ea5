package bottest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// delete is what somebody asks to be deleted, or X is asked about.
func (r *run) delete(ctx context.Context, s step) error {
	h := r.host()
	switch s.verb {
	case "jobs":
		n, err := strconv.Atoi(s.args[0])
		r.sim.FailCompliance(n)
		return err
	case "round":
		err := h.duties.Ask(ctx, time.Now())
		nudge(h.owed)
		if s.flag("fails") && err != nil {
			return nil
		}
		return err
	case "wipe":
		bot := s.args[0]
		if bot == "all" {
			bot = db.AllBots
		}
		_, err := h.duties.Wipe(ctx, time.Now(), bot, "olga", time.Time{})
		nudge(h.owed)
		if s.flag("fails") && err != nil {
			return nil
		}
		return err
	}
	what := db.DutyWhat(s.args[0])
	id, err := r.id(s.args[1])
	if what == db.DutyUser {
		u, ok := r.sim.User(s.args[1])
		if id, err = u.ID, nil; !ok {
			err = fmt.Errorf("nobody is called %s", s.args[1])
		}
	}
	if err != nil {
		return err
	}
	at := time.Now()
	if ago := s.keys["at"]; ago != "" {
		d, err := time.ParseDuration(ago)
		if err != nil {
			return err
		}
		at = at.Add(d)
	}
	d := compliance.Ordered(hostKey(), time.Now(), what, id, "olga", db.Cause(cmp.Or(s.keys["by"], string(db.CauseX))), at)
	err = h.store.Write(ctx, func(tx db.Tx) error { _, err := tx.OpenDuty(d); return err })
	nudge(h.owed)
	return err
}

// showDuties tells what had to be deleted, why, and how long it took.
func (r *run) showDuties(l ledger) string {
	names := map[string]string{}
	for id, name := range r.names {
		for _, what := range []db.DutyWhat{db.DutyPost, db.DutyUser} {
			names[compliance.Hash(hostKey(), what, id)] = name
		}
	}
	for _, bot := range append(slices.Clone(r.s.Bots), db.AllBots) {
		names[compliance.Hash(hostKey(), db.DutyAccount, bot)] = bot
	}
	lines := make([]string, len(l.Duties))
	for i, d := range l.Duties {
		var b strings.Builder
		fmt.Fprintf(&b, "duty: %s %s, %s, by %s", d.What, cmp.Or(names[d.Hash], "?"), d.Reason, d.ToldBy)
		switch {
		case d.Step == db.DutyVoid:
			fmt.Fprintf(&b, ": void at %s", clock(d.DoneAt))
		case !d.DoneAt.IsZero():
			// What waits for an acknowledgement to reach the disk takes a moment more or
			// less.
			fmt.Fprintf(&b, ": done within %s", (d.DoneAt.Sub(d.OpenedAt) + time.Minute).Truncate(time.Minute))
			if d.DoneAt.After(d.DueAt) {
				b.WriteString(", late")
			}
			fmt.Fprintf(&b, " %s", cmp.Or(d.Counts, "{}"))
		default:
			fmt.Fprintf(&b, ": open at %s, due %s", d.Step, clock(d.DueAt))
		}
		b.WriteByte('\n')
		lines[i] = b.String()
	}
	slices.Sort(lines) // those of one moment have no order that means something
	return strings.Join(lines, "")
}

// remember keeps what the laws need of what may be deleted.
func (r *run) remember(l ledger) {
	for _, a := range l.Actions {
		if was := r.whole[a.ID]; a.TextHash != "" || was.TextHash == "" {
			r.whole[a.ID] = a
		}
	}
	for _, rec := range l.Records {
		r.records[rec.ID] = rec
	}
}

// before is the ledger as it would be if nothing had been deleted, but for how
// actions stand.
func (r *run) before(l ledger) ledger {
	r.remember(l)
	there := map[string]bool{}
	l.Actions = slices.Clone(l.Actions)
	for i, a := range l.Actions {
		there[a.ID] = true
		if was := r.whole[a.ID]; a.TextHash == "" && was.TextHash != "" {
			was.State = a.State
			l.Actions[i] = was
		}
		if was := r.lost[a.ID]; was.Attempts > a.Attempts {
			l.Actions[i] = was
		}
	}
	for id, a := range r.whole {
		if !there[id] {
			l.Actions = append(l.Actions, a)
		}
	}
	had := map[string]bool{}
	for _, rec := range l.Records {
		had[rec.ID] = true
	}
	l.Records = slices.Clone(l.Records)
	for id, rec := range r.records {
		if !had[id] {
			l.Records = append(l.Records, rec)
		}
	}
	slices.SortStableFunc(l.Records, func(a, b gate.Record) int { return a.At.Compare(b.At) })
	return l
}

// erased reports whether a receipt tells of the action.
func (r *run) erased(action string) (ok bool) {
	err := r.host().store.Read(context.Background(), func(tx db.Tx) error {
		id, err := tx.ReceiptOf(db.RecordRef{Kind: "action", Ref: action})
		ok = id != ""
		return err
	})
	return ok && err == nil
}

// search looks into every file of the host for what must be gone, and for what
// must stay.
func (r *run) search() {
	found := map[string]string{}
	err := filepath.WalkDir(r.host().dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a file of the bus that it was done with
		}
		for _, word := range append(slices.Clone(r.s.Gone), r.s.Stays...) {
			if bytes.Contains(data, []byte(word)) {
				found[word] = filepath.Base(path)
			}
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, word := range r.s.Gone {
		if file, ok := found[word]; ok {
			r.t.Errorf("%q must be gone, and is in %s", word, file)
		}
	}
	for _, word := range r.s.Stays {
		if _, ok := found[word]; !ok {
			r.t.Errorf("%q must stay, and is in no file", word)
		}
	}
}
