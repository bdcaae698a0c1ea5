package xsim

import (
	"fmt"
	"net/http"
	"time"
)

// FaultKind is how a call goes wrong.
type FaultKind string

// Faults. What the client can know differs: only FaultRefuse proves to it that
// X did nothing.
const (
	FaultNone   FaultKind = ""       // only Delay and Echo apply
	FaultRefuse FaultKind = "refuse" // no connection comes about (by Direct; over TCP it is FaultDrop)
	FaultDrop   FaultKind = "drop"   // the connection closes before anything was done
	FaultLost   FaultKind = "lost"   // all is done, then the connection closes
	FaultStatus FaultKind = "status" // Status with a problem body; 503 if it is 0
	FaultHTML   FaultKind = "html"   // Status with an HTML page; 503 if it is 0
	FaultLimit  FaultKind = "limit"  // 429 with a reset in 15 minutes
	// FaultGarbage is a 201 whose body is not JSON, after all was done.
	FaultGarbage FaultKind = "garbage"
	// FaultNoID is a 201 whose data has no id, after all was done.
	FaultNoID FaultKind = "no_id"
	// FaultErrors is a 200 with errors and no data; nothing was done.
	FaultErrors FaultKind = "errors"
	// FaultDrip is the whole answer, with Delay between two bytes of its body.
	FaultDrip FaultKind = "drip"
)

// Fault makes calls go wrong. It is used up after Times calls.
type Fault struct {
	Op     string          `json:"op,omitempty"`    // "": any
	Nth    int             `json:"nth,omitempty"`   // of the calls that match from now on, from 1; 0 is 1
	Times  int             `json:"times,omitempty"` // how many in a row; 0 is 1, negative: for ever
	When   func(Call) bool `json:"-"`               // which calls match; nil: all
	Kind   FaultKind       `json:"kind"`
	Status int             `json:"status,omitempty"`
	Type   string          `json:"type,omitempty"`  // X's problem type that status and errors tell
	Made   bool            `json:"made,omitempty"`  // stored, but reported as failed
	Delay  time.Duration   `json:"delay,omitempty"` // nanoseconds; before the answer
	Echo   Echo            `json:"echo,omitempty"`
}

// armed is a fault that waits for its call.
type armed struct {
	Fault
	skip, left int
}

// Fault adds a fault; where several match, the one added first acts.
func (s *Sim) Fault(f Fault) error {
	switch f.Kind {
	case FaultNone, FaultRefuse, FaultDrop, FaultLost, FaultStatus, FaultHTML, FaultLimit, FaultGarbage, FaultNoID, FaultErrors, FaultDrip:
	default:
		return fmt.Errorf("xsim: no fault %q", f.Kind)
	}
	if f.Status == 0 {
		f.Status = http.StatusServiceUnavailable
	}
	if f.Status < 200 || f.Status > 599 {
		return fmt.Errorf("xsim: status %d", f.Status)
	}
	a := &armed{Fault: f, skip: max(f.Nth, 1) - 1, left: f.Times}
	if f.Times == 0 {
		a.left = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, a)
	return nil
}

// faultFor takes the fault that acts on a call, nil if none does.
func (s *Sim) faultFor(c Call) *Fault {
	for _, a := range s.faults {
		if a.left == 0 || a.Op != "" && a.Op != c.Op || a.When != nil && !a.When(c) {
			continue
		}
		if a.skip > 0 {
			a.skip--
			continue
		}
		if a.left > 0 {
			a.left--
		}
		return &a.Fault
	}
	return nil
}

// acts reports whether the call has its effect in spite of the fault (X2).
func (f *Fault) acts() bool {
	switch f.Kind {
	case FaultNone, FaultLost, FaultGarbage, FaultNoID, FaultDrip:
		return true
	case FaultRefuse:
		return false // a connection that never was cannot have stored anything
	}
	return f.Made
}

// disguise turns what X did into what the client sees. most is how many calls a
// window of the endpoint has.
func (f *Fault) disguise(a answer, now time.Time, most int) answer {
	switch f.Kind {
	case FaultRefuse:
		a.refused = true
	case FaultDrop, FaultLost:
		a.dropped = true
	case FaultStatus:
		a.status, a.body = f.Status, problem(f.Status, f.Type, http.StatusText(f.Status))
	case FaultHTML:
		a.status, a.html = f.Status, true
	case FaultLimit:
		a.status, a.body = http.StatusTooManyRequests, problem(http.StatusTooManyRequests, "", "Too Many Requests")
		a.limit = &limitHeaders{limit: most, remaining: 0, reset: now.Add(window15)}
	case FaultDrip:
		a.drip = max(f.Delay, time.Millisecond)
	case FaultGarbage:
		a.status, a.garbage = http.StatusCreated, true
	case FaultNoID:
		a.status, a.body = http.StatusCreated, object{{"data", object{}}}
	case FaultErrors:
		a.status, a.body = http.StatusOK, object{{"errors", []object{problem(http.StatusForbidden, f.Type, "You are not permitted to perform this action.")}}}
	}
	return a
}
