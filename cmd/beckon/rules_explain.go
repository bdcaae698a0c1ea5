package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/replay"
)

// explained is a decision record with what stands behind it.
type explained struct {
	Record gate.Record `json:"record"`
	Set    string      `json:"set,omitempty"`   // the rules that it was explained with
	Notes  []string    `json:"notes,omitempty"` // what the reader has to know: other rules, another decision
	*rules.Explanation
}

// explainRules shows why a decision was made: of an event of a log, which it
// replays up to there, or of a decision record alone.
func explainRules(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("rules explain", flag.ContinueOnError)
	log := fs.String("log", "", "event log `file`")
	id := fs.String("event", "", "the event's `id`, or that of one decision about it")
	record := fs.String("record", "", "`file` of decision records; - is the standard input")
	config := fs.String("c", "", "configuration `file`")
	format := formatFlag(fs)
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	if err := checkFormat(*format); err != nil {
		return err
	}
	var all []explained
	switch {
	case (*log == "") == (*record == ""):
		return usageError("name either --log or --record")
	case *log != "":
		if err := noArgs(rest); err != nil {
			return err
		}
		if *id == "" {
			return usageError("name the event: --event ID; `beckon replay LOG --format json` shows the ids")
		}
		all, err = explainEvent(ctx, sys, replayOptions{logs: []string{*log}, config: *config, format: "text"}, *id)
	default:
		all, err = explainRecords(ctx, sys, *record, *id, *config, rest)
	}
	if err != nil {
		return err
	}
	t := ruleTool{json: *format == "json", w: sys.stdout}
	return t.show(all, func() {
		for i, e := range all {
			if i > 0 {
				fmt.Fprintln(t.w)
			}
			e.write(t.w)
		}
	})
}

// errFound ends a replay at the event that was asked for.
var errFound = errors.New("found")

// explainEvent replays a log up to an event and explains what was decided on it.
func explainEvent(ctx context.Context, sys system, o replayOptions, id string) ([]explained, error) {
	var out []explained
	o.emit = func(bots bots, s replay.Step) error {
		for _, r := range s.Records {
			if r.Event != id && r.ID != id {
				continue
			}
			var set *rules.Set
			for _, b := range bots.gate {
				if b.Name == r.Bot {
					set = b.Rules
				}
			}
			out = append(out, explain(r, set))
		}
		if len(out) > 0 {
			return errFound
		}
		return nil
	}
	err := playLogs(ctx, sys, o)
	if err != nil && !errors.Is(err, errFound) {
		return nil, err
	}
	if len(out) == 0 {
		return nil, exitError{exitUsage, fmt.Errorf("no event %s in %s; `beckon replay LOG --format json` shows the ids", id, o.logs[0])}
	}
	return out, nil
}

// explainRecords explains the records of a file, all or those of one event.
func explainRecords(ctx context.Context, sys system, path, id, config string, dirs []string) ([]explained, error) {
	var data []byte
	var err error
	if path == "-" {
		data, err = io.ReadAll(sys.stdin)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, exitError{exitUsage, fmt.Errorf("read decision records: %w", err)}
	}
	setOf, done, err := setSource(ctx, sys, config, dirs)
	if err != nil {
		return nil, err
	}
	defer done()
	var out []explained
	dec := json.NewDecoder(bytes.NewReader(data))
	for n := 1; ; n++ {
		var r gate.Record
		if err := dec.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			return nil, exitError{exitUsage, fmt.Errorf("decision record %d of %s: %w", n, path, err)}
		}
		if r.ID == "" || r.Decision == "" {
			return nil, exitError{exitUsage, fmt.Errorf("line %d of %s has no id and decision: it is no decision record", n, path)}
		}
		if id != "" && r.Event != id && r.ID != id {
			continue
		}
		var set *rules.Set
		if r.Rules != nil {
			if set, err = setOf(r.Rules.Set); err != nil {
				return nil, err
			}
		}
		out = append(out, explain(r, set))
	}
	if len(out) == 0 {
		return nil, exitError{exitUsage, fmt.Errorf("no such decision record in %s", path)}
	}
	return out, nil
}

// setSource says where rules come from: a directory, whatever the record names,
// or the sets that a host's database keeps, by hash.
func setSource(ctx context.Context, sys system, config string, dirs []string) (func(hash string) (*rules.Set, error), func(), error) {
	if (config == "") == (len(dirs) == 0) {
		return nil, nil, usageError("name one directory of rules, or -c FILE for those that the host's database keeps")
	}
	if config == "" {
		dir, err := oneArg(dirs, "one directory of rules")
		if err != nil {
			return nil, nil, err
		}
		set, err := rules.LoadDir(dir, rules.Options{})
		if err != nil {
			return nil, nil, ruleTool{dir: dir, w: sys.stdout}.refuse(err)
		}
		return func(string) (*rules.Set, error) { return set, nil }, func() {}, nil
	}
	cfg, err := readConfig(sys, config)
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(filepath.Join(cfg.DataDir, "beckon.db")); err != nil { // opening would make it
		return nil, nil, fmt.Errorf("read the rules that the host kept: %w; name the directory of rules instead of -c", err)
	}
	data, err := openDataDir(cfg.DataDir)
	if errors.Is(err, errLocked) {
		return nil, nil, fmt.Errorf("%w; name the directory of rules instead of -c", err)
	} else if err != nil {
		return nil, nil, err
	}
	store, err := sqlite.Open(ctx, sqlite.Options{Path: data.file("beckon.db")})
	if err != nil {
		return nil, nil, errors.Join(err, data.Close())
	}
	done := func() { _ = errors.Join(store.Close(), data.Close()) } // only read
	return func(hash string) (*rules.Set, error) { return keptSet(ctx, store, hash) }, done, nil
}

// keptSet loads the rules that a host decided with.
func keptSet(ctx context.Context, store db.Store, hash string) (*rules.Set, error) {
	var kept db.RuleSet
	err := store.Read(ctx, func(tx db.Tx) (err error) {
		kept, err = tx.RuleSet(hash)
		return err
	})
	if errors.Is(err, db.ErrNotFound) {
		return nil, exitError{exitRules, fmt.Errorf("the database keeps no rules %s", hash)}
	} else if err != nil {
		return nil, err
	}
	var files map[string]string
	if err := json.Unmarshal(kept.Sources, &files); err != nil {
		return nil, fmt.Errorf("read the rules %s of the database: %w", hash, err)
	}
	return rules.Load(sourcesOf(files), rules.Options{})
}
