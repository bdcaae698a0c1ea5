package account

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ErrSecretRef is returned for a reference that is neither env:NAME nor
// file:PATH. The error never holds the value: it may be the secret itself.
var ErrSecretRef = errors.New("a secret is given as env:NAME or file:PATH, never as itself")

// ErrNoSecret is returned where a reference is right and nothing stands behind
// it.
var ErrNoSecret = errors.New("secret is not set, or empty")

// ParseSecretRef reads the secret that ref names: "env:NAME" by env,
// "file:PATH" by readFile (os.Getenv and os.ReadFile outside tests). One line
// break at the end of a file is not part of the secret.
func ParseSecretRef(ref string, env func(string) string, readFile func(string) ([]byte, error)) (Secret, error) {
	kind, name, ok := strings.Cut(ref, ":")
	if !ok || name == "" {
		return Secret{}, ErrSecretRef
	}
	var value string
	switch kind {
	case "env":
		if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return Secret{}, fmt.Errorf("%w: what follows env: is no name of a variable", ErrSecretRef)
		}
		value = env(name)
	case "file":
		b, err := readFile(name)
		if err != nil {
			return Secret{}, fmt.Errorf("read secret: %w", err)
		}
		value = strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	default:
		return Secret{}, ErrSecretRef
	}
	if value == "" {
		return Secret{}, fmt.Errorf("%s: %w", ref, ErrNoSecret)
	}
	// A line break or a space would break the header that carries the secret,
	// and is always a slip of copying.
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Secret{}, fmt.Errorf("%s: secret holds a space, a line break or a character outside ASCII", ref)
	}
	return NewSecret(value), nil
}

// SecretFileWarning says in words what is wrong with the permissions of the
// file behind ref, "" if nothing is. It warns and does not refuse because
// container platforms mount secrets readable by all.
func SecretFileWarning(ref string, stat func(string) (fs.FileInfo, error)) string {
	path, ok := strings.CutPrefix(ref, "file:")
	if !ok {
		return ""
	}
	info, err := stat(path)
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return ""
	}
	return fmt.Sprintf("secret file %s is open to every user of this machine (mode %04o)", path, info.Mode().Perm())
}
