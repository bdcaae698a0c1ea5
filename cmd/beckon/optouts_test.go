package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

func TestOptOutsMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args     []string
		in, want string
		code     int
	}{
		{nil, "STOP\nleave me alone\r\nstpo\n\nSTART\nhelp\nwhere is my order?\tnow", "hard\tSTOP\nphrase\tleave me alone\ndoubt\tstpo\nnone\t\nstart\tSTART\nhelp\thelp\nnone\twhere is my order?\tnow\n", 0},
		{[]string{"--lang", "it"}, "Fine\n", "hard\tFine\n", 0},
		{[]string{"--lang=en"}, "Fine\n", "none\tFine\n", 0},
		{nil, "", "", 0},
		{nil, strings.Repeat("x ", 200_000) + "\nSTOP\n", "none\t" + strings.Repeat("x ", 200_000) + "\nhard\tSTOP\n", 0},
		{[]string{"--lang", "de-AT"}, "Stopp\n", "hard\tStopp\n", 0},
		{[]string{"--lang", "german"}, "Stopp\n", `beckon optouts: --lang "german": there is no list for it; there are ar, cs, da, de, el, en, es, fa, fi, fr, he, hi, id, it, ja, ko, ms, nl, no, pl, pt, ru, sv, th, tr, uk, vi, zh` + "\n", 2},
		{[]string{"more"}, "", "beckon optouts: unexpected argument \"more\"\n", 2},
	}
	for _, tt := range tests {
		var out, errs bytes.Buffer
		code := run(context.Background(), append([]string{"optouts", "match"}, tt.args...), system{stdin: strings.NewReader(tt.in), stdout: &out, stderr: &errs})
		got := out.String()
		if code != 0 {
			got, _, _ = strings.Cut(errs.String(), "usage:")
		}
		if diff := cmp.Diff(tt.want, got); code != tt.code || diff != "" {
			t.Errorf("optouts match %v: exit code %d, want %d (-want +got):\n%s", tt.args, code, tt.code, diff)
		}
	}
}

