package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/runtime/service"
)

// One works at a time; who waits leaves with their context, and waits on fake
// time too.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turn service.Turn
		end, err := turn.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := turn.Take(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("somebody else's turn: %v", err)
		}
		go func() {
			time.Sleep(time.Minute) // as a database that is busy
			end()
		}()
		begin := time.Now()
		if end, err = turn.Take(t.Context()); err != nil || time.Since(begin) != time.Minute {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
		end()
	})
}
