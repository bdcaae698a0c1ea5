package incident

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Action is something that was to leave, and how it stands now.
type Action struct {
	ID       string           `json:"id"`
	Bot      string           `json:"bot"`
	Kind     event.ActionKind `json:"kind"`
	Purpose  event.Purpose    `json:"purpose"`
	State    event.State      `json:"state"`
	Created  time.Time        `json:"created_at"`
	Updated  time.Time        `json:"updated_at"`
	User     string           `json:"user,omitempty"` // keyed hash
	Post     string           `json:"post,omitempty"` // X's id of what was posted; of a DM nothing
	Decision string           `json:"decision,omitempty"`
	RuleSet  string           `json:"rule_set,omitempty"`
	Approved string           `json:"approved_by,omitempty"`
}

// chunk is how many rows are read at once.
const chunk = 1000

func (e *Evidence) actions(tx db.Tx) error {
	for after := int64(0); ; {
		rows, next, err := tx.WalkActions(after, chunk)
		if err != nil {
			return err
		}
		for _, a := range rows {
			if !e.of(a.Bot) || !e.in(a.CreatedAt) && !e.in(a.UpdatedAt) {
				continue
			}
			v := Action{
				ID: a.ID, Bot: a.Bot, Kind: a.Kind, Purpose: a.Purpose, State: a.State, Created: a.CreatedAt, Updated: a.UpdatedAt,
				Decision: a.DecisionID, RuleSet: a.RuleSet,
			}
			if a.User != "" {
				v.User = Mark(e.Key, a.User)
			}
			switch a.Kind {
			case event.Post, event.Reply, event.Quote:
				v.Post = a.RemoteID
			}
			if a.Approval != nil {
				v.Approved = a.Approval.By
			}
			e.Actions = append(e.Actions, v)
		}
		if len(rows) < chunk {
			return nil
		}
		after = next
	}
}

// OptOut is one that stands, said in the period.
type OptOut struct {
	User string    `json:"user"` // keyed hash
	At   time.Time `json:"at"`
	Tier string    `json:"tier"`
}

func (e *Evidence) optOuts(tx db.Tx) error {
	const page = 5000
	for after := ""; ; {
		list, err := tx.OptedOut(after, page)
		if err != nil {
			return err
		}
		for _, s := range list {
			if e.in(s.At) {
				e.OptOuts = append(e.OptOuts, OptOut{s.UserHash[:min(16, len(s.UserHash))], s.At, string(s.Tier)})
			}
		}
		if len(list) < page {
			return nil
		}
		after = list[len(list)-1].UserHash
	}
}

// Handout is a post or DM that a handler elsewhere was asked about.
type Handout struct {
	At    time.Time `json:"at"`
	Bot   string    `json:"bot"`
	To    string    `json:"to"` // host name
	What  string    `json:"what"`
	Bytes int64     `json:"bytes"`
}

func (e *Evidence) handouts(tx db.Tx) error {
	list, err := tx.ListHandouts(math.MaxInt32)
	for _, h := range slices.Backward(list) {
		if e.in(h.At) && e.of(h.Bot) {
			e.Handouts = append(e.Handouts, Handout{h.At, h.Bot, h.To, h.What, h.Bytes})
		}
	}
	return err
}

// Entry is a link of the audit chain, whole: with the one before it can be
// checked by anybody. Facts holds kinds, ids of records and keyed hashes.
type Entry struct {
	Writer string    `json:"writer"`
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	Facts  string    `json:"facts"`
	Prev   string    `json:"prev"`
	Hash   string    `json:"hash"`
}

func (e *Evidence) entries(tx db.Tx) error {
	writers, err := tx.ListWriters()
	if err != nil {
		return err
	}
	for _, w := range writers {
		after, err := e.first(tx, w.Writer)
		if err != nil {
			return err
		}
		for {
			rows, err := tx.ListEntries(w.Writer, after, chunk)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if !r.At.Before(e.To) {
					rows = nil // the rest is of later
					break
				}
				e.Entries = append(e.Entries, Entry{r.Writer, r.Seq, r.At, string(r.Facts), r.Prev, r.Hash})
				after = r.Seq
			}
			if len(e.Entries) > MostEntries {
				return fmt.Errorf("%w holds more than %d entries of the audit chain: gather it in parts, with a later --from or an earlier --to", ErrPeriod, MostEntries)
			}
			if len(rows) < chunk {
				break
			}
		}
	}
	return nil
}

// first is the number after which the entries of the period begin: a chain is in
// the order of time, so that half of it can be left out at each look.
func (e *Evidence) first(tx db.Tx, writer string) (int64, error) {
	head, err := tx.ChainHead(writer)
	if err != nil {
		return 0, err
	}
	low, high := int64(0), head.Seq // all up to low are earlier; none after high is
	for low < high {
		mid := low + (high-low)/2
		next, err := tx.ListEntries(writer, mid, 1)
		if err != nil {
			return 0, err
		}
		if len(next) == 0 || !next[0].At.Before(e.From) {
			high = mid
		} else {
			low = next[0].Seq
		}
	}
	return low, nil
}
