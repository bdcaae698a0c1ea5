// Package retry says how long to wait before the next try of what failed.
//
// What it owns: the doubling of that wait, in one place for all who keep a count
// of their tries with a record. What it refuses: to sleep, to count, to choose the
// bounds, which are each caller's own.
package retry

import "time"

// After is the wait after the nth failure in a row: first, then double each time,
// at most most. An n below 1 counts as 1.
func After(n int, first, most time.Duration) time.Duration {
	wait := first
	for ; n > 1 && 0 < wait && wait < most; n-- {
		if wait > most/2 {
			return most
		}
		wait *= 2
	}
	return min(wait, most)
}
