package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestR9Traps: what could fail, is constant, or reads as something else than
// it says is refused, at the place where it stands.
func TestR9Traps(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	check := func(i int, what, src, code string) {
		clean, line, col := unmark(src)
		set, err := Load([]Source{{"trap.yaml", []byte(clean)}}, Options{})
		diags, ok := err.(Diagnostics)
		if !ok || set != nil {
			t.Errorf("%s %d loads, want %s:\n%.200s", what, i, code, src)
			return
		}
		d := diags[0]
		if d.Code != code || d.Line != line || d.Col != col {
			t.Errorf("%s %d: got %s at %d:%d, want %s at %d:%d\n%s\nin %.300s", what, i, d.Code, d.Line, d.Col, code, line, col, err, src)
		}
		if d.Line > 0 && d.Snippet == "" || d.Hint == "" {
			t.Errorf("%s %d: no snippet or no hint: %s", what, i, err)
		}
		fmt.Fprintf(&text, "%s\n\n", diags.Error())
	}
	for i, c := range conditionTraps {
		check(i, "condition", withCondition(c.src), c.code)
	}
	for i, f := range fileTraps {
		check(i, "file", f.src, f.code)
	}
	golden(t, "diagnostics.golden", text.String())
	if n := len(conditionTraps) + len(fileTraps); n < 60 {
		t.Errorf("%d traps, want at least 60", n)
	}
}

// TestR9Deep: 800,000 parentheses end the process inside expr's parser.
func TestR9Deep(t *testing.T) {
	t.Parallel()
	_, err := parseCondition(strings.Repeat("(", 800_000), scope{})
	if p, ok := err.(*problem); !ok || p.code != "too-long" {
		t.Errorf("got %v, want too-long", err)
	}
}

func TestGoodConditions(t *testing.T) {
	t.Parallel()
	if len(goodConditions) < 30 {
		t.Errorf("%d good conditions, want at least 30", len(goodConditions))
	}
	features := map[string]int{"asks_refund": 0, "asks_hours": 1}
	for _, src := range goodConditions {
		got, err := parseCondition(src, scope{features: features})
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		again, err := parseCondition(got.String(), scope{features: features})
		if err != nil || again.String() != got.String() {
			t.Errorf("%s: canonical form %s does not read as itself: %v", src, got, err)
		}
	}
}
