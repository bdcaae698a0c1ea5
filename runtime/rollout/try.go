package rollout

import (
	"context"
	"time"

	"github.com/beckon-bot/beckon/rules"
)

// Try takes a directory through every step but the last: nothing is stored, and
// nothing is put in force. test is as in Options. It returns how many tests held.
func Try(ctx context.Context, dir string, test func(context.Context, *rules.Set, []rules.TestFile) (rules.Report, error)) (tests int, err error) {
	l, err := New(Options{Test: test}).load(ctx, read(dir))
	return l.tests, err
}

// Problems is what is wrong with a directory, a line each, by the error of Try.
func Problems(err error) []string {
	if err == nil {
		return nil
	}
	return failureOf(err, time.Time{}).Problems
}
