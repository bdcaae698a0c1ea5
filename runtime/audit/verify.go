package audit

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Fault is something that is not as it was written.
type Fault struct {
	Writer string `json:"writer,omitempty"`
	Entry  int64  `json:"entry,omitempty"`  // number in the writer's chain
	Record string `json:"record,omitempty"` // kind and id
	Wrong  string `json:"wrong"`
}

func (f Fault) String() string {
	at := f.Wrong
	if f.Record != "" {
		at = f.Record + ": " + at
	}
	if f.Writer != "" {
		at = fmt.Sprintf("entry %d of %s: %s", f.Entry, f.Writer, at)
	}
	return at
}

// Checked is what Verify looked at, and found.
type Checked struct {
	Entries     int64            `json:"entries"`
	Writers     []string         `json:"writers"`
	Checkpoints int              `json:"checkpoints"`
	Records     map[string]int64 `json:"records"` // by kind: those that match
	Erased      int64            `json:"erased"`  // missing or blanked, with a receipt
	Expired     int64            `json:"expired"` // missing, past their time
	Since       time.Time        `json:"since"`   // of the first entry
	Lost        []Lost           `json:"lost,omitempty"`
	Faults      []Fault          `json:"faults"`
	More        int64            `json:"more_faults,omitempty"` // beyond the first ones
}

// Lost is the end of a chain that was lost with a database which was brought
// back from a backup. It is known because a checkpoint tells of it.
type Lost struct {
	Restore string    `json:"restore"` // its id
	At      time.Time `json:"at"`      // of the restore
	By      string    `json:"by"`
	Writer  string    `json:"writer"`
	From    int64     `json:"from"` // first entry that is lost
	To      int64     `json:"to"`   // last one that a checkpoint names
}

// maxFaults is how many are named; the rest is counted.
const maxFaults = 1000

// clockSlack is how much earlier than its entry a decision may have been made.
const clockSlack = time.Hour

const chunk = 2000 // rows at a time

