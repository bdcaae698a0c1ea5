package main

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAudit makes the report, tampers with the database as an engineer with
// sqlite3 would, and wants to be told.
func TestAudit(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	h := s.open()
	if err := h.checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	s.must("optouts", "add", annUser)
	s.must("pause", "--all")
	s.must("optouts", "export", "--for", "the other host")

	code, out := s.beckon("audit", "verify")
	if code != exitOK || !strings.Contains(out, "1 writer") || !strings.Contains(out, " 1 checkpoint;") {
		t.Fatalf("verify: %d:\n%s", code, out)
	}
	dir := filepath.Join(t.TempDir(), "bundle")
	if code, out = s.beckon("audit", "export", "--for", "X Corp.", "--out", dir); code != exitOK {
		t.Fatalf("export: %d:\n%s", code, out)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil || !strings.Contains(string(page), "X Corp.") || strings.Contains(string(page), annUser) {
		t.Errorf("the page does not name who has it, or names a user: %v", err)
	}
	if given, err := os.ReadFile(filepath.Join(dir, "given.jsonl")); err != nil || !strings.Contains(string(given), "the other host") {
		t.Errorf("the export of opt-outs is not told of: %s, %v", given, err)
	}
	kept := filepath.Join(dir, "checkpoint.txt")
	if code, out = s.beckon("audit", "verify", "--checkpoint", kept); code != exitOK {
		t.Errorf("verify with a checkpoint: %d:\n%s", code, out)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"audit", "export", "--for", "X Corp.", "--out", dir}, "is there already"},
		{[]string{"audit", "export"}, "say who will have the report: --for NAME"},
		{[]string{"audit", "export", "--for", "x", "--from", "2026-13-01"}, "--from is a day such as 2026-11-25, not"},
		{[]string{"audit", "export", "--for", "x", "--from", "2026-03-02", "--to", "2026-03-01"}, "is before --from"},
		{[]string{"audit", "verify", "--checkpoint", filepath.Join(dir, "none")}, "no such file"},
		{[]string{"audit", "verify", "--checkpoint", filepath.Join(dir, "report.html")}, "kept checkpoint 1: no signature of a writer"},
	} {
		if code, out := s.beckon(c.args...); code == exitOK || !strings.Contains(out, c.want) {
			t.Errorf("%v: %d, want %q in:\n%s", c.args, code, c.want, out)
		}
	}

	raw, err := sql.Open("sqlite", "file:"+s.data("beckon.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec(`UPDATE suppressions SET opted_out = 0`); err != nil {
		t.Fatal(err)
	}
	code, out = s.beckon("audit", "verify", "--format", "json")
	var got struct {
		Faults []struct{ Record, Wrong string }
	}
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&got); err != nil {
		t.Fatalf("%v in:\n%s", err, out)
	}
	if code != exitFailure || len(got.Faults) != 1 || !strings.HasPrefix(got.Faults[0].Record, "optout ") {
		t.Errorf("an opt-out was ended past the host: %d, %+v", code, got.Faults)
	}
}
