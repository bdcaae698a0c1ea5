package archtest

import (
	"fmt"
	"go/ast"
	"strings"
)

// auditedWrites holds that every writing method of the store is noted in the
// audit chain, or stands in the list of those that are no facts for an auditor:
// who adds a record has to say which. Only runtime/audit is asked, because
// everything that a host writes passes through it.
func auditedWrites(r *repo) (bad []string) {
	said := map[string]bool{} // by runtime/audit, one way or the other
	for f := range r.production {
		if f.dir != "runtime/audit" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv != nil && receiver(n) == "recorder" {
					said[n.Name.Name] = true
				}
			case *ast.ValueSpec:
				if len(n.Names) == 1 && n.Names[0].Name == "unnoted" {
					ast.Inspect(n, func(n ast.Node) bool {
						if l, ok := n.(*ast.BasicLit); ok {
							said[strings.Trim(l.Value, `"`)] = true
						}
						return true
					})
				}
			}
			return true
		})
	}
	for f := range r.production {
		if f.dir != "db" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			i, ok := spec.Type.(*ast.InterfaceType)
			if !ok || spec.Name.Name == "Store" {
				return true
			}
			for _, m := range i.Methods.List {
				fn, ok := m.Type.(*ast.FuncType)
				if !ok || !writes(fn) || said[m.Names[0].Name] {
					continue
				}
				bad = append(bad, fmt.Sprintf("%s: db.%s writes, and runtime/audit/recorder.go neither notes it nor lists it as unnoted", r.at(f, m), m.Names[0].Name))
			}
			return true
		})
	}
	return bad
}

// writes reports whether a method of a db interface writes: it gives back
// nothing but an error, or whether or how much it wrote.
func writes(fn *ast.FuncType) bool {
	if fn.Results == nil || len(fn.Results.List) == 0 {
		return true
	}
	first, ok := fn.Results.List[0].Type.(*ast.Ident)
	return ok && (first.Name == "error" || first.Name == "int" || first.Name == "bool")
}

// receiver is the name of the type that a method belongs to.
func receiver(fn *ast.FuncDecl) string {
	t := fn.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// oneGiver keeps the caps on what is given to others in one function: nobody
// else records that something was given.
func oneGiver(r *repo) (bad []string) {
	for f := range r.production {
		if within(f.dir, "runtime/audit", "db") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "PutRedistribution" {
				bad = append(bad, r.at(f, n)+": only audit.Give records what is given to others")
			}
			return true
		})
	}
	return bad
}
