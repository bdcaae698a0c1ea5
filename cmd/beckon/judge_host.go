package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
)

// judgeWithin is how long a command waits for what comes of a person's word.
const judgeWithin = 20 * time.Second

// errJudgedLater says that nobody knows yet.
var errJudgedLater = fmt.Errorf("it is stored, and not yet done after %s: what came before it is taken in first; `beckon actions show` tells", judgeWithin)

// judges puts people's words on held drafts on the bus, where they keep their
// order with what users write, and waits for what dispatch makes of them.
type judges struct {
	publish func(context.Context, ...bus.Message) error

	mu      sync.Mutex
	waiting map[string]chan judged // by the judgement's id
}

type judged struct {
	action db.Action
	err    error
}

func (g *judges) judge(ctx context.Context, j event.Judgement) (db.Action, error) {
	m, err := dispatch.JudgementMessage(j)
	if err != nil {
		return db.Action{}, err
	}
	done := make(chan judged, 1)
	g.mu.Lock()
	if g.waiting == nil {
		g.waiting = map[string]chan judged{}
	}
	g.waiting[j.ID] = done
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		delete(g.waiting, j.ID)
		g.mu.Unlock()
	}()
	if err := g.publish(ctx, m); err != nil {
		return db.Action{}, fmt.Errorf("put judgement %s on the bus: %w", j.ID, err)
	}
	late := time.NewTimer(judgeWithin)
	defer late.Stop()
	select {
	case d := <-done:
		return d.action, d.err
	case <-late.C:
		return db.Action{}, errJudgedLater
	case <-ctx.Done():
		return db.Action{}, ctx.Err()
	}
}

// told is dispatch.Options.Judged.
func (g *judges) told(id string, a db.Action, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if done := g.waiting[id]; done != nil {
		done <- judged{a, err} // it has room, and is told once
		delete(g.waiting, id)
	}
}

// judgeAlone does it at once, where no host runs, and leaves the word on the bus
// for whoever reads the stream; the next host has seen it.
func (h *host) judgeAlone(ctx context.Context, j event.Judgement) (db.Action, error) {
	a, err := h.desk.Judge(ctx, j.At, j)
	if err != nil {
		return a, err
	}
	m, err := dispatch.JudgementMessage(j)
	if err == nil {
		err = h.publishOnce(ctx, m)
	}
	if err != nil {
		return a, errors.Join(fmt.Errorf("it is done, and could not be put on the bus too"), err)
	}
	return a, nil
}
