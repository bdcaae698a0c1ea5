package action

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// I7: in the whole program there is one call of the X of an action.
func TestI7OneFunctionCallsX(t *testing.T) {
	t.Parallel()
	var calls []string
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && strings.HasPrefix(e.Name(), ".") && path != root {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return nil // somebody is writing it
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok && len(c.Args) == 2 {
				if s, ok := c.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Send" {
					calls = append(calls, filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator))))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"runtime/action/sender.go"}; !slices.Equal(calls, want) {
		t.Errorf("calls of Send(ctx, outgoing): got %v, want %v", calls, want)
	}
}
