package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/replay"
	"github.com/beckon-bot/beckon/runtime/timeline"
)

// rulesHost plays what test files hold besides cases: timelines in a database
// of its own, and replays as `beckon replay` does.
type rulesHost struct {
	timeline.Player
	ctx    context.Context
	sys    system
	tmp    string
	store  *sqlite.Store
	update bool // write golden files instead of comparing with them
}

func newRulesHost(ctx context.Context, sys system) (*rulesHost, error) {
	tmp, err := os.MkdirTemp("", "beckon-rules-")
	if err != nil {
		return nil, err
	}
	h := &rulesHost{ctx: ctx, sys: sys, tmp: tmp}
	if h.store, err = sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(tmp, "timelines.db"), Temporary: true}); err != nil {
		return nil, errors.Join(err, os.RemoveAll(tmp))
	}
	h.Player.Store = h.store
	return h, nil
}

// Close ends the host and takes its files away.
func (h *rulesHost) Close() error {
	return errors.Join(h.store.Close(), os.RemoveAll(h.tmp))
}

// Replay implements rules.Host.
func (h *rulesHost) Replay(set *rules.Set, r rules.Replay) ([]string, error) {
	var lines bytes.Buffer
	var diff *goldenDiff
	if !h.update {
		var err error
		if diff, err = newGoldenDiff(r.Golden); err != nil {
			return nil, fmt.Errorf("%w; beckon rules test --update writes it", err)
		}
	}
	o := diffOptions{log: r.Events, config: r.Config, bot: r.Bot, unpaid: true}
	var fault error
	err := o.replay(h.ctx, h.sys, set, func(s replay.Step) {
		for _, rec := range s.Records {
			line, err := rec.Line()
			fault = errors.Join(fault, err)
			diff.add(line)
			lines.Write(append(line, '\n'))
		}
	})
	switch {
	case err != nil || fault != nil:
		return nil, errors.Join(err, fault)
	case h.update:
		return nil, writeWhole(r.Golden, lines.Bytes())
	}
	return diff.otherwise(), nil
}

// writeWhole writes a file, whole or not at all.
func writeWhole(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
