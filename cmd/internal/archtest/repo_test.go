package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/beckon-bot/beckon"

// repo is the tree as the checks see it: every tracked-looking file, and the Go
// files parsed.
type repo struct {
	top   []string // entries of the top folder
	files []file   // sorted by path
	fset  *token.FileSet
	gos   []*goFile
}

type file struct {
	path string
	data []byte
}

type goFile struct {
	file
	dir  string
	test bool // _test.go
	gen  bool // generated
	ast  *ast.File
}

// load reads a tree. What .gitignore names at the top is not part of it.
func load(fsys fs.FS) (*repo, error) {
	r := &repo{fset: token.NewFileSet()}
	ignored := map[string]bool{".git": true}
	if data, err := fs.ReadFile(fsys, ".gitignore"); err == nil {
		for line := range strings.Lines(string(data)) {
			ignored[strings.Trim(strings.TrimSpace(line), "/")] = true
		}
	}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ignored[p] {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if p != "." && !strings.Contains(p, "/") {
			r.top = append(r.top, p)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		f := file{p, data}
		r.files = append(r.files, f)
		if !strings.HasSuffix(p, ".go") || slices.Contains(strings.Split(p, "/"), "testdata") {
			return nil
		}
		parsed, err := parser.ParseFile(r.fset, p, data, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("parse: %w", err)
		}
		r.gos = append(r.gos, &goFile{file: f, dir: path.Dir(p), test: strings.HasSuffix(p, "_test.go"), gen: ast.IsGenerated(parsed), ast: parsed})
		return nil
	})
	return r, err
}

// production yields the Go files that end up in a binary.
func (r *repo) production(yield func(*goFile) bool) {
	for _, f := range r.gos {
		if !f.test && !f.gen && !yield(f) {
			return
		}
	}
}

// packages groups the Go files by folder.
func (r *repo) packages() map[string][]*goFile {
	out := map[string][]*goFile{}
	for _, f := range r.gos {
		out[f.dir] = append(out[f.dir], f)
	}
	return out
}

func (r *repo) at(f *goFile, n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, r.fset.Position(n.Pos()).Line)
}

// imports yields the path and the node of every import of f.
func (f *goFile) imports(yield func(string, *ast.ImportSpec) bool) {
	for _, spec := range f.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil && !yield(p, spec) {
			return
		}
	}
}

// ours returns the folder of an import path of this module.
func ours(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// within reports whether dir is one of roots or below it.
func within(dir string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return dir == root || strings.HasPrefix(dir, root+"/")
	})
}

// isTestPackage reports whether a folder holds help for tests (bustest, dbtest,
// bottest), which no binary may carry.
func isTestPackage(dir string) bool { return strings.HasSuffix(dir, "test") }

// text reports whether a file is for reading: no NUL byte near its start.
func (f file) text() bool { return !bytes.Contains(f.data[:min(len(f.data), 512)], []byte{0}) }

// lines yields the number and text of each line, from 1.
func (f file) lines(yield func(int, string) bool) {
	n := 0
	for line := range strings.Lines(string(f.data)) {
		if n++; !yield(n, strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}
