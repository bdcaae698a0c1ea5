package retry

import (
	"math"
	"testing"
	"time"
)

func TestAfter(t *testing.T) {
	t.Parallel()
	const most = time.Duration(math.MaxInt64)
	for _, tt := range []struct {
		n                 int
		first, most, want time.Duration
	}{
		{1, 5 * time.Second, time.Hour, 5 * time.Second},
		{2, 5 * time.Second, time.Hour, 10 * time.Second},
		{10, 5 * time.Second, time.Hour, 2560 * time.Second},
		{11, 5 * time.Second, time.Hour, time.Hour},
		{0, 5 * time.Second, time.Hour, 5 * time.Second},
		{-7, 5 * time.Second, time.Hour, 5 * time.Second},
		{1, 2 * time.Hour, time.Hour, time.Hour},
		{math.MaxInt, time.Second, most, most}, // no overflow on the way, and no loop of years
		{math.MaxInt, 0, time.Hour, 0},
	} {
		if got := After(tt.n, tt.first, tt.most); got != tt.want {
			t.Errorf("After(%d, %s, %s) = %s, want %s", tt.n, tt.first, tt.most, got, tt.want)
		}
	}
}
