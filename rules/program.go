package rules

import (
	"fmt"
	"reflect"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	exprfile "github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// maxFeatures bounds the features of a set, so that they fit into env.
const maxFeatures = 64

// env is what programs run against: the input, and the features by slot.
// Unlike Input it has no methods, and it is boxed by value, so that reading a
// field allocates nothing.
type env struct {
	Action      ActionInput       `expr:"action"`
	Event       EventInput        `expr:"event"`
	Interaction InteractionInput  `expr:"interaction"`
	User        UserInput         `expr:"user"`
	Bot         BotInput          `expr:"bot"`
	Draft       DraftInput        `expr:"draft"`
	Budget      BudgetInput       `expr:"budget"`
	Feature     [maxFeatures]bool `expr:"feature"`
}

// program is a compiled condition over E. Programs read fields by index and
// do not check the type they run against, so compile and run are a pair: the
// type parameter keeps a program from the wrong environment.
type program[E any] struct{ code *vm.Program }

// boxed is an environment ready for any number of runs, and the features of
// which it does not know whether they are true.
type boxed[E any] struct {
	value   any
	unknown slots
}

func box[E any](e E) boxed[E] { return boxed[E]{value: e} }

// newConfig prepares for compiling many conditions over E. It is for one
// goroutine. Nothing is optimized: a term is as simple as it gets.
func newConfig[E any]() *conf.Config {
	var zero E
	c := conf.New(zero)
	c.Optimize = false
	return c
}

func compile[E any](c *conf.Config, src string, root ast.Node) (program[E], error) {
	tree := &parser.Tree{Node: root, Source: exprfile.NewSource(src)}
	if c.Optimize { // no decision runs on it; the evaluators are compared with it on and off
		if _, err := checker.Check(tree, c); err != nil {
			return program[E]{}, err
		}
		if err := optimizer.Optimize(&tree.Node, c); err != nil {
			return program[E]{}, err
		}
	}
	t, err := checker.Check(tree, c)
	if err != nil {
		return program[E]{}, err
	}
	if t != reflect.TypeFor[bool]() {
		return program[E]{}, fmt.Errorf("condition is %v, not bool", t)
	}
	code, err := compiler.Compile(tree, c)
	if err != nil {
		return program[E]{}, err
	}
	return program[E]{code}, nil
}

// run evaluates the program. An error is an Error, never a value.
func (p program[E]) run(m *vm.VM, e boxed[E]) Truth {
	if p.code == nil {
		return Error
	}
	v, err := m.Run(p.code, e.value)
	if err != nil {
		return Error
	}
	switch v {
	case true:
		return True
	case false:
		return False
	}
	return Error
}

// lower turns a term back into expr's syntax, typed so that no conversion is
// left to run time.
func (t *term) lower() ast.Node {
	switch t.op {
	case opAnd, opOr:
		name := map[op]string{opAnd: "and", opOr: "or"}[t.op]
		return &ast.BinaryNode{Operator: name, Left: t.kids[0].lower(), Right: t.kids[1].lower()}
	case opNot:
		return &ast.UnaryNode{Operator: "not", Node: t.kids[0].lower()}
	case opFeature:
		return &ast.MemberNode{Node: &ast.IdentifierNode{Value: "feature"}, Property: &ast.IntegerNode{Value: t.slot}}
	case opFlag:
		return t.field.lower()
	case opCompare:
		return t.field.compare(t.cmp, t.consts[0])
	}
	// A list becomes comparisons: faster than a set for the few constants that
	// fit into a condition, and free of expr's conversions between number types.
	out := t.field.compare("==", t.consts[0])
	for _, c := range t.consts[1:] {
		out = &ast.BinaryNode{Operator: "or", Left: out, Right: t.field.compare("==", c)}
	}
	return out
}

func (f *field) lower() ast.Node {
	tree := reflect.TypeFor[Input]().Field(f.group)
	return &ast.MemberNode{
		Node:     &ast.IdentifierNode{Value: tree.Tag.Get("expr")},
		Property: &ast.StringNode{Value: tree.Type.Field(f.leaf).Tag.Get("expr")},
	}
}

func (f *field) compare(cmp string, c constant) ast.Node {
	var v any
	switch f.domain {
	case count:
		v = int64(c.n)
	case duration:
		v = time.Duration(c.n)
	case money:
		v = c.n
	default:
		v = c.s
	}
	return &ast.BinaryNode{Operator: cmp, Left: f.lower(), Right: &ast.ConstantNode{Value: v}}
}
