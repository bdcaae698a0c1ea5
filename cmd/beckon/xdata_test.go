package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplayXSamples: X's own samples, joined to a log, lead to a record each
// at least, and to the same bytes twice.
func TestReplayXSamples(t *testing.T) {
	t.Parallel()
	data := os.Getenv("BECKON_X_DATA")
	if data == "" {
		t.Skip("the replay of X's samples did not run: BECKON_X_DATA is unset")
	}
	samples, err := filepath.Glob(filepath.Join(data, "events", "*.json"))
	if err != nil || len(samples) == 0 {
		t.Fatalf("no samples under %s: %v", data, err)
	}
	var log bytes.Buffer
	for _, name := range samples {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Compact(&log, body); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		log.WriteByte('\n')
	}
	path := filepath.Join(t.TempDir(), "samples.jsonl")
	if err := os.WriteFile(path, log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	code, first, stderr := beckon(t, "replay", path, "--format", "json")
	if code != exitOK || stderr != "" {
		t.Fatalf("replay: exit %d: %s", code, stderr)
	}
	decided := map[string]bool{}
	for line := range strings.Lines(first) {
		var r struct{ Event string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		decided[r.Event] = true
	}
	for i, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		var body struct {
			Data struct {
				ID string `json:"event_uuid"`
			}
		}
		if err := json.Unmarshal([]byte(line), &body); err != nil {
			t.Fatal(err)
		}
		if !decided[body.Data.ID] {
			t.Errorf("%s: no record of event %q", filepath.Base(samples[i]), body.Data.ID)
		}
	}
	if _, again, _ := beckon(t, "replay", path, "--format", "json"); again != first {
		t.Error("the same log gives other bytes the second time")
	}
}