// Verify walks every chain and every record that they tell of, on one snapshot.
// kept are checkpoints from elsewhere: what they name must be there. An error
// means that it could not look; what is wrong stands in Faults.
func Verify(ctx context.Context, store db.Store, key event.Key, kept ...string) (Checked, error) {
	v := &verifier{
		sealer: newSealer(recordKey(key)),
		found:  Checked{Records: map[string]int64{}, Faults: []Fault{}, Writers: []string{}},
		noted:  map[[2]string]noted{}, stand: map[string][]standing{}, marks: map[mark]string{}, ends: map[string]int64{},
	}
	err := store.Read(ctx, func(tx db.Tx) error {
		for _, step := range []func(db.Tx) error{
			v.writers, func(tx db.Tx) error { return v.checkpoints(tx, kept) }, v.appended, v.chains, v.missing, v.unknown, v.latest,
		} {
			if err := step(tx); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return v.found, fmt.Errorf("verify the audit chain: %w", err)
	}
	return v.found, nil
}

type verifier struct {
	sealer
	found Checked
	known []db.AuditWriter
	since time.Time // of the first writer; records from before it are in no chain

	// Append-only records, by name: their hashes, as the tables hold them.
	stand map[string][]standing
	// Facts whose record did not match.
	lost []lostFact
	// Records that change: the last fact of each, by kind and id.
	noted map[[2]string]noted
	marks map[mark]string  // what checkpoints say: hash of an entry
	trims map[string]trim  // by writer
	ends  map[string]int64 // number of the last entry, by writer
	// pruned: decisions from before may be missing.
	pruned time.Time
}

type mark struct {
	writer string
	seq    int64
}

type standing struct {
	mac string
	at  time.Time
}

type noted struct {
	fact
	writer string
	seq    int64
	at     time.Time
}

type lostFact struct {
	noted
	there bool // a record of that name is there, and is another
}

type trim struct {
	seq  int64
	hash string
}

func (v *verifier) fault(f Fault) {
	if len(v.found.Faults) < maxFaults {
		v.found.Faults = append(v.found.Faults, f)
		return
	}
	v.found.More++
}

func (n noted) fault(wrong string) Fault {
	return Fault{Writer: n.writer, Entry: n.seq, Record: n.kind + " " + n.ref, Wrong: wrong}
}

func (v *verifier) writers(tx db.Tx) (err error) {
	v.known, err = tx.ListWriters()
	slices.SortStableFunc(v.known, func(a, b db.AuditWriter) int { return a.Since.Compare(b.Since) })
	for _, w := range v.known {
		v.found.Writers = append(v.found.Writers, w.Writer)
		if v.since.IsZero() || w.Since.Before(v.since) {
			v.since = w.Since
		}
		if WriterID(w.Verifier) != w.Writer {
			v.fault(Fault{Record: "writer " + w.Writer, Wrong: "its public key is not the one that it is named after"})
		}
	}
	return err
}

// checkpoints reads the notes and keeps what they say of entries.
func (v *verifier) checkpoints(tx db.Tx, kept []string) error {
	list, err := tx.ListCheckpoints(time.Time{}, everyNote)
	if err != nil {
		return err
	}
	after := ""
	for _, c := range list {
		name := "checkpoint of " + c.At.Format(time.RFC3339)
		said := v.note(c.Note, name)
		if said != nil && said.after != after {
			v.fault(Fault{Record: name, Wrong: "it does not follow the one before: one is missing or was changed"})
		}
		after = noteHash(c.Note)
		v.found.Checkpoints++
	}
	for i, k := range kept {
		v.note(k, fmt.Sprintf("kept checkpoint %d", i+1))
	}
	return nil
}

// everyNote is more than a host writes in its life: one an hour.
const everyNote = 1 << 20

func (v *verifier) note(signed, name string) *checkpoint {
	c, err := openNote(signed, v.known)
	if err != nil {
		v.fault(Fault{Record: name, Wrong: err.Error()})
		return nil
	}
	for _, h := range c.heads {
		if h.Seq == 0 {
			continue
		}
		m := mark{h.Writer, h.Seq}
		if was, ok := v.marks[m]; ok && was != h.Hash {
			v.fault(Fault{Writer: h.Writer, Entry: h.Seq, Wrong: "two signed checkpoints say different things of it (" + name + ")"})
		}
		v.marks[m] = h.Hash
	}
	return &c
}

// chains walks every chain: its links, what checkpoints say, and its facts.
func (v *verifier) chains(tx db.Tx) error {
	for _, w := range v.known {
		if err := v.chain(tx, w.Writer); err != nil {
			return err
		}
	}
	cut, err := v.restores(tx)
	if err != nil {
		return err
	}
	for m := range v.marks { // those met are gone
		if t := v.trims[m.writer]; m.seq > t.seq && !v.lostBy(cut, m) {
			v.fault(Fault{Writer: m.writer, Entry: m.seq, Wrong: "a signed checkpoint names it, and it is not there: entries were removed"})
		}
	}
	return nil
}

func (v *verifier) chain(tx db.Tx, writer string) error {
	var last db.AuditEntry
	began := false
	for {
		list, err := tx.ListEntries(writer, last.Seq, chunk)
		if err != nil {
			return err
		}
		for _, e := range list {
			if !began {
				began = true
				if v.found.Since.IsZero() || e.At.Before(v.found.Since) {
					v.found.Since = e.At
				}
				if e.Seq != 1 {
					if err := v.trimmed(tx, e); err != nil {
						return err
					}
					last.Seq, last.Hash = e.Seq-1, e.Prev
				}
			}
			v.link(last, e)
			v.facts(e)
			last = e
		}
		if len(list) < chunk {
			break
		}
	}
	if !began {
		v.fault(Fault{Record: "writer " + writer, Wrong: "its chain is not there"})
	}
	v.ends[writer] = last.Seq
	return nil
}

// link checks one entry against the one before and against checkpoints.
func (v *verifier) link(last, e db.AuditEntry) {
	v.found.Entries++
	wrong := func(s string, args ...any) {
		v.fault(Fault{Writer: e.Writer, Entry: e.Seq, Wrong: fmt.Sprintf(s, args...)})
	}
	if e.Seq != last.Seq+1 {
		wrong("it follows %d: entries between are missing", last.Seq)
	} else if e.Prev != last.Hash {
		wrong("it does not follow entry %d: that one or this one was changed, removed or put elsewhere", last.Seq)
	}
	if entryHash(e) != e.Hash {
		wrong("it was changed: its hash is another")
	}
	m := mark{e.Writer, e.Seq}
	if hash, ok := v.marks[m]; ok {
		delete(v.marks, m)
		if hash != e.Hash {
			wrong("a signed checkpoint says that its hash was another: the chain was written again")
		}
	}
}

// facts takes in what an entry tells.
func (v *verifier) facts(e db.AuditEntry) {
	list, err := readFacts(e.Facts)
	if err != nil {
		v.fault(Fault{Writer: e.Writer, Entry: e.Seq, Wrong: err.Error()})
	}
	for _, f := range list {
		n := noted{f, e.Writer, e.Seq, e.At}
		switch f.kind {
		case kindWriter, kindTrim:
		case kindPruned:
			ms, _ := strconv.ParseInt(f.ref, 10, 64)
			if at := time.UnixMilli(ms).UTC(); at.After(v.pruned) && at.Before(e.At) {
				v.pruned = at
			}
		case KindAction, KindOptOut, KindSwitch, KindConsent, KindMatch, KindRuleSet, KindRestore:
			key := [2]string{f.kind, f.ref}
			if was, ok := v.noted[key]; !ok || was.writer == n.writer || !n.at.Before(was.at) { // chains are walked one after the other
				v.noted[key] = n
			}
		case KindHandout: // the same again changed nothing
			if key := [2]string{f.kind, f.ref}; v.noted[key].kind == "" {
				v.noted[key] = n
			}
		default:
			v.matched(n)
		}
	}
}

// matched looks for the record of a fact among those that stand.
func (v *verifier) matched(n noted) {
	name := n.kind + " " + n.ref
	rows := v.stand[name]
	for i, r := range rows {
		if r.mac == n.mac {
			v.stand[name] = append(rows[:i:i], rows[i+1:]...)
			if len(v.stand[name]) == 0 {
				delete(v.stand, name)
			}
			v.found.Records[n.kind]++
			return
		}
	}
	v.lost = append(v.lost, lostFact{n, len(rows) > 0})
}
