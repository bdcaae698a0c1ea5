package rules

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// dialect turns expr's syntax tree into terms. What it does not name, it
// refuses.
type dialect struct {
	src string
	scope
}

// term reads a node where a truth value stands.
func (d *dialect) term(n ast.Node) (*term, error) {
	switch n := n.(type) {
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			kid, err := d.term(n.Node)
			if err != nil {
				return nil, err
			}
			return &term{op: opNot, off: start(n), kids: []*term{kid}}, nil
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			return d.join(opAnd, n)
		case "or", "||":
			return d.join(opOr, n)
		case "==", "!=", "<", "<=", ">", ">=":
			return d.compare(n)
		case "in":
			return d.membership(n)
		}
		return nil, problemAt(n.Location().From, "operator", "use == != < <= > >= in, joined by and, or, not",
			"the dialect has no operator %s", n.Operator)
	case *ast.MemberNode, *ast.IdentifierNode:
		ref, err := d.reference(n)
		if err != nil {
			return nil, err
		}
		if ref.op == opCompare {
			return nil, problemAt(ref.off, "type", compareHint(ref.field),
				"%s is not true or false: it is a %s", ref.field.name, ref.field.domain)
		}
		return ref, nil
	case *ast.BoolNode:
		return nil, problemAt(start(n), "constant", "leave the condition out, or name a field", "this is always %s", n)
	}
	return nil, d.refuse(n)
}

