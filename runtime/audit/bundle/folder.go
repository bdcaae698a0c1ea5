package bundle

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Who may see a file.
const (
	ForX   = "none"     // nothing in it is confidential
	Inside = "operator" // names or settings of the operator: for X and the operator only
	// Figures: what is confidential to X could be counted from it, such as how often
	// X takes what is sent to it (facts.md, read 2026-11-25).
	Figures = "x"
)

// File is one file of a folder.
type File struct {
	Name         string `json:"name"` // with a slash: in a folder of the folder
	What         string `json:"what,omitempty"`
	Confidential string `json:"confidential,omitempty"` // one of the above
	Data         []byte `json:"data"`
}

// Manifest says what is in a folder, what of it is confidential, and what was
// left out because it is.
type Manifest struct {
	Form    string         `json:"form"`
	From    string         `json:"from"`
	To      string         `json:"to"`
	Made    string         `json:"made"`
	By      string         `json:"by"`
	For     string         `json:"for,omitempty"`
	Files   []manifestFile `json:"files"`
	LeftOut []string       `json:"left_out_as_confidential"`
	Notice  string         `json:"notice"`
}

type manifestFile struct {
	Name         string `json:"name"`
	What         string `json:"what"`
	Confidential string `json:"confidential"` // none, operator or x
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

// Sums is the file that `sha256sum -c` reads.
const Sums = "SHA256SUMS"

// Sealed adds the manifest, and the checksums of all, to files. m's Files,
// LeftOut and Notice are filled in.
func Sealed(m Manifest, files []File) ([]File, error) {
	m.LeftOut, m.Notice = leftOut(), notice
	var sums strings.Builder
	for _, f := range files {
		sum := fmt.Sprintf("%x", sha256.Sum256(f.Data))
		m.Files = append(m.Files, manifestFile{f.Name, f.What, f.Confidential, sum})
		fmt.Fprintf(&sums, "%s  %s\n", sum, f.Name)
	}
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	raw = append(raw, '\n')
	fmt.Fprintf(&sums, "%x  manifest.json\n", sha256.Sum256(raw))
	return append(files, File{"manifest.json", "", ForX, raw}, File{Sums, "", ForX, []byte(sums.String())}), nil
}

// Put makes the folder with the files in it, and returns their names. It is there
// whole or not at all: what was cut off lies beside it, under a name that begins
// with a dot and says incomplete. A folder that holds anything is left alone.
func Put(dir string, files []File) (names []string, err error) {
	if err := Free(dir); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), "."+filepath.Base(dir)+".incomplete-*")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(tmp))
		}
	}()
	for _, f := range files {
		if !filepath.IsLocal(f.Name) {
			return nil, fmt.Errorf("%q is no name of a file in %s", f.Name, dir)
		}
		path := filepath.Join(tmp, filepath.FromSlash(f.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), write(path, f.Data)); err != nil {
			return nil, err
		}
		names = append(names, f.Name)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one is in the way
		return nil, err
	}
	return names, os.Rename(tmp, dir)
}

// Free is an error where there is something under that name already. An empty
// folder is nothing.
func Free(dir string) error {
	list, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(list) > 0:
		return fmt.Errorf("%s is there already, and not empty; name another folder", dir)
	}
	return nil
}

// write writes a file that is on the disk when it returns.
func write(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

// Lines makes a file of JSON lines.
func Lines[T any](name, what, confidential string, rows []T) (File, error) {
	f := File{Name: name, What: what, Confidential: confidential, Data: []byte{}}
	for _, r := range rows {
		line, err := json.Marshal(r)
		if err != nil {
			return f, fmt.Errorf("write %s: %w", name, err)
		}
		f.Data = append(append(f.Data, line...), '\n')
	}
	return f, nil
}
