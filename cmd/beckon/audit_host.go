package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/audit/bundle"
	"github.com/beckon-bot/beckon/runtime/event"
)

// checkpointFile holds the last checkpoint, so that a copy of the database that
// was cut short is found out by what lies beside it.
const checkpointFile = "audit.checkpoint"

// trimChunk is how many entries of the audit chain one transaction drops.
const trimChunk = 2000

// runAudit signs where the chains stand, and drops what is past its time.
func (h *host) runAudit(ctx context.Context) error {
	for {
		if err := h.checkpoint(ctx); err != nil && ctx.Err() == nil {
			h.log.WarnContext(ctx, "audit", "err", err)
		}
		wait := audit.CheckpointEvery
		if n, err := h.store.Trim(ctx, h.now(), trimChunk); err != nil && ctx.Err() == nil {
			h.log.WarnContext(ctx, "audit", "err", err)
		} else if n >= trimChunk {
			wait = time.Second
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// checkpoint signs where the chains stand now. The note goes into the log too:
// kept elsewhere, it proves a chain that was written again.
func (h *host) checkpoint(ctx context.Context) error {
	note, err := h.store.Checkpoint(ctx, h.now())
	if err != nil || note == "" {
		return err
	}
	h.log.InfoContext(ctx, "audit checkpoint", "note", note)
	return writeSecret(h.dir.file(checkpointFile), note)
}

// audited puts the audit chain around a store, with the key beside it.
func (d *dataDir) audited(ctx context.Context, store db.Store, key event.Key, now func() time.Time) (*audit.Store, error) {
	path := d.file("audit.key")
	b, err := os.ReadFile(path)
	signer := string(b)
	if errors.Is(err, fs.ErrNotExist) {
		if signer, err = audit.NewKey(); err == nil {
			err = writeSecret(path, signer+"\n")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the key of the audit chain: %w", err)
	}
	s, err := audit.Open(ctx, store, audit.Options{Key: key, Signer: signer, Now: now})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// recordConfig notes a configuration that differs from the last one: which keys,
// not their values.
func recordConfig(ctx context.Context, store db.Store, cfg *config.Config, key event.Key, now time.Time) error {
	raw, err := yaml.Marshal(cfg)
	if err != nil {
		return fmt.Errorf("write the configuration down: %w", err)
	}
	var tree any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return fmt.Errorf("write the configuration down: %w", err)
	}
	keys := map[string]string{}
	settingsOf(tree, "", func(path, value string) { keys[path] = key.Text(path + "=" + value) })
	line, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	return store.Write(ctx, func(tx db.Tx) error {
		was := map[string]string{}
		all, err := tx.ListConfigVersions()
		if err != nil {
			return err
		}
		if len(all) > 0 {
			if err := json.Unmarshal([]byte(all[len(all)-1].Keys), &was); err != nil {
				return fmt.Errorf("read the last configuration: %w", err)
			}
		}
		var changed []string
		for path, v := range keys {
			if was[path] != v {
				changed = append(changed, path)
			}
		}
		for path := range was {
			if _, ok := keys[path]; !ok {
				changed = append(changed, path)
			}
		}
		if len(changed) == 0 {
			return nil
		}
		slices.Sort(changed)
		if len(all) == 0 {
			changed = []string{"all"}
		}
		return tx.PutConfigVersion(db.ConfigVersion{
			At: now.UTC(), Hash: key.Text(string(line)), Changed: strings.Join(changed, " "), Keys: string(line),
		})
	})
}

// settingsOf tells every value of a YAML tree by its path.
func settingsOf(tree any, path string, tell func(path, value string)) {
	switch t := tree.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(t)) {
			settingsOf(t[k], strings.TrimPrefix(path+"."+k, "."), tell)
		}
	default:
		tell(path, fmt.Sprint(t))
	}
}

// dataUse says for an auditor how this host uses what X gives it.
func dataUse(cfg *config.Config) []bundle.Line {
	lines := []bundle.Line{
		{What: "Use of X's API", Is: cfg.Use + ", " + cfg.App.Environment},
		{What: "What for", Is: "automated accounts that answer who writes to them; nothing is read of others, nobody is profiled, no model is trained"},
		{What: "How events come in", Is: cfg.Ingest},
		{What: "Decision records", Is: fmt.Sprintf("kept %d days: ids, features and hashes, no text", int(cfg.Retention.Decisions.Hours()/24))},
		{What: "Opt-outs", Is: "kept without end, by keyed hash of the user's id; in force for every bot of the host"},
		{What: "Audit log", Is: "kept two years, and one past the end of access"},
	}
	for _, name := range cfg.Names() {
		b := cfg.Bots[name]
		is := "run by @" + b.OperatorAccount + ", "
		if b.Send {
			is += "sends"
		} else {
			is += "sends nothing"
		}
		if b.PrivacyURL != "" {
			is += ", privacy policy " + b.PrivacyURL
		}
		lines = append(lines, bundle.Line{What: "Account @" + b.Username, Is: is})
	}
	return lines
}
