package bottest

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/backup"
)

// backup makes one of the host that lives.
func (r *run) backup(ctx context.Context) error {
	h := r.host()
	if r.backups == "" {
		r.backups = r.t.TempDir()
	}
	_, err := backup.Make(ctx, backup.Options{
		Dir: r.backups, By: "olga", Copy: h.copy, Key: hostKey(), Now: time.Now,
		Seq: func(ctx context.Context) (uint64, error) {
			p, err := h.bus.Position(ctx)
			return p.Seq, err
		},
	})
	return err
}

// recover kills the host, takes its database away, and brings the last backup
// back for another host.
func (r *run) recover(ctx context.Context, s step) error {
	l, err := r.ledger()
	if err != nil {
		return err
	}
	r.remember(l)
	r.lost = map[string]db.Action{}
	for _, a := range l.Actions {
		r.lost[a.ID] = a
	}
	clear(r.past) // the host that comes does not know what this one did
	dir := r.t.TempDir()
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return r.replace(func(h *host) (*host, error) {
		gone, err := h.kill(dir)
		if err != nil {
			return nil, err
		}
		r.gone = append(r.gone, gone)
		parts := []string{"beckon.db", "beckon.db-wal", "beckon.db-shm"}
		if s.flag("busless") {
			parts = append(parts, "bus")
		}
		for _, name := range parts {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				return nil, err
			}
		}
		b, err := backup.Open(r.backups)
		if err != nil {
			return nil, err
		}
		ready, err := b.Prepare(ctx, backup.Into{Dir: dir, Key: hostKey(), Opens: func(db.TextKey) bool { return true }, By: "olga", Now: time.Now()})
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "audit.key"), []byte(ready.Signer), 0o600)
		}
		if err == nil {
			err = ready.Commit()
		}
		if err != nil {
			return nil, err
		}
		return r.start(dir)
	})
}
