package sqlite

import (
	"os"
	"os/exec"
	"testing"
)

// TestGeneratedCodeIsFresh compares gen/ with what sqlc makes of the schema
// and the queries today. The first run builds sqlc, which takes about 100 s.
func TestGeneratedCodeIsFresh(t *testing.T) {
	if os.Getenv("BECKON_SQLC") == "" {
		t.Skip("the generated code was not compared: BECKON_SQLC is unset (.ci/run has a step of its own)")
	}
	out, err := exec.Command("go", "tool", "sqlc", "diff").CombinedOutput()
	if err != nil {
		t.Errorf("gen/ is not what the queries say; run go generate ./db/sqlite: %v\n%s", err, out)
	}
}
