package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// unit is a function of the dialect that makes a duration of a whole number.
type unit struct {
	name string
	of   time.Duration
}

var (
	minutes = unit{"minutes", time.Minute}
	hours   = unit{"hours", time.Hour}
	days    = unit{"days", 24 * time.Hour}
)

func unitNamed(name string) (unit, bool) {
	for _, u := range []unit{minutes, hours, days} {
		if u.name == name {
			return u, true
		}
	}
	return unit{}, false
}

// call returns the name and arguments of a function call of any kind.
func call(n ast.Node) (name string, args []ast.Node, ok bool) {
	switch n := n.(type) {
	case *ast.CallNode:
		if id, is := n.Callee.(*ast.IdentifierNode); is {
			name = id.Value
		}
		return name, n.Arguments, true
	case *ast.BuiltinNode:
		return n.Name, n.Arguments, true
	}
	return "", nil, false
}

// isLiteral reports whether n is a constant of any kind that the dialect has.
func isLiteral(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.BoolNode:
		return true
	case *ast.UnaryNode:
		return n.Operator == "-" && isLiteral(n.Node)
	}
	name, _, _ := call(n)
	_, ok := unitNamed(name)
	return ok
}

// constant reads a constant of f's domain.
func (d *dialect) constant(n ast.Node, f *field) (constant, error) {
	at := start(n)
	if isReference(n) {
		if id, ok := n.(*ast.IdentifierNode); ok && f.domain <= text {
			return constant{}, problemAt(at, "type", fmt.Sprintf("write %q", id.Value), "a constant is written in double quotes")
		}
		return constant{}, problemAt(at, "two-fields", "compare each field with a constant", "only constants stand here")
	}
	switch f.domain {
	case oneOf, text:
		s, ok := n.(*ast.StringNode)
		if !ok {
			return constant{}, d.mismatch(n, f)
		}
		if f.domain == oneOf && !has(f.enum, s.Value) {
			return constant{}, problemAt(at, "enum", didYouMean(s.Value, f.enum), "%s is never %q", f.name, s.Value)
		}
		if f.domain == text && !isLang(s.Value) {
			return constant{}, problemAt(at, "language", `write a code such as "en" or "pt-br"`, "%q is not a language code", s.Value)
		}
		return constant{s: s.Value}, nil
	case duration:
		return d.duration(n, f)
	}
	v, whole, ok := numeral(n)
	if !ok || f.domain == count && !whole {
		return constant{}, d.mismatch(n, f)
	}
	return inRange(at, f, v)
}

// duration reads a unit function of one whole number.
func (d *dialect) duration(n ast.Node, f *field) (constant, error) {
	name, args, ok := call(n)
	u, known := unitNamed(name)
	if !ok {
		return constant{}, d.mismatch(n, f)
	}
	if !known {
		return constant{}, d.refuse(n)
	}
	if len(args) == 1 {
		if v, whole, ok := numeral(args[0]); ok && whole {
			return inRange(start(n), f, v*float64(u.of))
		}
	}
	return constant{}, problemAt(start(n), "unit", fmt.Sprintf("write %s(24)", u.name), "%s takes one whole number", u.name)
}

// numeral reads a number with an optional minus.
func numeral(n ast.Node) (v float64, whole, ok bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return float64(n.Value), true, true
	case *ast.FloatNode:
		return n.Value, false, true
	case *ast.UnaryNode:
		if n.Operator == "-" {
			v, whole, ok = numeral(n.Node)
			return -v, whole, ok
		}
	}
	return 0, false, false
}

func inRange(at int, f *field, v float64) (constant, error) {
	if v < f.min || v > f.max {
		return constant{}, problemAt(at, "range", fmt.Sprintf("it lies between %s and %s", f.format(f.min), f.format(f.max)),
			"%s is never %s", f.name, f.format(v))
	}
	return constant{n: v}, nil
}

// mismatch says that a constant is not of the field's domain.
func (d *dialect) mismatch(n ast.Node, f *field) error {
	if !isLiteral(n) {
		return d.refuse(n)
	}
	return problemAt(start(n), "type", compareHint(f), "%s is a %s", f.name, f.domain)
}

// compareHint shows a comparison that f takes.
func compareHint(f *field) string {
	switch f.domain {
	case oneOf:
		return fmt.Sprintf("write %s == %q", f.name, f.enum[0])
	case text:
		return fmt.Sprintf("write %s == %q", f.name, "en")
	case duration:
		return "write " + f.name + " < hours(24)"
	case money:
		return "write " + f.name + " < 0.5"
	}
	return "write " + f.name + " == 0"
}

// refuse says what a node is that the dialect does not have.
func (d *dialect) refuse(n ast.Node) error {
	at := start(n)
	if name, _, ok := call(n); ok {
		hint := "the only functions are minutes(5), hours(24), days(1)"
		if _, unit := unitNamed(name); unit {
			hint = "compare a field with it"
		}
		if name == "" {
			return problemAt(at, "function", "a field stands without parentheses", "this cannot be called")
		}
		return problemAt(at, "function", hint, "the dialect has no function %s here", name)
	}
	what, hint := "this", "a condition is a boolean field, or a field compared with a constant, joined by and, or, not"
	switch n := n.(type) {
	case *ast.NilNode:
		what, hint = "nil", "there is no nil: every field always has a value"
	case *ast.ConditionalNode:
		what, hint = "if and else", "write several rules"
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		what, hint = "variables and sequences", "write several named conditions: all must hold"
	case *ast.ArrayNode:
		what, hint = "a list here", "write field in [constants]"
	case *ast.BytesNode:
		what, hint = "bytes", "write a constant in double quotes"
	case *ast.SliceNode, *ast.ChainNode:
		what, hint = "indexing", "write group.field"
	case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
		what = "a constant here"
	case *ast.UnaryNode:
		what = "sign " + n.Operator
	case *ast.BinaryNode:
		what = "a nested comparison here"
	}
	return problemAt(at, "not-a-condition", hint, "the dialect has no place for %s", what)
}

// isLang reports whether s has the form of a language code as X writes it:
// letters in groups of two to eight, joined by dashes; empty where unknown.
func isLang(s string) bool {
	if s == "" {
		return true
	}
	for i, part := range strings.Split(s, "-") {
		if len(part) < 2 || len(part) > 8 || i == 0 && (len(part) > 3 || strings.ToLower(part) != part) {
			return false
		}
	}
	return true
}
