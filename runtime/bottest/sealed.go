package bottest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/seal"
	"github.com/beckon-bot/beckon/runtime/vault"
)

// sealedStore puts the vault around a store, as a host does, if seals says so.
// Its key outlives a crash.
func sealedStore(below db.Store, dir string, seals bool) (db.Store, bus.Sealer, error) {
	if !seals {
		return below, nil, nil
	}
	file := filepath.Join(dir, "token.key")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		k, err := seal.New()
		if err != nil {
			return nil, nil, err
		}
		fresh, err := k.Text()
		if err != nil {
			return nil, nil, err
		}
		text = []byte(fresh)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return nil, nil, err
		}
	} else if err != nil {
		return nil, nil, err
	}
	host, err := seal.Parse(string(text))
	if err != nil {
		return nil, nil, err
	}
	ring := vault.New(below, host, time.Now)
	return ring.Around(below), ring, nil
}
