//go:build unix

package rules

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What is in a directory beside files does not hang the loader, and is told with
// what to do.
func TestReadWhatIsNoFile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		make func(path string) error
		want string
	}{
		{"a pipe", func(p string) error { return syscall.Mkfifo(p, 0o600) }, "it is no file"},
		{"a link to a directory", func(p string) error { return os.Symlink(os.TempDir(), p) }, "it is no file"},
		{"a link to a device without end", func(p string) error { return os.Symlink("/dev/zero", p) }, "it is no file"},
		{"a link to itself", func(p string) error { return os.Symlink(p, p) }, "too many levels of symbolic links"},
		{"a link to nowhere", func(p string) error { return os.Symlink(p+"-not", p) }, "no such file or directory"},
	}
	if os.Getuid() != 0 { // who may read everything
		tests = append(tests, struct {
			name string
			make func(path string) error
			want string
		}{"unreadable", func(p string) error { return os.WriteFile(p, []byte("x"), 0) }, "permission denied"})
	}
	for _, tt := range tests {
		for _, file := range []string{"acme.yaml", "acme_test.yaml"} {
			dir := t.TempDir()
			path := filepath.Join(dir, file)
			if err := tt.make(path); err != nil {
				t.Fatal(err)
			}
			read := func() error { _, err := ReadDir(dir); return err }
			if file == "acme_test.yaml" {
				read = func() error { _, err := ReadTestDir(dir); return err }
			}
			var diags Diagnostics
			if err := read(); !errors.As(err, &diags) || len(diags) != 1 {
				t.Errorf("%s, %s: want one diagnostic, got %v", tt.name, file, err)
				continue
			}
			if d := diags[0]; d.Code != "read" || d.File != path || d.Message != tt.want || strings.Contains(d.Message, dir) {
				t.Errorf("%s, %s: got %+v, want %q", tt.name, file, d, tt.want)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "acme.yaml")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadDir(file); err == nil || !strings.Contains(err.Error(), "name the directory that the file is in") {
		t.Errorf("a file for a directory: %v", err)
	}
}
