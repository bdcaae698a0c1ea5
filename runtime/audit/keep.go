package audit

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// How long the chain is kept: two years, and one past the end of access to X
// (facts.md, read 2026-11-25).
const (
	keepYears     = 2
	keepPastYears = 1
)

// MetaAccessEnded is where the database keeps when access to X's API ended for
// the whole host, in RFC 3339; nothing: it has not.
const MetaAccessEnded = "access.ended_at"

// Trim drops a chunk of what is past its time, and notes in the chain where
// what is left begins. After the end of access everything that was there then
// is kept for another year.
func (s *Store) Trim(ctx context.Context, now time.Time, max int) (n int, err error) {
	before := now.AddDate(-keepYears, 0, 0)
	err = s.Store.Write(ctx, func(tx db.Tx) error {
		n = 0
		ended, err := tx.Meta(MetaAccessEnded)
		if err != nil {
			return err
		}
		if ended != "" {
			at, err := time.Parse(time.RFC3339, ended)
			if err != nil {
				return fmt.Errorf("read when access ended: %w", err)
			}
			if now.Before(at.AddDate(keepPastYears, 0, 0)) {
				return nil
			}
		}
		writers, err := tx.ListWriters()
		if err != nil {
			return err
		}
		var facts []byte
		for _, w := range writers {
			gone, err := tx.PruneEntries(w.Writer, before, max)
			if err != nil {
				return err
			}
			if gone == 0 {
				continue
			}
			n += gone
			first, err := tx.ListEntries(w.Writer, 0, 1)
			if err != nil {
				return err
			}
			facts = fact{kindTrim, w.Writer, strconv.FormatInt(first[0].Seq, 10), first[0].Prev}.line(facts)
		}
		counts, err := tx.PruneCounts(before, max)
		if err != nil {
			return err
		}
		n += counts
		return s.link(tx, facts)
	})
	if err != nil {
		return 0, fmt.Errorf("trim the audit chain: %w", err)
	}
	return n, nil
}

// trimmed checks that a chain which begins later than at 1 was cut there by the
// host: the last fact about it says so.
func (v *verifier) trimmed(tx db.Tx, first db.AuditEntry) error {
	if v.trims == nil {
		v.trims = map[string]trim{}
		for _, w := range v.known {
			err := walk(func(after int64, max int) ([]db.AuditEntry, int64, error) {
				list, err := tx.ListEntries(w.Writer, after, max)
				if len(list) > 0 {
					after = list[len(list)-1].Seq
				}
				return list, after, err
			}, func(e db.AuditEntry) error {
				list, _ := readFacts(e.Facts) // the walk over the chain says what is wrong
				for _, f := range list {
					if seq, err := strconv.ParseInt(f.what, 10, 64); f.kind == kindTrim && err == nil && seq-1 > v.trims[f.ref].seq {
						v.trims[f.ref] = trim{seq - 1, f.mac}
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	if t := v.trims[first.Writer]; t.seq != first.Seq-1 || t.hash != first.Prev {
		v.fault(Fault{Writer: first.Writer, Entry: first.Seq, Wrong: "the chain begins here: those before were removed, and not by the host"})
	}
	if first.At.Add(clockSlack).After(v.since) { // what is older has lost its entries
		v.since = first.At.Add(clockSlack)
	}
	return nil
}
