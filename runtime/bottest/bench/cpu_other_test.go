//go:build !unix

package bench

import "time"

// cpu is not measured here; the column reads 0.
func cpu() time.Duration { return 0 }
