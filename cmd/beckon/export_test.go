package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// exported runs `beckon export` and returns what it wrote and said.
func exported(t *testing.T, args ...string) (log, said string) {
	t.Helper()
	code, out, errs := beckon(t, append([]string{"export"}, args...)...)
	if code != exitOK {
		t.Fatalf("export: exit %d: %s", code, errs)
	}
	return out, errs
}

// The day of the bot that init writes is decided under pseudonyms as it was, and
// names none of its people.
func TestExportInitDay(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "desk")
	if err := writeBot(dir); err != nil {
		t.Fatal(err)
	}
	day, config := filepath.Join(dir, "events", "day.jsonl"), filepath.Join(dir, "beckon.yaml")
	log, said := exported(t, day, "-c", config)
	if !strings.Contains(said, "34 decisions: the same under pseudonyms") {
		t.Errorf("it said %q", said)
	}
	first, _, _ := strings.Cut(log, "\n")
	if first != exportNotice || !json.Valid([]byte(first)) {
		t.Errorf("the first line is %s", first)
	}
	was, err := os.ReadFile(day)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"1513312480775750998", "1813520348371834727", `"ben"`, `"eva"`, "GkQ0fj7tbR", "2117181166187446272"} {
		if !bytes.Contains(was, []byte(name)) {
			t.Errorf("the day has no %s to look for", name)
		}
		if strings.Contains(log, name) {
			t.Errorf("%s is left", name)
		}
	}
	if other, _ := exported(t, day, "-c", config); other == log {
		t.Error("two exports have the same key")
	}
	// The export is a log like any other, and can be exported.
	again := filepath.Join(t.TempDir(), "again.jsonl")
	if err := os.WriteFile(again, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	if twice, _ := exported(t, again, "-c", config); strings.Count(twice, exportNotice) != 1 || strings.Count(twice, "\n") != strings.Count(log, "\n") {
		t.Error("the export of an export is another log")
	}
}

// The demo's day, as X delivered it.
func TestExportDemoDay(t *testing.T) {
	t.Parallel()
	day := playDemo(t)
	path := filepath.Join(t.TempDir(), "day.jsonl")
	if err := os.WriteFile(path, append(bytes.Join(day.all, []byte("\n")), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	log, said := exported(t, path)
	if !strings.Contains(said, "the same under pseudonyms") || strings.Count(log, "\n") < len(day.all) {
		t.Errorf("it said %q of %d bodies and wrote %d lines", said, len(day.all), strings.Count(log, "\n"))
	}
}

// Logs with one key have the same people; the key is made once.
func TestExportKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := writeBot(filepath.Join(dir, "desk")); err != nil {
		t.Fatal(err)
	}
	day, key := filepath.Join(dir, "desk", "events", "day.jsonl"), filepath.Join(dir, "key")
	a, _ := exported(t, day, "--key", key)
	out := filepath.Join(dir, "out.jsonl")
	exported(t, day, "--key", key, "--out", out)
	b, err := os.ReadFile(out)
	if err != nil || a != string(b) {
		t.Errorf("one key gave two logs (%v)", err)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info.Mode(), err)
	}
}

// What it refuses, it refuses whole.
func TestExportRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bad := file("bad.jsonl", `{"data":{"event_type":"x"}}`+"\nnot JSON of @mara\n")
	for name, tt := range map[string]struct {
		args []string
		code int
		say  string
	}{
		"no log":          {nil, exitUsage, "name at least one event log"},
		"no such log":     {[]string{filepath.Join(dir, "none")}, exitUsage, "open event log"},
		"a bad line":      {[]string{bad}, exitFailure, ":2: not JSON"},
		"a file there":    {[]string{bad, "--out", bad}, exitFailure, "is there already"},
		"a key too short": {[]string{bad, "--key", file("short", "abc")}, exitFailure, "has 3 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := beckon(t, append([]string{"export"}, tt.args...)...)
			if code != tt.code || out != "" || !strings.Contains(errs, tt.say) {
				t.Errorf("exit %d, wrote %q, said %q", code, out, errs)
			}
		})
	}
	log, _ := exported(t, bad, "--skip-bad")
	if strings.Contains(log, "mara") || strings.Count(log, "\n") != 2 {
		t.Errorf("got %s", log)
	}
}

// X's own samples, of every type, are decided as they were.
func TestExportXSamples(t *testing.T) {
	t.Parallel()
	data := os.Getenv("BECKON_X_DATA")
	if data == "" {
		t.Skip("the export of X's samples did not run: BECKON_X_DATA is unset")
	}
	samples, err := filepath.Glob(filepath.Join(data, "events", "*.json"))
	if err != nil || len(samples) == 0 {
		t.Fatalf("no samples under %s: %v", data, err)
	}
	slices.Sort(samples)
	var log bytes.Buffer
	for _, name := range samples {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Compact(&log, body); err != nil {
			t.Fatal(err)
		}
		log.WriteByte('\n')
	}
	path := filepath.Join(t.TempDir(), "samples.jsonl")
	if err := os.WriteFile(path, log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	exported(t, path)
}
