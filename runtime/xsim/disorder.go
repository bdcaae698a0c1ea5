package xsim

import (
	"errors"
	"slices"
	"time"
)

// Disorder is how the events of acts and echoes arrive as a rule, in per cent
// of them. Which ones it strikes follows from the seed and the event's id, so
// the same script has the same disorder (X1).
type Disorder struct {
	Duplicates int           `json:"duplicates"` // arrive twice
	Losses     int           `json:"losses"`     // arrive only by a replay job or a backfill
	Delays     int           `json:"delays"`     // arrive later, up to Most: after what came after them
	Most       time.Duration `json:"-"`
}

// SetDisorder changes how events arrive from now on. Run and Flush bring what
// is delayed.
func (s *Sim) SetDisorder(d Disorder) error {
	for _, n := range []int{d.Duplicates, d.Losses, d.Delays} {
		if n < 0 || n > 100 {
			return errors.New("xsim: disorder is in per cent, 0 to 100")
		}
	}
	if d.Delays > 0 && d.Most <= 0 {
		return errors.New("xsim: delays need to know how long at most")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disorder = d
	return nil
}

// strike takes from bodies what is lost or late, and doubles what comes twice.
func (s *Sim) strike(bodies [][]byte) [][]byte {
	s.mu.Lock()
	d := s.disorder
	s.mu.Unlock()
	if d == (Disorder{}) {
		return bodies
	}
	var now [][]byte
	for _, b := range bodies {
		id := read(b).uuid
		hits := func(what string, percent int) bool {
			return sum(s.opts.Seed, "disorder", what, id)%100 < uint64(percent)
		}
		if hits("loss", d.Losses) {
			s.Miss(b)
			continue
		}
		copies := [][]byte{b}
		if hits("duplicate", d.Duplicates) {
			copies = append(copies, b)
		}
		if hits("delay", d.Delays) {
			late := time.Duration(sum(s.opts.Seed, "late", id)%uint64(d.Most)) + 1
			s.later(late, copies)
			continue
		}
		now = append(now, copies...)
	}
	return slices.Clip(now)
}