// join reads both sides of and, or.
func (d *dialect) join(o op, n *ast.BinaryNode) (*term, error) {
	left, err := d.term(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := d.term(n.Right)
	if err != nil {
		return nil, err
	}
	return &term{op: o, off: start(n), kids: []*term{left, right}}, nil
}

func isReference(n ast.Node) bool {
	switch n.(type) {
	case *ast.MemberNode, *ast.IdentifierNode:
		return true
	}
	return false
}

// compare reads one field and one constant, in either order.
func (d *dialect) compare(n *ast.BinaryNode) (*term, error) {
	fieldSide, constSide, cmp := n.Left, n.Right, n.Operator
	_, bareLeft := n.Left.(*ast.IdentifierNode)
	_, bareRight := n.Right.(*ast.IdentifierNode)
	switch l, r := isReference(n.Left), isReference(n.Right); {
	case l && r && bareRight && !bareLeft: // a constant without its quotes
	case l && r:
		return nil, problemAt(start(n), "two-fields", "compare each field with a constant",
			"a comparison has one field and one constant, this has two fields")
	case !l && !r:
		for _, side := range []ast.Node{n.Left, n.Right} {
			if !isLiteral(side) {
				return nil, d.refuse(side)
			}
		}
		return nil, problemAt(start(n), "constant", "name a field on one side", "this compares two constants")
	case r:
		fieldSide, constSide, cmp = n.Right, n.Left, mirror(n.Operator)
	}
	ref, err := d.reference(fieldSide)
	if err != nil {
		return nil, err
	}
	if ref.op != opCompare {
		name := ref.String()
		return nil, problemAt(start(n), "boolean", "write "+name+" or not "+name, "%s is true or false already", name)
	}
	if cmp != "==" && cmp != "!=" && ref.field.domain < count {
		return nil, problemAt(n.Location().From, "type", "use == != in", "%s is a %s, which has no order", ref.field.name, ref.field.domain)
	}
	c, err := d.constant(constSide, ref.field)
	if err != nil {
		return nil, err
	}
	ref.cmp, ref.consts, ref.off = cmp, []constant{c}, start(n)
	return ref, nil
}

// mirror is the operator with its sides changed.
func mirror(cmp string) string {
	switch cmp {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return cmp
}

// membership reads field in [constants].
func (d *dialect) membership(n *ast.BinaryNode) (*term, error) {
	if !isReference(n.Left) {
		return nil, problemAt(start(n), "operator", "write field in [constants]", "the left side of in is a field")
	}
	ref, err := d.reference(n.Left)
	if err != nil {
		return nil, err
	}
	if ref.op != opCompare {
		name := ref.String()
		return nil, problemAt(start(n), "boolean", "write "+name+" or not "+name, "%s is true or false already", name)
	}
	ref.op, ref.off = opIn, start(n)
	if group, name, ok := d.member(n.Right); ok && group == "lists" {
		l, err := d.named(name, start(n.Right))
		if err != nil {
			return nil, err
		}
		ref.consts, err = l.constants(ref.field, start(n.Right))
		return ref, err
	}
	list, ok := n.Right.(*ast.ArrayNode)
	if !ok {
		return nil, problemAt(start(n.Right), "list", `write the constants out: in ["a", "b"], or name a list: in lists.x`, "the right side of in is a list of constants")
	}
	if len(list.Nodes) == 0 {
		return nil, problemAt(start(list), "list", "name at least one constant", "an empty list holds nothing")
	}
	for _, e := range list.Nodes {
		c, err := d.constant(e, ref.field)
		if err != nil {
			return nil, err
		}
		if slices.Contains(ref.consts, c) {
			return nil, problemAt(start(e), "duplicate-value", "leave it out", "%s stands in the list twice", ref.field.literal(c))
		}
		ref.consts = append(ref.consts, c)
	}
	return ref, nil
}

// member reads group.leaf, written with a dot.
func (d *dialect) member(n ast.Node) (group, leaf string, ok bool) {
	m, is := n.(*ast.MemberNode)
	if !is || m.Optional {
		return "", "", false
	}
	g, is := m.Node.(*ast.IdentifierNode)
	l, is2 := m.Property.(*ast.StringNode)
	if !is || !is2 || strings.ContainsRune(`"'`, rune(d.src[l.Location().From])) {
		return "", "", false
	}
	return g.Value, l.Value, true
}

// reference reads group.field or feature.name. A field that is not boolean
// comes back as an unfinished opCompare.
func (d *dialect) reference(n ast.Node) (*term, error) {
	at := start(n)
	if id, ok := n.(*ast.IdentifierNode); ok {
		return nil, problemAt(at, "unknown-field", wholeNameHint(id.Value, d.fieldNames()), "there is no field %s", id.Value)
	}
	group, leaf, ok := d.member(n)
	if !ok {
		return nil, problemAt(at, "index", "write group.field", "the dialect has no indexing: a field is written group.field")
	}
	name := group + "." + leaf
	if group == "feature" && d.vocabulary == nil {
		slot, ok := d.features[leaf]
		if !ok {
			return nil, problemAt(at, "unknown-feature", featureHint(leaf, d.features), "this file defines no feature %s", leaf)
		}
		return &term{op: opFeature, off: at, feature: leaf, slot: slot}, nil
	}
	if group == "lists" {
		return nil, problemAt(at, "list", "write field in "+name, "a list stands to the right of in only")
	}
	f := d.fieldNamed(name)
	if f == nil {
		return nil, problemAt(at, "unknown-field", didYouMean(name, d.fieldNames()), "there is no field %s", name)
	}
	if f.unfilled {
		return nil, problemAt(at, "unfilled-field", "leave the condition out until a version that fills it",
			"the host does not fill %s yet: it would always read as empty", name)
	}
	t := &term{op: opCompare, off: at, field: f}
	if f.domain == boolean {
		t.op = opFlag
	}
	return t, nil
}

// wholeNameHint finds the group of a field that was written without it.
func wholeNameHint(word string, names []string) string {
	for _, name := range names {
		if strings.HasSuffix(name, "."+word) {
			return "did you mean " + name + "?"
		}
	}
	return "a field is written group.field, a constant in double quotes"
}

func featureHint(name string, features map[string]int) string {
	if len(features) == 0 {
		return "define it under features:"
	}
	known := make([]string, 0, len(features))
	for f := range features {
		known = append(known, f)
	}
	slices.Sort(known)
	return didYouMean(name, known)
}
