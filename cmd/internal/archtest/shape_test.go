package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

const maxLines = 800

var (
	topLevel = []string{"cmd", "runtime", "handlers", "rules", "db", "deploy", "go.mod", "go.sum", "README.md", "LICENSE"}

	// vague names say nothing of what is inside; shadowing ones hide a package
	// of Go's runtime.
	vague     = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "type", "types", "misc", "base"}
	shadowing = []string{"cgo", "coverage", "debug", "metrics", "pprof", "race", "trace"}
)

// fixedTop refuses anything new at the top and any Go file directly in runtime.
func fixedTop(r *repo) (bad []string) {
	for _, name := range r.top {
		if !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) {
			bad = append(bad, name+": the top level is fixed: "+strings.Join(topLevel, " "))
		}
	}
	for _, f := range r.files {
		if path.Dir(f.path) == "runtime" {
			bad = append(bad, f.path+": runtime is a folder of folders")
		}
	}
	return bad
}

func fileSizes(r *repo) (bad []string) {
	for _, f := range r.gos {
		if n := bytes.Count(f.data, []byte("\n")); !f.gen && n > maxLines {
			bad = append(bad, fmt.Sprintf("%s: %d lines, at most %d", f.path, n, maxLines))
		}
	}
	return bad
}

// medianLines is of the files written by hand.
func medianLines(r *repo) int {
	var sizes []int
	for _, f := range r.gos {
		if !f.gen {
			sizes = append(sizes, bytes.Count(f.data, []byte("\n")))
		}
	}
	if len(sizes) == 0 {
		return 0
	}
	slices.Sort(sizes)
	return sizes[len(sizes)/2]
}

func packageNames(r *repo) (bad []string) {
	for _, dir := range slices.Sorted(maps.Keys(r.packages())) {
		switch base := path.Base(dir); {
		case slices.Contains(vague, base):
			bad = append(bad, dir+": the name says nothing of what is inside")
		case slices.Contains(shadowing, base):
			bad = append(bad, dir+": hides a package of Go's runtime")
		}
	}
	return bad
}

// packageComments wants one comment a package, outside its tests.
func packageComments(r *repo) (bad []string) {
	for dir, files := range r.packages() {
		var docs []string
		own := false
		for _, f := range files {
			if f.test {
				continue
			}
			own = own || !f.gen
			if f.ast.Doc != nil {
				docs = append(docs, f.path)
			}
		}
		switch {
		case own && len(docs) == 0:
			bad = append(bad, dir+": no package comment")
		case len(docs) > 1:
			bad = append(bad, fmt.Sprintf("%s: package comments in %s", dir, strings.Join(docs, " and ")))
		}
	}
	slices.Sort(bad)
	return bad
}

// noInit refuses init functions, tests included: two hosts fit in one process.
func noInit(r *repo) (bad []string) {
	for _, f := range r.gos {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				bad = append(bad, r.at(f, fn)+": init")
			}
		}
	}
	return bad
}

// bubbleMark stands in the comment of a helper that is only called inside a
// synctest bubble, and may sleep.
var bubbleMark = regexp.MustCompile(`(?i)in(side)? (a|the) bubble`)

// realSleeps refuses time.Sleep in tests outside synctest.Test.
func realSleeps(r *repo) (bad []string) {
	for _, f := range r.gos {
		if !f.test && !isTestPackage(f.dir) {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && bubbleMark.MatchString(fn.Doc.Text()) {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				switch {
				case !ok:
				case isSelector(call.Fun, "synctest", "Test"):
					return false
				case isSelector(call.Fun, "time", "Sleep"):
					bad = append(bad, r.at(f, call)+": time.Sleep outside a synctest bubble")
				}
				return true
			})
		}
	}
	return bad
}

func isSelector(e ast.Expr, pkg, name string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && id.Name == pkg
}
