package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/compliance"
)

// TestCompliance goes through what somebody asks to be deleted, with a host and
// without.
func TestCompliance(t *testing.T) {
	t.Parallel()
	for _, runs := range []bool{true, false} {
		t.Run(fmt.Sprintf("host runs %v", runs), func(t *testing.T) {
			t.Parallel()
			s := newStation(t)
			h := s.open()
			ids := s.deliver(h, "I want a refund "+marker, "opening hours?")
			if len(ids) != 2 || !s.finds(marker) && !s.finds(annUser) {
				t.Fatal("there is nothing to delete")
			}
			var revoked db.Duty
			err := h.store.Write(context.Background(), func(tx db.Tx) error {
				revoked = compliance.Account(h.key, operatorStart, "support", compliance.Told{By: "oauth.revoke", Reason: "revoked"})
				_, err := tx.OpenDuty(revoked)
				return err
			})
			if err == nil {
				err = h.desk.Pause(context.Background(), operatorStart, "support", "host", "revoked", true)
			}
			if err != nil {
				t.Fatal(err)
			}
			if runs {
				s.serve(h)
			} else if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			say := func(code int, want string, args ...string) string {
				t.Helper()
				got, text := s.beckon(append([]string{"compliance"}, args...)...)
				if got != code || !strings.Contains(text, want) {
					t.Errorf("compliance %s: exit code %d, want %d and %q in\n%s", strings.Join(args, " "), got, code, want, text)
				}
				return text
			}
			say(exitUsage, "name one of post, user and dm", "delete", "--by", "x")
			say(exitUsage, "name one of post, user and dm", "delete", "--by", "x", "--post", "1", "--dm", "2")
			say(exitUsage, "cause: who asks for it, one of x, user, law", "delete", "--post", "1")
			say(exitUsage, "which is digits", "delete", "--user", "ann", "--by", "user")
			say(exitUsage, "not in the future", "delete", "--post", "1", "--by", "x", "--at", "2027-01-01")
			say(exitUsage, "want a time such as", "delete", "--post", "1", "--by", "x", "--at", "noon")
			say(exitUsage, "either a bot, or --all", "wipe", "support", "--all")
			say(exitUsage, "bot: one of support", "wipe", "help")
			say(exitFailure, "app.bearer", "run")

			say(exitOK, "nothing was kept of it", "delete", "--post", "77", "--by", "law")
			say(exitOK, "done in 0s, cancelled 1, interactions 1", "delete", "--dm", "2100000000000000000", "--by", "x", "--at", "2026-12-01T08:00:00Z")
			status := say(exitOK, "account support  by oauth.revoke (revoked)  due in 14d", "status")
			for _, want := range []string{"X cannot be asked what is gone", "begins by itself in 13d", "dm  by bob (asked)  done in 0s", "post  by bob"} {
				if !strings.Contains(status, want) {
					t.Errorf("status lacks %q:\n%s", want, status)
				}
			}
			if strings.Contains(status, "2100000000000000000") {
				t.Errorf("status names what was deleted:\n%s", status)
			}
			say(exitOK, "actions        2", "wipe", "support", "--dry")
			if !s.finds(annUser) {
				t.Fatal("a dry run deletes")
			}
			say(exitOK, "account  by oauth.revoke (revoked)  done in 0s, actions 2", "wipe", "support")
			say(exitOK, "nothing has to be deleted", "status")
			for _, what := range []string{annUser, marker} {
				for _, file := range s.files(what) {
					t.Errorf("%q is still in %s", what, file)
				}
			}
			if code, got := s.beckon("audit", "verify"); code != exitOK {
				t.Errorf("audit verify: got\n%s", got)
			}
		})
	}
}
