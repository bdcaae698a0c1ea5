package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"os"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// keysForm is the form of the file of keys: a line that says so, a line a key,
// and a last line with the number and the checksum of what is before it.
const keysForm = "beckon.text-keys/v1"

type keysHead struct {
	Form   string    `json:"form"`
	At     time.Time `json:"at"`
	Notice string    `json:"notice"`
}

const keysNotice = "Keep one copy of this file and no history: a key that is gone from here is how an erased text stays unreadable in older backups."

type keyLine struct {
	ID     string    `json:"id"`
	Bot    string    `json:"bot"`
	User   string    `json:"user"`
	Day    time.Time `json:"day"`
	Of     string    `json:"of,omitempty"`
	Sealed []byte    `json:"sealed"`
}

type keysEnd struct {
	Keys   *int   `json:"keys"`
	SHA256 string `json:"sha256"`
}

// keysFile writes it.
type keysFile struct {
	f *os.File
	w *bufio.Writer
	h hash.Hash
	n int
}

func newKeys(path string, at time.Time) (*keysFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	k := &keysFile{f: f, w: bufio.NewWriter(f), h: sha256.New()}
	return k, k.line(keysHead{keysForm, at, keysNotice})
}

func (k *keysFile) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b = append(b, '\n')
	k.h.Write(b)
	_, err = k.w.Write(b)
	return err
}

func (k *keysFile) put(t db.TextKey) error {
	k.n++
	return k.line(keyLine(t))
}

// close ends the file, with its last line where it is whole.
func (k *keysFile) close(whole bool) error {
	var err error
	if whole {
		err = k.line(keysEnd{&k.n, hex.EncodeToString(k.h.Sum(nil))})
	}
	return errors.Join(err, k.w.Flush(), k.f.Sync(), k.f.Close())
}

// readKeys reads a whole file of keys.
func readKeys(path string) (keys []db.TextKey, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	wrong := func(what string) error { return fmt.Errorf("%s: %w: %s", path, ErrNotWhole, what) }
	body := bytes.TrimSuffix(raw, []byte("\n"))
	cut := bytes.LastIndexByte(body, '\n') + 1
	var end keysEnd
	if err := json.Unmarshal(body[cut:], &end); err != nil || end.Keys == nil {
		return nil, wrong("its last line is missing")
	}
	if sum := sha256.Sum256(raw[:cut]); hex.EncodeToString(sum[:]) != end.SHA256 {
		return nil, wrong("it was changed")
	}
	for i, line := range bytes.Split(bytes.TrimSuffix(raw[:cut], []byte("\n")), []byte("\n")) {
		if i == 0 {
			var head keysHead
			if err := json.Unmarshal(line, &head); err != nil || head.Form != keysForm {
				return nil, wrong("its form is not " + keysForm)
			}
			continue
		}
		var k keyLine
		if err := json.Unmarshal(line, &k); err != nil {
			return nil, wrong(fmt.Sprintf("line %d: %v", i+1, err))
		}
		keys = append(keys, db.TextKey(k))
	}
	if len(keys) != *end.Keys {
		return nil, wrong(fmt.Sprintf("it has %d keys and says %d", len(keys), *end.Keys))
	}
	return keys, nil
}
