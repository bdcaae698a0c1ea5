package service

import (
	"context"
	"sync"
)

// Turn lets one at a time work, and whoever waits leave when their context ends:
// a lock for work that takes long. The zero value is free.
type Turn struct {
	once sync.Once
	free chan struct{}
}

// Take waits for the turn. end gives it back.
func (t *Turn) Take(ctx context.Context) (end func(), err error) {
	t.once.Do(func() { t.free = make(chan struct{}, 1) })
	select {
	case t.free <- struct{}{}:
		return func() { <-t.free }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