func TestOptOutsTravel(t *testing.T) {
	t.Parallel()
	here, there, other := newStation(t), newStation(t), newStation(t)
	for _, s := range []*station{here, there, other} {
		if s == there {
			s.copyKey(here)
		}
		if err := s.open().Close(); err != nil { // makes what a first start makes
			t.Fatal(err)
		}
	}
	const benUser = "700100200300400501"
	here.must("optouts", "add", annUser)
	here.must("optouts", "add", benUser)
	_, exported := here.beckon("optouts", "export")
	if n := strings.Count(exported, "\n"); n != 4 || strings.Contains(exported, annUser) {
		t.Fatalf("exported %d lines, want a head, 2 opt-outs without an id and the total:\n%s", n, exported)
	}
	file := filepath.Join(t.TempDir(), "optouts.jsonl")
	if err := os.WriteFile(file, []byte(exported), 0o600); err != nil {
		t.Fatal(err)
	}

	// Ben said START later, on the other host.
	h := there.open()
	start := conversation.Suppression{UserHash: h.key.User(benUser), At: here.now.Add(time.Hour), EventID: "e1", Tier: conversation.TierStart}
	if err := h.store.Write(context.Background(), func(tx db.Tx) error { return tx.PutSuppression(start) }); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	there.now = here.now.Add(2 * time.Hour)
	if got := there.must("optouts", "import", file); !strings.Contains(got, "2 opt-outs read, 1 new or later than what stood here; 0 waiting actions cancelled.") {
		t.Errorf("import: got %s", got)
	}
	if got := there.must("optouts", "import", file); !strings.Contains(got, "2 opt-outs read, 0 new") {
		t.Errorf("import again: got %s", got)
	}
	_, again := there.beckon("optouts", "export")
	head := strings.SplitAfter(exported, "\n")
	want := head[1]
	if strings.Contains(want, start.UserHash) {
		want = head[2]
	}
	if _, got, _ := strings.Cut(again, "\n"); got != want+"{\"total\":1}\n" {
		t.Errorf("what stands after the import: got %s, want %s", got, want)
	}

	for _, tt := range []struct {
		name, file string
		s          *station
		want       string
	}{
		{"another key", exported, other, "another host key"},
		{"cut off behind a line", head[0] + head[1], there, "it is cut off after 1 opt-out: the last line with the total is missing"},
		{"cut off in a line", exported[:len(exported)-40], there, "line 3: unexpected EOF"},
		{"a line is missing", head[0] + head[1] + head[3], there, "it has 1 opt-out and says 2: lines are missing"},
		{"two files in one", exported + exported, there, "line 5: it goes on behind the total"},
		{"empty", "", there, "line 1 is no head of exported opt-outs: EOF; want a file that `beckon optouts export` wrote"},
		{"no head", "{}\n", there, "line 1: form 0, this version reads 2: export it again"},
		{"a START", head[0] + `{"user_hash":"` + start.UserHash + `","at":"2026-12-02T10:00:00Z","tier":"start"}` + "\n", there, "line 2: tier: hard, phrase, operator or blocked, not \"start\""},
		{"no time", head[0] + head[1] + `{"user_hash":"` + start.UserHash + `","tier":"hard"}` + "\n", there, "line 3: at: say when"},
		{"no hash", head[0] + `{"user_hash":"` + annUser + `","at":"2026-12-02T10:00:00Z","tier":"hard"}` + "\n", there, "line 2: user_hash: a keyed hash is 32 hex digits"},
	} {
		if err := os.WriteFile(file, []byte(tt.file), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, got := tt.s.beckon("optouts", "import", file); code == 0 || !strings.Contains(got, tt.want) {
			t.Errorf("%s: exit code %d, want an error with %q, got %s", tt.name, code, tt.want, got)
		}
	}
}

// What is read is whole and could have been exported, or it is an error. A part
// of a file is never taken for it.
func FuzzReadOptOuts(f *testing.F) {
	const line = `{"user_hash":"00112233445566778899aabbccddeeff","at":"2026-11-02T10:00:00Z","tier":"hard"}` + "\n"
	f.Add(`{"beckon_optouts":2,"host_key":"k","exported_at":"2026-11-02T10:00:00Z"}` + "\n" + line + `{"total":1}`)
	f.Add(`{"beckon_optouts":2}{"total":0}`)
	f.Add(`{"beckon_optouts":2}` + line + `{"total":1,"tier":"hard"}`)
	f.Fuzz(func(t *testing.T, file string) {
		_, list, err := readOptOuts(strings.NewReader(file))
		if err != nil {
			return
		}
		for _, cut := range []int{len(file) / 2, len(file) * 3 / 4, len(file) - 1} {
			if _, part, err := readOptOuts(strings.NewReader(file[:cut])); err == nil && len(part) < len(list) {
				t.Errorf("cut off at byte %d it is read with %d of %d opt-outs: %q", cut, len(part), len(list), file)
			}
		}
		for _, p := range list {
			if err := action.KeptOptOut(p).Check(); err != nil {
				t.Errorf("%+v: %v", p, err)
			}
		}
	})
}

// copyKey gives the station the host key of another before it starts.
func (s *station) copyKey(of *station) {
	s.t.Helper()
	key, err := os.ReadFile(of.data("host.key"))
	if err == nil {
		err = os.MkdirAll(s.data(""), 0o700)
	}
	if err == nil {
		err = os.WriteFile(s.data("host.key"), key, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// must runs a command line that works.
func (s *station) must(args ...string) string {
	s.t.Helper()
	code, got := s.beckon(args...)
	if code != 0 {
		s.t.Fatalf("beckon %s: exit code %d:\n%s", strings.Join(args, " "), code, got)
	}
	return got
}
