package xsim

import (
	"slices"
	"time"
)

// parked are bodies that arrive later.
type parked struct {
	due    time.Time
	bodies [][]byte
}

// later keeps bodies until the simulated clock is so much further. The order
// is that of the due times.
func (s *Sim) later(d time.Duration, bodies [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := parked{s.now().Add(d), bodies}
	at, _ := slices.BinarySearchFunc(s.parked, p, func(a, b parked) int {
		if a.due.After(b.due) {
			return 1
		}
		return -1 // those of the same time stay in order
	})
	s.parked = slices.Insert(s.parked, at, p)
}

// arrive queues what has come due.
func (s *Sim) arrive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(s.parked) && !s.parked[n].due.After(s.now()) {
		s.queue = append(s.queue, s.parked[n].bodies...)
		n++
	}
	s.parked = slices.Delete(s.parked, 0, n)
}
