package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/rules"
)

// TestRulesSchema: what init writes is what schema prints, the files name it,
// and a directory with it loads.
func TestRulesSchema(t *testing.T) {
	t.Parallel()
	dir := rulesDir(t, nil)
	code, out, stderr := beckon(t, "rules", "schema")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for name, want := range map[string]string{rules.SchemaFile: out, "support.yaml": rules.SchemaHeader, "support_test.yaml": rules.SchemaHeader} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(data), want+"\n") && string(data) != want {
			t.Errorf("%s starts with %.80q, want %.80q", name, data, want)
		}
	}
	for kind, want := range map[string]string{"rules": `"title": "Beckon: rules"`, "tests": `"title": "Beckon: tests of rules"`} {
		if code, out, _ := beckon(t, "rules", "schema", "--for", kind); code != exitOK || !strings.Contains(out, want) {
			t.Errorf("--for %s: exit %d, no %s", kind, code, want)
		}
	}
	if code, out, _ := beckon(t, "rules", "doc"); code != exitOK || !strings.Contains(out, "| `bot.local_minute` | count | 0 to 1439 | minutes |") {
		t.Errorf("doc: exit %d:\n%s", code, out)
	}
}

// TestRulesDocJSON: the reference for machines has every field of the page.
func TestRulesDocJSON(t *testing.T) {
	t.Parallel()
	code, out, stderr := beckon(t, "rules", "doc", "--format", "json")
	var got []rules.FieldDoc
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitOK || len(got) < 50 {
		t.Fatalf("exit %d, %v, %d fields: %s", code, err, len(got), stderr)
	}
	for _, f := range got {
		if !strings.Contains(rules.Reference(), "| `"+f.Field+"` | "+f.Type+" | ") || f.Meaning == "" {
			t.Errorf("%+v", f)
		}
	}
}
