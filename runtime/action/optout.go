package action

import (
	"context"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// OptOut records an opt-out that reached the operator by another way than X,
// and cancels what waits for the user, of every bot. Only the user's own START
// ends it. It returns how many actions were cancelled.
func (d Desk) OptOut(ctx context.Context, now time.Time, user, by string) (cancelled int, err error) {
	err = d.Store.Write(ctx, func(tx db.Tx) error {
		u := NewUnit(tx, d.Key, now)
		s, err := u.State("", user, "")
		if err != nil {
			return err
		}
		s, effects := conversation.Reduce(s, conversation.OptOutRecorded{At: now, ID: "operator:" + by})
		u.Keep(conversation.State{Suppression: s.Suppression}) // it is no bot's conversation
		cancelled, err = u.CarryOut(user, effects)
		if err != nil {
			return err
		}
		return u.Flush()
	})
	return cancelled, err
}

// CarryOut does what the reducer's effects ask of the action log, and returns
// how many waiting actions it cancelled.
func (u *Unit) CarryOut(user string, effects []conversation.Effect) (cancelled int, err error) {
	for _, f := range effects {
		stop, ok := f.(conversation.CancelOpen)
		if !ok {
			continue
		}
		gone, err := u.CancelOpenTo(user, stop.Reason, func(a db.Action) bool {
			return a.Purpose != event.OptOutConfirmation
		})
		if err != nil {
			return cancelled, fmt.Errorf("apply the opt-out of user %s: %w", user, err)
		}
		cancelled += len(gone)
	}
	return cancelled, nil
}
