package bottest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/rollout"
)

// rulesDir is the rules directory of a host. It is there once a script has
// changed the rules; a host that finds it starts with it.
func rulesDir(dir string) string { return filepath.Join(dir, "rules") }

// startRules puts the directory in force, where there is one.
func (h *host) startRules(ctx context.Context, s *scenario, g *gate.Gate) error {
	o := rollout.Options{Store: h.store, Gate: g, Now: time.Now}
	for _, name := range s.Bots {
		o.Bots = append(o.Bots, rollout.Bot{Name: name, Rules: rulesDir(h.dir)})
	}
	h.rules = rollout.New(o)
	if _, err := os.Stat(rulesDir(h.dir)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return h.rules.Start(ctx)
}

// changeRules writes other rules into the directory of every bot and lets the
// host take them up, which must fail where the script says so.
func (r *run) changeRules(ctx context.Context, s step) error {
	text, ok := r.s.raw[s.args[0]]
	if !ok {
		return fmt.Errorf("no file %q", s.args[0])
	}
	h := r.host()
	write := func(data []byte) error { return os.WriteFile(filepath.Join(rulesDir(h.dir), fileRules), data, 0o600) }
	if _, err := os.Stat(rulesDir(h.dir)); errors.Is(err, fs.ErrNotExist) { // until now it had those of the scenario
		err := errors.Join(os.Mkdir(rulesDir(h.dir), 0o700), write(r.s.rules.Sources()[0].Data), h.rules.Start(ctx))
		if err != nil {
			return err
		}
	}
	if err := write([]byte(text)); err != nil {
		return err
	}
	now, err := h.rules.Reload(ctx, "", rollout.WhyChange)
	if err != nil {
		return err
	}
	for _, b := range now {
		failed := b.Rules.Outcome == rollout.Failed
		switch {
		case failed && !s.flag("fails"):
			return b.Rules.Failure
		case !failed && s.flag("fails"):
			return errors.New("the rules were taken up")
		}
	}
	return nil
}
