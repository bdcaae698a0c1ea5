// Package backup copies a host's state while the host runs, and brings it back.
//
// A folder of backups has a folder for each, named by its time, and one file of
// the keys that texts are sealed with:
//
//	text.keys                  the only copy of the keys; each backup replaces it
//	2026-11-25T10-30-00.000Z/
//	  manifest.json            what is in it, with checksums; form beckon.backup/v1
//	  beckon.db                the database at one moment, without those keys
//	  config/...               configuration, rules, answers, schedules
//
// What it owns: this form, the check of it, and what has to be done to a
// database so that it can be used again. What it refuses: to copy a secret, to
// replace a database, and to let a database be used as if it had not been away.
//
//   - B11 a backup is whole or is none: it gets its name when all of it is on the
//     disk, and Open takes none in which a byte differs.
//   - B12 no key of a text is in a backup; they are beside, once. So what is
//     erased here is unreadable in every older backup from the next one on.
//   - B13 no secret of the host is in a backup.
//   - B14 a restore replaces no database, and writes nothing before it has seen
//     that the backup is whole and belongs to the host key that is there.
//   - B15 a restored database says that it is one (db.Restore) from the moment at
//     which it has its name; action.Sender holds to that (I14).
//   - B16 it has no login, and its audit chains are closed: the host begins a new
//     one, so that two hosts never write one chain.
//
// What a restore does not bring back: what happened after the backup. Who said
// stop or was erased meanwhile is known from the bus (runtime/suppression); the
// events are still on the bus or come again from X, but the keys of those on the
// bus were in the database that was lost.
package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Form is the form of a backup's manifest.
const Form = "beckon.backup/v1"

const (
	manifestName = "manifest.json"
	databaseName = "beckon.db"
	keysName     = "text.keys"
	configDir    = "config/"  // begins the names of what the host is configured by
	partial      = ".partial" // ends the name of a backup that is being made
	idLayout     = "2006-01-02T15-04-05.000Z"
)

// Manifest says what is in a backup.
type Manifest struct {
	Form     string    `json:"form"`
	ID       string    `json:"id"` // its folder's name
	At       time.Time `json:"at"` // UTC; what is in it had happened by then
	By       string    `json:"by"`
	Version  string    `json:"version"`        // of the program
	KeyCheck string    `json:"host_key_check"` // of the host key, as in the database
	Seq      uint64    `json:"bus_seq"`        // position on the bus: it has every event up to there
	Keys     int       `json:"text_keys"`      // how many were put beside it
	Config   string    `json:"config"`         // which of the files is the configuration; the paths in it count from there
	Files    []Sum     `json:"files"`
	Without  []string  `json:"without"` // what is not in it, and must be kept elsewhere
}

// Sum is a file of a backup.
type Sum struct {
	Name   string `json:"name"`           // within the backup, with slashes
	From   string `json:"from,omitempty"` // where it was on the host
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hex
}

// without is what a backup never has (B13).
func without() []string {
	return []string{
		"host.key: without it no opt-out can be read and nothing is restored",
		"token.key, or what app.token_key names: without it the texts cannot be read",
		"audit.key: a restored host begins a new chain",
		"the secrets that the configuration names with env: and file:",
		"events on the bus",
	}
}

// ErrNotWhole is returned for what is no backup, or not all of one.
var ErrNotWhole = errors.New("this is no whole backup")

// sumOf reads a file to its end.
func sumOf(path string) (s Sum, err error) {
	f, err := os.Open(path)
	if err != nil {
		return s, err
	}
	defer f.Close()
	h := sha256.New()
	if s.Bytes, err = io.Copy(h, f); err != nil {
		return s, err
	}
	s.SHA256 = hex.EncodeToString(h.Sum(nil))
	return s, nil
}

// syncDir makes names in a folder lasting.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// writeFile writes a file that only this user can read, and waits for the disk.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
