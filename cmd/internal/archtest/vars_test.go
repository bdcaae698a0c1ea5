package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// fixedValues are the calls whose result nobody can change afterwards.
var fixedValues = []string{
	"errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer", "reflect.TypeFor", "time.Date",
	"netip.MustParseAddr", "netip.MustParsePrefix",
}

// computed names the tables that are worked out at start because Go cannot
// spell them, and from what. Nothing of a run may enter them.
var computed = map[string]string{
	"rules.fields":      "the tags of rules.Input",
	"rules.fieldByName": "rules.fields",
	"rules.boundFields": "rules.fields",
	"rules.inputHash":   "rules.fields",

	"runtime/conversation.lists":    "the files in words, once they are needed",
	"runtime/conversation.agents":   "the embedded agent.txt, once it is needed",
	"runtime/conversation.erasures": "the embedded forget.txt, once it is needed",
	"runtime/conversation.unlinks":  "the embedded unlink.txt, once it is needed",
	"runtime/conversation.spoken":   "the embedded word lists, once they are needed",
	"runtime/conversation.glyphs":   "the tables of Unicode",
	"handlers.owns":                 "the embedded bot.txt, once it is needed",
	"rules.sensitive":               "the embedded sensitive.txt",

	"runtime/gate.claimsHuman":    "the phrases beside it",
	"runtime/gate.asksEngagement": "the phrases beside it",
}

// packageState refuses mutable variables of a package. A variable may be a
// sentinel error, a compiled pattern, a table written out in full, an embedded
// file, or an assertion (_). None of them may be assigned, indexed into for
// writing, or have its address taken, here or elsewhere.
func packageState(r *repo) (bad []string) {
	vars := map[string]bool{} // folder.name of every package variable
	for f := range r.production {
		for _, d := range f.ast.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, s := range gen.Specs {
				spec := s.(*ast.ValueSpec)
				for i, name := range spec.Names {
					if name.Name == "_" {
						continue
					}
					vars[f.dir+"."+name.Name] = true
					if computed[f.dir+"."+name.Name] != "" || embedded(gen, spec) || len(spec.Values) == len(spec.Names) && fixed(spec.Values[i]) {
						continue
					}
					bad = append(bad, fmt.Sprintf("%s: %s is package state: only errors, patterns, tables and embedded files may be", r.at(f, name), name.Name))
				}
			}
		}
	}
	for f := range r.production {
		bad = append(bad, writesTo(r, f, vars)...)
	}
	return bad
}

func embedded(gen *ast.GenDecl, spec *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{gen.Doc, spec.Doc} {
		if doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") }) {
			return true
		}
	}
	return false
}

func fixed(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.CompositeLit:
		sel, ok := e.Type.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := sel.X.(*ast.Ident)
		return !ok || id.Name != "sync" && id.Name != "atomic"
	case *ast.CallExpr:
		fun := e.Fun
		if generic, ok := fun.(*ast.IndexExpr); ok {
			fun = generic.X
		}
		return slices.ContainsFunc(fixedValues, func(name string) bool {
			pkg, fn, _ := strings.Cut(name, ".")
			return isSelector(fun, pkg, fn)
		})
	}
	return false
}

// writesTo finds what could change a package variable: assignments, ++ and --,
// & and clear or delete. A local of the same name is told apart by function.
func writesTo(r *repo, f *goFile, vars map[string]bool) (bad []string) {
	packages := map[string]string{} // name in this file to folder
	for p, spec := range f.imports {
		if dir, own := ours(p); own {
			name := dir[strings.LastIndexByte(dir, '/')+1:]
			if spec.Name != nil {
				name = spec.Name.Name
			}
			packages[name] = dir
		}
	}
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		local := locals(fn)
		check := func(e ast.Expr) {
			name := ""
			switch x := root(e).(type) {
			case *ast.Ident:
				if !local[x.Name] {
					name = f.dir + "." + x.Name
				}
			case *ast.SelectorExpr:
				if id, ok := x.X.(*ast.Ident); ok && !local[id.Name] && packages[id.Name] != "" {
					name = packages[id.Name] + "." + x.Sel.Name
				}
			}
			if vars[name] {
				bad = append(bad, fmt.Sprintf("%s: may change the package variable %s", r.at(f, e), name))
			}
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, e := range n.Lhs {
						check(e)
					}
				}
			case *ast.IncDecStmt:
				check(n.X)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					check(n.X)
				}
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear") && len(n.Args) > 0 {
					check(n.Args[0])
				}
			}
			return true
		})
	}
	return bad
}

// root strips indexes, fields and parentheses down to a name or pkg.Name.
func root(e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SelectorExpr:
			if id, ok := x.X.(*ast.Ident); ok && id.Obj == nil && !ast.IsExported(id.Name) && ast.IsExported(x.Sel.Name) {
				return x // perhaps pkg.Name
			}
			e = x.X
		default:
			return e
		}
	}
}

// locals returns every name that a function declares, wherever in it.
func locals(fn *ast.FuncDecl) map[string]bool {
	out := map[string]bool{}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				out[name.Name] = true
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, e := range n.Lhs {
					if id, ok := e.(*ast.Ident); ok {
						out[id.Name] = true
					}
				}
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if id, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					out[id.Name] = true
				}
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				out[name.Name] = true
			}
		}
		return true
	})
	return out
}
