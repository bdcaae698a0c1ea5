package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"
	exprfile "github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// Limits on a condition before it is parsed: expr's parser recurses, and would
// end the process on deep nesting before it counts nodes.
const (
	maxCondition = 2 << 10 // bytes
	maxNesting   = 32      // parentheses and brackets
)

// problem is what is wrong with a condition, at an offset of it.
type problem struct {
	off             int
	code, msg, hint string
}

func (p *problem) Error() string { return p.msg }

func problemAt(off int, code, hint, format string, args ...any) *problem {
	return &problem{off: off, code: code, hint: hint, msg: fmt.Sprintf(format, args...)}
}

// parseCondition checks one condition and returns its meaning. in is what its
// file defines for it. The error is a *problem, or errReported.
func parseCondition(src string, in scope) (*term, error) {
	if err := scanCondition(src); err != nil {
		return nil, err
	}
	tree, err := parser.Parse(src)
	if err != nil {
		return nil, syntaxProblem(src, err)
	}
	d := dialect{src: src, scope: in}
	t, err := d.term(tree.Node)
	if err != nil {
		return nil, err
	}
	part, v := constantPart(t)
	switch v {
	case alwaysTrue, alwaysFalse:
		word := map[verdict]string{alwaysTrue: "true", alwaysFalse: "false"}[v]
		return nil, problemAt(part.off, "constant", constantHint(part),
			"this is always %s: %s", word, part)
	case tooComplex:
		return nil, problemAt(part.off, "too-complex", "split it into several named conditions",
			"too many cases to check that this is not constant")
	}
	return t, nil
}

func constantHint(t *term) string {
	if t.op == opCompare && t.field.domain >= count {
		return fmt.Sprintf("%s lies between %s and %s", t.field.name, t.field.format(t.field.min), t.field.format(t.field.max))
	}
	return "leave it out, or compare with something that can differ"
}

// Why a character has no place in a condition.
func characterHint(r rune) string {
	switch r {
	case '?':
		return "there is no nil: every field always has a value"
	case '$':
		return "name the field: group.field"
	case ';':
		return "write several named conditions: all must hold"
	case '#':
		return "put comments on a line of their own"
	case '/':
		return "there is no division and no comment inside a condition"
	case '%', '*', '+', '^':
		return "there is no arithmetic: compare a field with a constant"
	case '{', '}', ':':
		return "a condition is comparisons joined by and, or, not"
	case '\\', '`', '“', '”', '„', '‘', '’', '«', '»':
		return "write constants in plain double quotes"
	case '\t':
		return "use spaces"
	}
	return ""
}

// scanCondition refuses by single characters what the dialect does not need,
// so that comments, sequences, nil tests, arithmetic and closures never reach
// the parser, and so that an offset counts bytes and characters alike.
func scanCondition(src string) error {
	if len(src) > maxCondition {
		return problemAt(0, "too-long", "split it into several named conditions",
			"a condition has at most %d bytes, this one has %d", maxCondition, len(src))
	}
	depth := 0
	for i, r := range src {
		switch {
		case r == '(' || r == '[':
			if depth++; depth > maxNesting {
				return problemAt(i, "nesting", "split it into several named conditions",
					"more than %d levels of parentheses", maxNesting)
			}
		case r == ')' || r == ']':
			depth--
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case strings.ContainsRune(" \n._,\"'<>=!&|-", r):
		default:
			return problemAt(i, "character", characterHint(r), "a condition cannot hold %q", r)
		}
	}
	return nil
}

// exprToken is how expr names a token that it did not expect.
var exprToken = regexp.MustCompile(`unexpected token \w+\((".*")\)`)

func syntaxProblem(src string, err error) *problem {
	p := problemAt(0, "syntax", "", "%s", "not a condition")
	var fe *exprfile.Error
	if !errors.As(err, &fe) {
		return p
	}
	p.off = min(max(fe.From, 0), len(src))
	p.msg, _, _ = strings.Cut(fe.Message, ": strconv")
	p.msg = strings.Replace(p.msg, "unexpected token EOF", "the condition ends too early", 1)
	p.msg = exprToken.ReplaceAllString(p.msg, "unexpected $1")
	for _, word := range []struct{ wrong, right string }{
		{" AND ", "and"}, {" OR ", "or"}, {"NOT ", "not"}, {" && ", "and"},
	} {
		if strings.Contains(src, word.wrong) {
			p.hint = "write " + word.right
			return p
		}
	}
	if before := src[:p.off]; strings.HasSuffix(strings.TrimRight(before, " "), "=") || strings.Contains(src, " = ") {
		p.hint = "compare with =="
	}
	if p.hint == "" {
		switch open := strings.Count(src, "(") - strings.Count(src, ")"); {
		case strings.Contains(p.msg, "literal"):
			p.hint = "numbers have at most 18 digits"
		case open > 0:
			p.hint = "close the parenthesis"
		case strings.Contains(p.msg, "too early"):
			p.hint = "finish the condition, or take the last word away"
		default:
			p.hint = "join conditions with and, or"
		}
	}
	return p
}

// start is the offset of the first character of a node's subtree.
func start(n ast.Node) int {
	from := n.Location().From
	for _, k := range children(n) {
		from = min(from, start(k))
	}
	return from
}

func children(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.MemberNode:
		return []ast.Node{n.Node}
	case *ast.CallNode:
		return []ast.Node{n.Callee}
	}
	return nil
}
