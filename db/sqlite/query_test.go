package sqlite

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// queryText finds a query in the generated code, as the program runs it.
func queryText(t *testing.T, name string) string {
	t.Helper()
	files, err := filepath.Glob("gen/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("generated queries: %v", err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		var found string
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err == nil && strings.HasPrefix(text, "-- name: "+name+" :") {
				found = text
			}
			return true
		})
		if found != "" {
			return found
		}
	}
	t.Fatalf("no query %s in gen/", name)
	return ""
}
