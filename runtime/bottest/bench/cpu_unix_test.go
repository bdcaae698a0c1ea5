//go:build unix

package bench

import (
	"syscall"
	"time"
)

// cpu is the time that this process has kept processors busy.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
