package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/db"
)

// TestApprovalKeepsItsRules: a command that decides where no host runs decides
// with the folder as it is now, and keeps that rule set too.
func TestApprovalKeepsItsRules(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	h := s.open()
	held := s.deliver(h, "I want a refund")[0]
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.dir, "rules", "support.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), "version: 1.0.0", "version: 1.0.1", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := s.beckon("actions", "approve", held); code != exitOK {
		t.Fatalf("approve: exit %d: %s", code, out)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil { // the next host has other rules
		t.Fatal(err)
	}
	h = s.open()
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	err = h.store.Read(context.Background(), func(tx db.Tx) error {
		a, err := tx.Action(held)
		if err != nil {
			return err
		}
		kept, err := tx.RuleSet(a.RuleSet)
		if err == nil && !strings.Contains(kept.Packs, "support 1.0.1") {
			t.Errorf("decided by %s, want support 1.0.1", kept.Packs)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
