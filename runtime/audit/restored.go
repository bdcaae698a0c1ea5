package audit

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// A database that was brought back from a backup lacks the end of its chains. A
// checkpoint that was kept elsewhere tells of it, as it would of entries that
// somebody removed. What tells the two apart: the restore is a record of its own
// that names where each chain ended, and those chains have not grown since (a
// restored host writes a new one).

// Chains says where every chain ends in a database, as db.Restore keeps it.
func Chains(tx db.Tx) (string, error) {
	heads, err := headsOf(tx)
	return headLines(heads), err
}

// Latest is when the last entry of all chains was written; zero without any.
func Latest(tx db.Tx) (at time.Time, err error) {
	heads, err := headsOf(tx)
	if err != nil {
		return at, err
	}
	for _, h := range heads {
		last, err := tx.ListEntries(h.Writer, h.Seq-1, 1)
		if err != nil {
			return at, err
		}
		for _, e := range last {
			if e.At.After(at) {
				at = e.At
			}
		}
	}
	return at, nil
}

// cutAt is where a restore left a chain.
type cutAt struct {
	restore db.Restore
	head    db.AuditHead
}

// restores reads where restores left the chains, by writer. A chain that has
// grown since was not left.
func (v *verifier) restores(tx db.Tx) (map[string]cutAt, error) {
	list, err := tx.ListRestores()
	if err != nil {
		return nil, err
	}
	cut := map[string]cutAt{}
	for _, r := range list {
		heads, err := readHeads(strings.Split(strings.TrimSuffix(r.Chains, "\n"), "\n"))
		if err != nil {
			v.fault(Fault{Record: KindRestore + " " + r.ID, Wrong: "it does not say where the chains ended"})
			continue
		}
		for _, h := range heads {
			if _, ok := cut[h.Writer]; !ok && v.ends[h.Writer] == h.Seq {
				cut[h.Writer] = cutAt{r, h}
			}
		}
	}
	return cut, nil
}

// lostBy reports whether a restore explains that an entry is not there.
func (v *verifier) lostBy(cut map[string]cutAt, m mark) bool {
	c, ok := cut[m.writer]
	if !ok || m.seq <= c.head.Seq {
		return false
	}
	i := slices.IndexFunc(v.found.Lost, func(l Lost) bool { return l.Writer == m.writer })
	if i < 0 {
		v.found.Lost = append(v.found.Lost, Lost{
			Restore: c.restore.ID, At: c.restore.At, By: c.restore.By, Writer: m.writer, From: c.head.Seq + 1, To: m.seq,
		})
		slices.SortFunc(v.found.Lost, func(a, b Lost) int { return cmp.Compare(a.Writer, b.Writer) })
		return true
	}
	v.found.Lost[i].To = max(v.found.Lost[i].To, m.seq)
	return true
}
