package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

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
		if backup.Within(b.Dir, h.cfg.DataDir) {
			return out, admin.Refusal{Err: fmt.Errorf("%s lies in the data directory, and would be lost with it: name a folder elsewhere, best on another disk", b.Dir)}
		}
		if err := h.checkpoint(ctx); err != nil { // so that the copy has it
			return out, err
		}
		version, commit := build()
		m, err := backup.Make(ctx, backup.Options{
			Dir: b.Dir, Keep: b.Keep, By: b.By, Copy: h.copy, Key: h.key, Version: version + " " + commit, Now: h.now,
			Config: configTrees(h.file, h.cfg), Secret: secretPlaces(h.cfg),
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

// secretPlaces are where secrets of the host lie, which a folder of rules may hold.
func secretPlaces(cfg *config.Config) []string {
	places := []string{cfg.DataDir}
	for _, ref := range secretRefs(cfg) {
		if path, ok := strings.CutPrefix(string(ref), "file:"); ok {
			places = append(places, path)
		}
	}
	return places
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
		paths = append(paths, replayed(b.Rules)...)
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

// replayed are the files that tests of rules replay: rules whose tests cannot be
// played do not load, and a restored host would not start.
func replayed(dir string) (paths []string) {
	tests, _ := filepath.Glob(filepath.Join(dir, "*.yaml")) // the pattern is none of ours to get wrong
	for _, name := range tests {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		var file struct {
			Replay []struct{ Events, Golden string }
		}
		if yaml.Unmarshal(data, &file) != nil {
			continue // as rules it has its own check
		}
		for _, r := range file.Replay {
			for _, p := range []string{r.Events, r.Golden} {
				if p = filepath.Join(filepath.Dir(name), p); regular(p) {
					paths = append(paths, p)
				}
			}
		}
	}
	return paths
}

func regular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// outside begins the names of what lies elsewhere than the configuration.
const outside = "outside/"
