package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/backup"
	"github.com/beckon-bot/beckon/runtime/bus"
)

// backup makes a backup of this host. at is the position of its bus.
func (h *host) backup(at func(context.Context) (bus.Position, error)) func(context.Context, admin.Backup) (admin.BackedUp, error) {
	return func(ctx context.Context, b admin.Backup) (out admin.BackedUp, err error) {
		end, err := h.backing.Take(ctx) // one at a time: the next removes what is unfinished
		if err != nil {
			return out, err
		}
		defer end()
		if data, err := filepath.Abs(h.cfg.DataDir); err == nil && strings.HasPrefix(b.Dir+string(filepath.Separator), data+string(filepath.Separator)) {
			return out, admin.Refusal{Err: fmt.Errorf("%s lies in the data directory, and would be lost with it: name a folder elsewhere, best on another disk", b.Dir)}
		}
		if err := h.checkpoint(ctx); err != nil { // so that the copy has it
			return out, err
		}
		version, commit := build()
		m, err := backup.Make(ctx, backup.Options{
			Dir: b.Dir, Keep: b.Keep, By: b.By, Copy: h.copy, Key: h.key, Version: version + " " + commit, Now: h.now,
			Config: configTrees(h.file, h.cfg),
			Seq: func(ctx context.Context) (uint64, error) {
				p, err := at(ctx)
				return p.Seq, err
			},
		})
		if err != nil {
			return out, admin.Refusal{Err: err}
		}
		out = admin.BackedUp{
			Dir: filepath.Join(b.Dir, m.ID), At: m.At, Files: len(m.Files) + 1, TextKeys: m.Keys, Without: m.Without, KeysFile: filepath.Join(b.Dir, "text.keys"),
		}
		for _, f := range m.Files {
			out.Bytes += f.Bytes
		}
		return out, nil
	}
}

// Position opens the bus for as long as it takes to ask.
func (l lateBus) Position(ctx context.Context) (bus.Position, error) {
	b, err := bus.Open(ctx, l.h.busFiles())
	if err != nil {
		return bus.Position{}, err
	}
	p, err := b.Position(ctx)
	return p, errors.Join(err, b.Close())
}

// configTrees names what a host is configured by, the configuration file first:
// what lies in its folder by its path there, all else by its whole path.
func configTrees(file string, cfg *config.Config) []backup.Tree {
	if file == "" {
		return nil
	}
	from, err := filepath.Abs(dirOf(file))
	if err != nil {
		return nil
	}
	paths := []string{cfg.Prices}
	for _, name := range cfg.Names() {
		b := cfg.Bots[name]
		paths = append(paths, b.Rules, b.Candidate, b.Answers, b.Schedule)
	}
	for _, h := range cfg.Handlers {
		paths = append(paths, h.Model.Prompt)
	}
	for i, p := range paths {
		if abs, err := filepath.Abs(p); err == nil && p != "" {
			paths[i] = abs
		}
	}
	slices.Sort(paths) // what holds others comes before them
	trees := []backup.Tree{{Name: filepath.Base(file), From: filepath.Join(from, filepath.Base(file))}}
	for _, p := range slices.Compact(paths) {
		if p == "" || slices.ContainsFunc(trees, func(t backup.Tree) bool { return strings.HasPrefix(p, t.From+string(filepath.Separator)) }) {
			continue
		}
		name, err := filepath.Rel(from, p)
		if err != nil || !filepath.IsLocal(name) {
			name = outside + strings.TrimLeft(filepath.ToSlash(strings.TrimPrefix(p, filepath.VolumeName(p))), "/")
		}
		trees = append(trees, backup.Tree{Name: filepath.ToSlash(name), From: p})
	}
	return trees
}

// outside begins the names of what lies elsewhere than the configuration.
const outside = "outside/"
