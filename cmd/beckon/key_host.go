package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/hostkey"
	"github.com/beckon-bot/beckon/runtime/seal"
)

// keeper reads the key that the host seals with. Where it lies in a file, it can
// be rotated there.
func (d *dataDir) keeper(sys system, ref config.SecretRef) (*hostkey.Keeper, error) {
	var given account.Secret
	if ref != "" {
		var err error
		if given, err = secret(sys, ref); err != nil {
			return nil, fmt.Errorf("app.token_key: %w", err)
		}
	}
	set, err := d.tokenKey(given)
	if err != nil {
		return nil, err
	}
	k := &hostkey.Keeper{Live: seal.Use(set)}
	kind, name, _ := strings.Cut(string(ref), ":")
	switch {
	case ref == "":
		k.Where = d.file("token.key")
	case kind == "file":
		k.Where = name
	default:
		k.Where = "$" + name
		k.Fixed = fmt.Sprintf("it comes from the environment ($%s). Put its value into %s (mode 0600), take app.token_key out of the configuration, and start the host again; then it can be rotated", name, d.file("token.key"))
		return k, nil
	}
	if info, err := os.Lstat(k.Where); err == nil && !info.Mode().IsRegular() {
		k.Fixed = fmt.Sprintf("%s is a link, as where a platform mounts secrets. Copy the file to %s (mode 0600), take app.token_key out of the configuration, and start the host again; then it can be rotated", k.Where, d.file("token.key"))
		return k, nil
	}
	k.File = keyFile(k.Where)
	return k, nil
}

// keyFile is a file that holds a keyset and nothing else.
type keyFile string

func (f keyFile) Read() (*seal.Keyset, error) {
	s, err := account.ParseSecretRef("file:"+string(f), nil, os.ReadFile)
	if err != nil {
		return nil, err
	}
	return seal.Parse(s.Reveal())
}

// Write keeps the file's permissions and owner: who runs the command may be
// another than who runs the host.
func (f keyFile) Write(k *seal.Keyset) error {
	text, err := k.Text()
	if err != nil {
		return err
	}
	was, err := os.Stat(string(f))
	if err != nil {
		return err
	}
	tmp := string(f) + ".next"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a process that was killed
		return err
	}
	if err := writeSecret(tmp, text+"\n"); err != nil {
		return err
	}
	defer os.Remove(tmp)
	if err := errors.Join(os.Chmod(tmp, was.Mode().Perm()), keepOwner(tmp, was)); err != nil {
		return err
	}
	if err := os.Rename(tmp, string(f)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(string(f)))
}
