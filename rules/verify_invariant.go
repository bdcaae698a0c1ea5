package rules

import (
	"errors"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"go.yaml.in/yaml/v3"
)

// Invariant is something that must not happen in any state.
type Invariant struct {
	ID    string `json:"id"`
	Never string `json:"never"` // in canonical form
	File  string `json:"file"`
	Line  int    `json:"line"` // from 1

	term *term
}

// derivedFields are what an invariant can read besides the input and the
// features: the decision, and the obligations that go with it (none with a
// deny).
var derivedFields = []*field{
	{name: "decision", domain: oneOf, enum: []string{string(Allow), string(Hold), string(Deny)}},
	{name: "obligation." + string(AppendOptOutHint), domain: boolean},
	{name: "obligation." + string(AppendPrivacyLink), domain: boolean},
	{name: "obligation." + string(DiscloseAffiliate), domain: boolean},
	{name: "obligation." + string(MarkMadeWithAI), domain: boolean},
	{name: "obligation." + string(MarkPaidPartnership), domain: boolean},
	{name: "obligation." + string(HandOff), domain: boolean},
}

func decisionField() *field { return derivedFields[0] }

// obligationField is nil for what is no obligation.
func obligationField(o Obligation) *field {
	i := slices.IndexFunc(derivedFields, func(f *field) bool { return f.name == "obligation."+string(o) })
	if i < 0 {
		return nil
	}
	return derivedFields[i]
}

// derived reports whether it follows from the decision.
func (f *field) derived() bool { return slices.Contains(derivedFields, f) }

func (v variable) derived() bool { return v.field != nil && v.field.derived() }

// parseInvariant reads what must never be. The error is a *problem.
func parseInvariant(src string, features map[string]int) (*term, error) {
	if err := scanCondition(src); err != nil {
		return nil, err
	}
	tree, err := parser.Parse(src)
	if err != nil {
		return nil, syntaxProblem(src, err)
	}
	return statement{dialect{src: src, scope: scope{features: features}}}.term(tree.Node)
}

// statement is the dialect with the decision in it.
type statement struct{ dialect }

func (d statement) term(n ast.Node) (*term, error) {
	switch n := n.(type) {
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			kid, err := d.term(n.Node)
			return &term{op: opNot, off: start(n), kids: []*term{kid}}, err
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			return d.join(opAnd, n)
		case "or", "||":
			return d.join(opOr, n)
		}
		if isDecision(n.Left) {
			return d.decision(n)
		}
	case *ast.MemberNode:
		group, ok := n.Node.(*ast.IdentifierNode)
		leaf, ok2 := n.Property.(*ast.StringNode)
		if ok && ok2 && group.Value == "obligation" {
			f := obligationField(Obligation(leaf.Value))
			if f == nil {
				return nil, problemAt(start(n), "unknown-value", didYouMean(leaf.Value, obligations()), "there is no obligation %s", leaf.Value)
			}
			return &term{op: opFlag, off: start(n), field: f}, nil
		}
	}
	return d.dialect.term(n)
}

func (d statement) join(o op, n *ast.BinaryNode) (*term, error) {
	left, err := d.term(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := d.term(n.Right)
	return &term{op: o, off: start(n), kids: []*term{left, right}}, err
}

func isDecision(n ast.Node) bool {
	id, ok := n.(*ast.IdentifierNode)
	return ok && id.Value == "decision"
}

// decision reads decision == "deny" and its like.
func (d statement) decision(n *ast.BinaryNode) (*term, error) {
	t := &term{op: opCompare, off: start(n), field: decisionField(), cmp: n.Operator}
	values := []ast.Node{n.Right}
	switch list, ok := n.Right.(*ast.ArrayNode); {
	case n.Operator == "in" && ok && len(list.Nodes) > 0:
		t.op, values = opIn, list.Nodes
	case n.Operator != "==" && n.Operator != "!=":
		return nil, problemAt(n.Location().From, "operator", `write decision != "deny"`, "the decision is compared with == != in")
	}
	for _, v := range values {
		c, err := d.constant(v, decisionField())
		if err != nil {
			return nil, err
		}
		t.consts = append(t.consts, c)
	}
	return t, nil
}

// mentions reports whether the term reads a field that fits.
func (t *term) mentions(fits func(*field) bool) bool {
	return t.field != nil && fits(t.field) || slices.ContainsFunc(t.kids, func(k *term) bool { return k.mentions(fits) })
}

// vacuous refuses what no decision could break, or every decision would.
func vacuous(t *term) error {
	s := newSpace([]*term{t}, func(variable) constant { return constant{} })
	for _, f := range []struct {
		goal *formula
		word string
	}{{s.formula(t), "never"}, {s.formula(t).not(), "always"}} {
		if state, found := s.find(f.goal, DefaultBudget); state == nil && found.exhaustive() {
			return problemAt(t.off, "constant", "say what must not be decided, and when", "this is %s so, whatever the rules decide", f.word)
		}
	}
	return nil
}

// invariants reads {id, never} entries.
func (r *testReader) invariants(n *yaml.Node) []Invariant {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.at(n, "not-a-list", "write - {id: …, never: …}", "invariants is a list of at least one invariant")
		return nil
	}
	var out []Invariant
	lines := map[string]int{}
	for _, e := range n.Content {
		m := r.keys(e, "an invariant", []string{"id", "never"}, nil)
		v := Invariant{ID: r.name(m["id"], "id", idForm), File: r.file, Line: e.Line}
		if line, ok := lines[v.ID]; ok && v.ID != "" {
			r.at(e, "duplicate-id", "choose another name", "the invariant %s stands in line %d already", v.ID, line)
		}
		lines[v.ID] = e.Line
		if v.term = r.never(m["never"]); v.term != nil {
			v.Never = v.term.String()
			out = append(out, v)
		}
	}
	return out
}

// never reads an expression; unlike a condition it may be quoted.
func (r *testReader) never(n *yaml.Node) *term {
	src := r.str(n, "never")
	if src == "" {
		return nil
	}
	t, err := parseInvariant(src, r.set.slots)
	if err == nil && !t.mentions((*field).derived) {
		err = problemAt(0, "no-decision", `add: and decision != "deny"`, "an invariant is about the decision, this one does not name it")
	}
	if err == nil {
		err = vacuous(t)
	}
	if err == nil {
		return t
	}
	p := new(problem)
	if !errors.As(err, &p) {
		p = problemAt(0, "syntax", "", "%v", err)
	}
	col := n.Column
	if strings.HasPrefix(string([]rune(r.lines[n.Line-1])[n.Column-1:]), n.Value) {
		col += p.off
	} else if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		col += 1 + p.off
	}
	r.report(n.Line, col, p.code, p.hint, "%s", p.msg)
	return nil
}
