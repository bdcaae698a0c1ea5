package archtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// promised is what the architecture page demands by number: a folder, and the
// invariants its package comment must state.
var promised = map[string][]string{
	"runtime/action": {"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8"},
	"runtime/bus":    {"B1", "B2", "B3"},
	"db":             {"D1", "D2", "D3", "D4", "D5"},
}

// stated matches an invariant in a package comment: a list item that begins
// with its number.
var stated = regexp.MustCompile(`(?m)^\s*-\s+([A-Z]\d{1,2})\b`)

// invariants wants a test for every numbered invariant, with the number in its
// name: func TestI3UnknownNeverResent, or t.Run("I3 unknown is never resent").
func invariants(r *repo) (bad []string) {
	where := map[string]string{} // number to folder
	for dir, files := range r.packages() {
		for _, f := range files {
			if f.test || f.ast.Doc == nil {
				continue
			}
			for _, m := range stated.FindAllStringSubmatch(f.ast.Doc.Text(), -1) {
				if other := where[m[1]]; other != "" && other != dir {
					first, second := min(other, dir), max(other, dir)
					bad = append(bad, fmt.Sprintf("%s: invariant %s is stated in %s too", second, m[1], first))
				}
				where[m[1]] = dir
			}
		}
	}
	for dir, numbers := range promised {
		for _, n := range numbers {
			if where[n] != dir {
				bad = append(bad, fmt.Sprintf("%s: the package comment does not state %s", dir, n))
			}
		}
	}
	tested := testedNumbers(r)
	for _, n := range slices.SortedFunc(maps.Keys(where), byNumber) {
		if !tested[n] {
			bad = append(bad, fmt.Sprintf("%s: no test carries invariant %s in its name", where[n], n))
		}
	}
	return bad
}

// testedNumbers collects the numbers in names of tests and of subtests, in test
// files and in conformance suites. A text is a subtest's name where it is the
// first argument of Run, the first field of a table's entry, or a map's key.
func testedNumbers(r *repo) map[string]bool {
	inFunc := regexp.MustCompile(`^(?i:test|fuzz|exercise|check)?((?:[A-Z]\d{1,2})+)(?:[A-Z_]|$)`)
	number := regexp.MustCompile(`[A-Z]\d{1,2}`)
	inText := regexp.MustCompile(`^(?:[A-Z]\d{1,2}[ ,]*)+(?:[A-Z_ ]|$)`)
	out := map[string]bool{}
	note := func(names string) {
		for _, n := range number.FindAllString(names, -1) {
			out[n] = true
		}
	}
	for _, f := range r.gos {
		if !f.test && !isTestPackage(f.dir) || within(f.dir, "cmd/internal/archtest") {
			continue
		}
		text := func(e ast.Expr) {
			if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					note(inText.FindString(s))
				}
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if m := inFunc.FindStringSubmatch(n.Name.Name); m != nil {
					note(m[1])
				}
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Run" && len(n.Args) == 2 {
					text(n.Args[0])
				}
			case *ast.CompositeLit:
				for i, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						text(kv.Key)
						e = kv.Value
					}
					if i == 0 {
						text(e)
					}
				}
			}
			return true
		})
	}
	return out
}

func byNumber(a, b string) int {
	x, _ := strconv.Atoi(a[1:])
	y, _ := strconv.Atoi(b[1:])
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(x, y))
}
