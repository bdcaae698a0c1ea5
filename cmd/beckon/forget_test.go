package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/runtime/bus"
)

// marker stands in what the user writes, in the order of words that nothing else
// has.
const marker = "quixotic walrus 7781"

// TestZ2NothingIsLeftInTheFiles erases a user who has answers that wait, a dead
// letter and events on the bus, and searches every file of the host.
func TestZ2NothingIsLeftInTheFiles(t *testing.T) {
	t.Parallel()
	for _, runs := range []bool{true, false} {
		t.Run(fmt.Sprintf("host runs %v", runs), func(t *testing.T) {
			t.Parallel()
			s := newStation(t)
			h := s.open()
			ids := s.deliver(h, "I want a refund "+marker, "opening hours? "+marker, "!")
			for i := range 3 {
				err := h.bus.Publish(context.Background(), bus.Message{
					ID: fmt.Sprintf("e-bus-%d", i), Type: "dm.received", Source: webhookPath, Time: operatorStart,
					Bot: "support", User: annUser, Data: fmt.Appendf(nil, `{"sender_id":%q,"text":%q}`, annUser, marker),
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if len(ids) != 2 || !s.finds(annUser) || s.finds(marker) { // it is sealed
				t.Fatal("the user is not there to begin with")
			}
			if runs {
				s.serve(h)
			} else if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			if _, got := s.beckon("forget", annUser, "--dry"); !strings.Contains(got, "would remove") || !strings.Contains(got, "actions        2") || !s.finds(annUser) {
				t.Fatalf("forget --dry: got\n%s", got)
			}
			code, got := s.beckon("forget", annUser)
			for _, want := range []string{"removed; receipt r-", "actions        2", "cancelled      2", "conversations  1", "events         3", "decisions      "} {
				if code != 0 || !strings.Contains(got, want) {
					t.Errorf("forget: exit code %d, want %q in\n%s", code, want, got)
				}
			}
			if _, got := s.beckon("receipts"); !strings.Contains(got, "by bob  bot all  done in") || strings.Contains(got, annUser) {
				t.Errorf("receipts: got\n%s", got)
			}
			for _, what := range []string{annUser, marker} {
				for _, file := range s.files(what) {
					t.Errorf("%q is still in %s", what, file)
				}
			}
			if _, got := s.beckon("audit", "verify"); !strings.Contains(got, "erased with a receipt") || strings.Contains(got, "missing") {
				t.Errorf("audit verify: got\n%s", got)
			}
			if _, got := s.beckon("forget", annUser); !strings.Contains(got, "nothing was kept of them") {
				t.Errorf("forget again: got\n%s", got)
			}
		})
	}
}

// files lists those of the data directory that hold the text.
func (s *station) files(text string) (found []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.data(""), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(text)) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

func (s *station) finds(text string) bool { return len(s.files(text)) > 0 }
