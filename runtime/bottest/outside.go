package bottest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/remote"
)

// The handler in a program of its own.
const (
	ordersName     = "orders"
	ordersDeadline = 20 * time.Second
)

// outside is the host's end of it, and what it was asked.
type outside struct {
	*remote.Requester
	mu    sync.Mutex
	asked map[string]remote.Question // by interaction
}

func newOutside(bots []gate.Bot, store db.Store, publish func(context.Context, ...bus.Message) error) *outside {
	o := &outside{asked: map[string]remote.Question{}}
	accounts := map[string]remote.Account{}
	for _, b := range bots {
		accounts[b.Name] = remote.Account{Username: b.Username, Operator: b.Operator, PrivacyURL: b.PrivacyURL}
	}
	o.Requester = remote.New(remote.Options{
		Store: store, Publish: publish, Accounts: accounts,
		Handlers: map[string]remote.Handler{ordersName: {Line: o, Again: 5 * time.Second}},
	})
	return o
}

// Ask keeps the question for the script to answer.
func (o *outside) Ask(_ context.Context, q remote.Question) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked[q.Message.Interaction] = q
	return nil
}

// answer lets the handler answer, in time or not.
func (r *run) answer(ctx context.Context, s step) error {
	id, err := r.id(s.args[0])
	if err != nil {
		return err
	}
	o := r.host().orders
	o.mu.Lock()
	q, ok := o.asked[id]
	o.mu.Unlock()
	if !ok {
		return fmt.Errorf("the handler was not asked about %s", s.args[0])
	}
	body, err := json.Marshal(event.Said{
		Form: event.AnswerForm, Question: q.ID, Text: s.args[1], Handoff: s.flag("handoff"), AIGenerated: s.flag("ai"),
	})
	if err != nil {
		return err
	}
	return o.Take(ctx, time.Now(), q.Bot, ordersName, body)
}
