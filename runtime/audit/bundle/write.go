package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Who may see a file of the bundle.
const (
	forX   = "none"     // nothing in it is confidential
	inside = "operator" // names or settings of the operator: for X and the operator only
)

// manifest says what is in the bundle, what of it is confidential, and what was
// left out because it is.
type manifest struct {
	Form    string         `json:"form"`
	From    string         `json:"from"`
	To      string         `json:"to"` // the last day
	Made    string         `json:"made"`
	By      string         `json:"by"`
	For     string         `json:"for"`
	Files   []manifestFile `json:"files"`
	LeftOut []string       `json:"left_out_as_confidential"`
	Notice  string         `json:"notice"`
}

type manifestFile struct {
	Name         string `json:"name"`
	What         string `json:"what"`
	Confidential string `json:"confidential"` // none, or operator
	SHA256       string `json:"sha256"`
}

// leftOut is confidential to X (facts.md, read 2026-11-25).
func leftOut() []string {
	return []string{
		"rate limits and caps as X tells them, and what is left of them",
		"prices, contract figures, budgets and what was spent",
		"how fast X answers, and how often it takes, refuses or loses what is sent to it",
	}
}

const notice = "Counts tell of nobody. X's data may not be used to train models."

type file struct {
	name, what, confidential string
	data                     []byte
}

// Write makes the folder and puts the bundle into it, and returns the names of
// its files. It is there whole or not at all.
func Write(dir string, r Report) (names []string, err error) {
	files, err := r.files()
	if err != nil {
		return nil, err
	}
	parent := filepath.Dir(dir)
	tmp, err := os.MkdirTemp(parent, ".beckon-audit-*")
	if err != nil {
		return nil, fmt.Errorf("write the audit bundle: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(tmp))
		}
	}()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(tmp, f.name), f.data, 0o600); err != nil {
			return nil, fmt.Errorf("write the audit bundle: %w", err)
		}
		names = append(names, f.name)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return nil, fmt.Errorf("write the audit bundle: %w", err)
	}
	return names, nil
}

// files are the files of the bundle, the checksums last.
func (r Report) files() ([]file, error) {
	page, err := r.page()
	if err != nil {
		return nil, err
	}
	files := []file{{"report.html", "the whole report, to read and to print", inside, page}}
	for _, f := range []struct {
		name, what, confidential string
		lines                    []byte
		err                      error
	}{
		jsonLines("use.jsonl", "how data is used", forX, r.Use),
		jsonLines("rules.jsonl", "rules in force, by period", inside, r.Rules),
		jsonLines("decisions.jsonl", "decisions, by day, rule and reason", inside, r.Decisions),
		jsonLines("optouts.jsonl", "opt-outs, and how soon they were in force", forX, []OptOuts{r.OptOuts}),
		jsonLines("deletions.jsonl", "removals and their deadlines", forX, r.Deletions),
		jsonLines("given.jsonl", "what was given to whom, against X's caps", inside, r.Given),
		jsonLines("handlers.jsonl", "posts and DMs that handlers outside of the host were asked about", inside, r.Handlers),
		jsonLines("configuration.jsonl", "which settings changed when", inside, r.Config),
		jsonLines("chain.jsonl", "what the check of the audit chain found", forX, []any{r.Chain}),
	} {
		if f.err != nil {
			return nil, fmt.Errorf("write %s: %w", f.name, f.err)
		}
		files = append(files, file{f.name, f.what, f.confidential, f.lines})
	}
	if r.Note != "" {
		files = append(files, file{"checkpoint.txt", "the last signed checkpoint; keep it, `beckon audit verify --checkpoint` takes it", forX, []byte(r.Note)})
	}
	m := manifest{
		Form: "beckon.audit-bundle/v1", From: r.From.Format("2006-01-02"), To: r.lastDay(), Made: r.Made.Format("2006-01-02T15:04:05Z07:00"),
		By: r.By, For: r.For, LeftOut: leftOut(), Notice: notice,
	}
	var sums strings.Builder
	for _, f := range files {
		sum := fmt.Sprintf("%x", sha256.Sum256(f.data))
		m.Files = append(m.Files, manifestFile{f.name, f.what, f.confidential, sum})
		fmt.Fprintf(&sums, "%s  %s\n", sum, f.name)
	}
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	raw = append(raw, '\n')
	fmt.Fprintf(&sums, "%x  manifest.json\n", sha256.Sum256(raw))
	return append(files, file{"manifest.json", "", forX, raw}, file{"SHA256SUMS", "", forX, []byte(sums.String())}), nil
}

func jsonLines[T any](name, what, confidential string, rows []T) (f struct {
	name, what, confidential string
	lines                    []byte
	err                      error
}) {
	f.name, f.what, f.confidential = name, what, confidential
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, r := range rows {
		if f.err = enc.Encode(r); f.err != nil {
			return f
		}
	}
	f.lines = b.Bytes()
	return f
}

// lastDay is the day that To ends.
func (r Report) lastDay() string { return r.To.AddDate(0, 0, -1).Format("2006-01-02") }
