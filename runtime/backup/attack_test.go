package backup

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rewrite changes the manifest of a backup, as somebody could who can write there.
func (h *host) rewrite(m Manifest) {
	h.Helper()
	raw, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(filepath.Join(h.to, m.ID, manifestName), raw, 0o600)
	}
	if err != nil {
		h.Fatal(err)
	}
}

// No name in a manifest leads out of the backup, nor out of the folder that a
// file of config/ is put back into.
func TestB11NamesStayInside(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	m := h.backup()
	stray := filepath.Join(h.to, m.ID, "evil.yaml")
	if err := os.WriteFile(stray, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	sum, err := sumOf(stray)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"config/../evil.yaml", "config//../evil.yaml", "../" + m.ID + "/evil.yaml", "./evil.yaml"} {
		sum.Name = name
		bad := m
		bad.Files = append(append([]Sum(nil), m.Files...), sum)
		h.rewrite(bad)
		if _, err := Open(h.to); !errors.Is(err, ErrNotWhole) {
			t.Errorf("a file named %q: %v", name, err)
		}
	}
	for _, name := range []string{"../../elsewhere.yaml", "evil.yaml", "beckon.db", "config/none.yaml"} {
		bad := m
		bad.Config = name
		h.rewrite(bad)
		if _, err := Open(h.to); !errors.Is(err, ErrNotWhole) {
			t.Errorf("the configuration is %q: %v", name, err)
		}
	}
	h.rewrite(m)
	h.open()
}

// A backup of a later time than now, which a clock that was ahead has left, does
// not push the new one out, and is not the newest for ever.
func TestB11NoneOfALaterTime(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.now = ten.AddDate(4, 0, 0)
	ahead := h.backup()
	h.now = ten
	o := h.options()
	o.Keep = 1
	m, err := Make(t.Context(), o)
	if err == nil {
		if _, err := Open(filepath.Join(h.to, m.ID)); err != nil {
			t.Errorf("the backup that was just made: %v", err)
		}
		t.Error("a backup was made that nobody will take for the newest")
	} else if !strings.Contains(err.Error(), ahead.ID) {
		t.Error(err)
	}
}

// The folder is looked for where links lead.
func TestB12NotIntoWhatIsBackedUpByALink(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	real := filepath.Join(t.TempDir(), "rules")
	if err := errors.Join(os.Rename(filepath.Join(h.dir, "rules"), real), os.Symlink(real, filepath.Join(h.dir, "rules"))); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{filepath.Join(real, "backups"), filepath.Join(h.dir, "rules", "more", "backups")} {
		o := h.options()
		o.Dir = to
		if _, err := Make(t.Context(), o); err == nil || !strings.Contains(err.Error(), "which is backed up") {
			t.Errorf("into %s: %v", to, err)
		}
		if _, err := os.Lstat(to); err == nil {
			t.Errorf("%s was made", to)
		}
	}
}

// A folder of rules that holds a secret, or a link to one, is copied without it. A
// link that leads nowhere, as an editor leaves beside an open file, is no fault.
func TestB13NoSecretBesideTheRules(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.file("rules/token", marker)
	h.file("rules/data/host.key", marker)
	for link, to := range map[string]string{"more.yaml": "token", "key.yaml": "data/host.key", ".#acme.yaml": "olga@desk.4711"} {
		if err := os.Symlink(to, filepath.Join(h.dir, "rules", link)); err != nil {
			t.Fatal(err)
		}
	}
	o := h.options()
	o.Secret = []string{filepath.Join(h.dir, "rules", "token"), filepath.Join(h.dir, "rules", "data")}
	m, err := Make(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range m.Files {
		names = append(names, s.Name)
	}
	if want := []string{databaseName, "config/beckon.yaml", "config/rules/acme.yaml"}; !slices.Equal(names, want) {
		t.Errorf("in the backup are %q, want %q", names, want)
	}
}
