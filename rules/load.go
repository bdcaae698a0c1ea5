package rules

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed packs/platform.yaml
var platformPack []byte

// Source is a rule file. Name is shown in diagnostics.
type Source struct {
	Name string
	Data []byte
}

// Options of Load. The zero value is the safe one.
type Options struct {
	// NoPlatform leaves the embedded platform pack out: for tests of account
	// packs only. What is permitted then is not what X permits.
	NoPlatform bool
}

// maxSources bounds the files of an account.
const maxSources = 1000

// Load checks and compiles the account's rule files on top of the platform
// pack. The error is Diagnostics: everything that is wrong, sorted by file,
// line and column. Without a file nothing could ever be permitted; that is an
// error too.
func Load(account []Source, opts Options) (set *Set, err error) {
	defer func() {
		if p := recover(); p != nil {
			set, err = nil, Diagnostics{{Code: "internal", Message: fmt.Sprintf("the loader failed: %v", p)}}
		}
	}()
	if len(account) == 0 || len(account) > maxSources {
		return nil, Diagnostics{noRules("rules", len(account))}
	}
	b := newBuilder()
	if !opts.NoPlatform {
		b.add(Source{Name: "platform.yaml", Data: platformPack}, layerPlatform)
	}
	for _, s := range account {
		b.add(s, layerAccount)
	}
	return b.set(account)
}

// LoadDir loads what ReadDir reads.
func LoadDir(dir string, opts Options) (*Set, error) {
	sources, err := ReadDir(dir)
	if err != nil {
		return nil, err
	}
	return Load(sources, opts)
}

// ReadDir reads every *.yaml and *.yml of dir, tests (*_test.yaml) apart, in
// order of name. It does not look into sub-directories. The error is
// Diagnostics.
func ReadDir(dir string) ([]Source, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, Diagnostics{Unread(dir, err)}
	}
	var sources []Source
	var diags Diagnostics
	for _, e := range entries {
		if !isRuleFile(e.Name()) || e.IsDir() {
			continue
		}
		name := filepath.Join(dir, e.Name())
		data, err := readCapped(name)
		if err != nil {
			diags = append(diags, Unread(name, err))
			continue
		}
		sources = append(sources, Source{Name: name, Data: data})
	}
	if len(sources) == 0 && len(diags) == 0 {
		diags = Diagnostics{noRules(dir, 0)}
	}
	if len(diags) > 0 {
		return nil, diags
	}
	return sources, nil
}

func noRules(where string, n int) Diagnostic {
	return Diagnostic{Code: "no-rules", File: where, Hint: "beckon init DIR writes a directory to start from",
		Message: fmt.Sprintf("%d rule files: an account has 1 to %d, without any nothing could ever be sent", n, maxSources)}
}

func isRuleFile(name string) bool {
	ext := filepath.Ext(name)
	if ext != ".yaml" && ext != ".yml" || strings.HasPrefix(name, ".") {
		return false
	}
	return !strings.HasSuffix(strings.TrimSuffix(name, ext), "_test")
}
