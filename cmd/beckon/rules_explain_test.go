package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// recorded replays the day of the bot that init writes, and returns its folder,
// the file of its decision records, and the one that waits for a person.
func recorded(t *testing.T) (bot, records string, held gate.Record) {
	t.Helper()
	bot = filepath.Dir(rulesDir(t, nil))
	code, out, stderr := beckon(t, "replay", filepath.Join(bot, "events", "day.jsonl"), "-c", filepath.Join(bot, "beckon.yaml"), "--format", "json")
	if code != exitOK {
		t.Fatalf("replay: exit %d: %s", code, stderr)
	}
	records = filepath.Join(bot, "day.decisions")
	if err := os.WriteFile(records, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		var r gate.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r.Decision == gate.Hold {
			held = r
		}
	}
	if held.ID == "" {
		t.Fatal("nothing waits for a person on that day")
	}
	return bot, records, held
}

// TestRulesExplain: of a log and of a record alone, the same is said.
func TestRulesExplain(t *testing.T) {
	t.Parallel()
	bot, records, held := recorded(t)
	dir, config, log := filepath.Join(bot, "rules"), filepath.Join(bot, "beckon.yaml"), filepath.Join(bot, "events", "day.jsonl")
	for _, tt := range []struct {
		name string
		args []string
		code int
		out  []string
		err  string
	}{
		{"an event of a log", []string{"--log", log, "--event", held.Event, "-c", config}, exitOK, []string{
			"hold by support.refund-needs-a-person [asks-refund]\n",
			"FIRES  hold support.refund-needs-a-person: Money is promised by a person.\n       T  when asks-refund: feature.asks_refund\n",
			"\n            F  user.initiated == \"dm\"    (user.initiated is mention)\n",
			"  feature.asks_refund: false instead of true → allow by x.dm",
		}, ""},
		{"one decision", []string{"--log", log, "--event", held.ID}, exitOK, []string{"hold by support.refund-needs-a-person"}, ""},
		{"a record", []string{"--record", records, "--event", held.ID, dir}, exitOK, []string{"hold by support.refund-needs-a-person"}, ""},
		{"a record and other rules", []string{"--record", records, "--event", held.ID,
			rulesDir(t, map[string]func(string) string{"support.yaml": replace("effect: hold", "effect: forbid")})}, exitOK, []string{
			"NOTE  These are not the rules that decided. The record was decided by ",
			"NOTE  The record says hold by support.refund-needs-a-person [asks-refund]; the rules alone decide deny by",
		}, ""},
		{"all records", []string{"--record", records, dir}, exitOK, []string{"NOTE  No rule was asked"}, ""},
		{"no such event", []string{"--log", log, "--event", "7", "-c", config}, exitUsage, nil, "no event 7 in "},
		{"no such record", []string{"--record", records, "--event", "7", dir}, exitUsage, nil, "no such decision record"},
		{"no event named", []string{"--log", log}, exitUsage, nil, "name the event"},
		{"neither", nil, exitUsage, nil, "name either --log or --record"},
		{"both", []string{"--log", log, "--record", records}, exitUsage, nil, "name either --log or --record"},
		{"a record without rules", []string{"--record", records}, exitUsage, nil, "name one directory of rules, or -c FILE"},
		{"no file", []string{"--record", filepath.Join(bot, "none"), dir}, exitUsage, nil, "read decision records"},
		{"no record", []string{"--record", log, dir}, exitUsage, nil, "it is no decision record"},
		{"rules that do not load", []string{"--record", records, t.TempDir()}, exitRules, []string{"no-rules"}, "1 problem"},
		{"a host that never ran", []string{"--record", records, "--event", held.ID, "-c", config}, exitFailure, nil, "name the directory of rules instead of -c"},
	} {
		code, out, stderr := beckon(t, append([]string{"rules", "explain"}, tt.args...)...)
		if code != tt.code || !strings.Contains(stderr, tt.err) {
			t.Errorf("%s: exit %d, want %d: %s", tt.name, code, tt.code, stderr)
		}
		for _, part := range tt.out {
			if !strings.Contains(out, part) {
				t.Errorf("%s: no %q in:\n%s", tt.name, part, out)
			}
		}
	}
	from := func(args ...string) explained {
		_, out, _ := beckon(t, append([]string{"rules", "explain", "--format", "json", "--event", held.ID}, args...)...)
		var got []explained
		if err := json.NewDecoder(bytes.NewReader([]byte(out))).Decode(&got); err != nil || len(got) != 1 || len(got[0].Notes) > 0 {
			t.Fatalf("%v: %d explained: %s", err, len(got), out)
		}
		return got[0]
	}
	a, _ := json.Marshal(from("--log", log, "-c", config))
	b, _ := json.Marshal(from("--record", records, dir))
	if !bytes.Equal(a, b) {
		t.Errorf("from the log\n%s\nfrom the record\n%s", a, b)
	}
}

// TestRulesExplainKept: what a host decided is explained with the rules that its
// database keeps, whatever the directory holds by now.
func TestRulesExplainKept(t *testing.T) {
	t.Parallel()
	bot, records, held := recorded(t)
	config := filepath.Join(bot, "beckon.yaml")
	cfg, err := readConfig(system{now: time.Now}, config)
	if err != nil {
		t.Fatal(err)
	}
	b, err := loadBots(cfg)
	if err != nil {
		t.Fatal(err)
	}
	data, err := openDataDir(cfg.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: data.file("beckon.db")})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.record(t.Context(), db.Store(store), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	args := []string{"rules", "explain", "--record", records, "--event", held.ID, "-c", config}
	if code, _, stderr := beckon(t, args...); code != exitUnsafe || !strings.Contains(stderr, "name the directory of rules instead") {
		t.Errorf("while a host runs: exit %d: %s", code, stderr)
	}
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(bot, "rules")); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(bot, "other.decisions")
	if err := os.WriteFile(other, []byte(`{"id":"d-1","decision":"deny","rules":{"set":"sha256:0"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := beckon(t, "rules", "explain", "--record", other, "-c", config); code != exitRules || !strings.Contains(stderr, "the database keeps no rules sha256:0") {
		t.Errorf("other rules: exit %d: %s", code, stderr)
	}
	code, out, stderr := beckon(t, args...)
	if code != exitOK || !strings.Contains(out, "FIRES  hold support.refund-needs-a-person") || strings.Contains(out, "NOTE") {
		t.Errorf("exit %d: %s%s", code, out, stderr)
	}
}
