package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Z5, K22: an export of a host's log is known to the host; who is erased, and a
// post that has to go, names it until a person says that it is gone.
func TestZ5ExportsAreRecalled(t *testing.T) {
	t.Parallel()
	for _, runs := range []bool{true, false} {
		t.Run(fmt.Sprintf("host runs %v", runs), func(t *testing.T) {
			t.Parallel()
			s := newStation(t)
			log := filepath.Join(s.dir, "log.jsonl")
			const post, other = "2100000000000000777", "1700000000000000555"
			line := func(id, from string) string {
				return fmt.Sprintf(`{"data":{"event_uuid":"e-%[1]s","event_type":"post.mention.create","filter":{"user_id":%[2]q},"payload":{"id":%[1]q,"author_id":%[3]q,`+
					`"created_at":"2026-12-01T10:00:00.000Z","text":"@acme opening hours?"},"includes":{"users":[{"id":%[3]q,"name":"Ann Example","username":"ann_e"}]}}}`+"\n", id, supportUser, from)
			}
			if err := os.WriteFile(log, []byte(line(post, annUser)+line("2100000000000000999", other)), 0o600); err != nil {
				t.Fatal(err)
			}
			export := func(name string) string {
				t.Helper()
				got := s.must("export", log, "--out", filepath.Join(s.dir, name))
				m := regexp.MustCompile(`recorded as export (x-[0-9a-f]+)`).FindStringSubmatch(got)
				if m == nil {
					t.Fatalf("export: got\n%s", got)
				}
				return m[1]
			}
			if got := s.must("export", log, "--out", filepath.Join(s.dir, "none.jsonl")); !strings.Contains(got, "not recorded: the host of the configuration has no data directory yet") {
				t.Errorf("without a host: got\n%s", got)
			}
			h := s.open()
			s.deliver(h, "opening hours?")
			if runs {
				s.serve(h)
			} else if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			first := export("first.jsonl")
			second := export("second.jsonl")
			data, err := os.ReadFile(filepath.Join(s.dir, "first.jsonl"))
			if err != nil || bytes.Contains(data, []byte(annUser)) {
				t.Fatalf("the export: %v\n%s", err, data)
			}
			has := func(got string, want ...string) {
				t.Helper()
				for _, w := range want {
					if !strings.Contains(got, w) {
						t.Errorf("want %q in\n%s", w, got)
					}
				}
				if strings.Contains(got, annUser) {
					t.Errorf("the user is named in\n%s", got)
				}
			}
			has(s.must("forget", annUser, "--dry"), first, second, "first.jsonl", "which a person has to remove")
			if got := s.must("compliance", "status"); strings.Contains(got, first) {
				t.Errorf("before anybody asked:\n%s", got)
			}
			has(s.must("forget", annUser), first+"  event log under pseudonyms  first.jsonl  for the operator's tests by bob", second)
			has(s.must("receipts"), first, second)
			has(s.must("compliance", "status"), "exports that hold what had to be deleted", first, second, "due in")
			has(s.must("compliance", "removed", first), "is removed")
			got := s.must("compliance", "status")
			if has(got, second); strings.Contains(got, first+"  event") {
				t.Errorf("it is removed:\n%s", got)
			}
			if code, got := s.beckon("compliance", "removed", first); code == 0 || !strings.Contains(got, "nobody asks for export") {
				t.Errorf("removed twice: %d, %s", code, got)
			}
			// Of the post of a user who is not erased the other export is told too.
			has(s.must("compliance", "delete", "--post", "2100000000000000999", "--by", "x"), "exports_recalled 1")
			if got := s.must("compliance", "status"); strings.Count(got, second+"  event") != 2 {
				t.Errorf("two recalls of one export: got\n%s", got)
			}
			has(s.must("compliance", "removed", second), "is removed")
			has(s.must("audit", "verify"), "records match")
		})
	}
}
