package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/bus"
)

// hear puts a mention of ann's on the bus and dispatches it, and returns the
// action that it led to.
func (s *station) hear(h *host, id, text string) string {
	s.t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		s.t.Fatal(err)
	}
	body := fmt.Sprintf(`{"data":{"event_uuid":"e-%[1]s","event_type":"post.mention.create","filter":{"user_id":%[2]q},"payload":{
		"id":%[1]q,"author_id":%[3]q,"created_at":"2026-12-01T10:00:00.000Z","text":%[4]s,"edit_history_tweet_ids":[%[1]q],
		"entities":{"mentions":[{"start":0,"end":8,"id":%[2]q}]}},
		"includes":{"users":[{"id":%[3]q,"name":"Ann Example","username":"ann_e"}]}}}`, id, supportUser, annUser, quoted)
	m := bus.Message{
		ID: "e-" + id, Type: "post.mention.create", Source: webhookPath, Time: operatorStart, Bot: "support", User: annUser, Data: []byte(body),
	}
	if err := h.bus.Publish(context.Background(), m); err != nil {
		s.t.Fatal(err)
	}
	done, err := h.dispatch.Batch(context.Background(), operatorStart, []bus.Delivery{{Seq: 1, Message: m}})
	if err != nil {
		s.t.Fatal(err)
	}
	if a := done[0].Records[0].Action; a != nil {
		return a.ID
	}
	return ""
}

// TestShown has a person look at a held draft and at a conversation, with a host
// that runs and without: the post stands there as it is on X.
func TestShown(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	h := s.open()
	id := s.hear(h, "2100000000000000001", "@support a refund\a please")
	stop := s.serve(h)
	see := func(runs bool) {
		t.Helper()
		const post = "" +
			"  | @support a refund\\u0007 please\n" +
			"  Ann Example (@ann_e), 2026-12-01 10:00:00 UTC, on X\n" +
			"  https://x.com/ann_e/status/2100000000000000001\n" +
			"  (1 character that would steer the terminal is written here as \\u and a number; --format json has the exact text.)\n"
		if code, out := s.beckon("actions", "show", id); code != exitOK || !strings.Contains(out, "answers\n"+post+"text\n") {
			t.Errorf("a host runs: %t: %d\n%s", runs, code, out)
		}
		code, out := s.beckon("conversations", "show", "support", annUser)
		if want := "user " + annUser + " of bot support: handed off, by bob\n\n" + post +
			"\nnext: write to them on X as the bot's account; `beckon conversations release support " + annUser + "` lets the bot speak again\n"; code != exitOK || out != want {
			t.Errorf("a host runs: %t: %d\n%s\nwant\n%s", runs, code, out, want)
		}
		if code, out := s.beckon("actions", "show", id, "--format", "json"); code != exitOK || !strings.Contains(out, `"text": "@support a refund\u0007 please"`) {
			t.Errorf("a host runs: %t: %d\n%s", runs, code, out)
		}
	}
	if code, out := s.beckon("conversations", "show", "support", annUser); code != exitFailure || !strings.Contains(out, "handoff") {
		t.Errorf("of nobody: %d\n%s", code, out)
	}
	if code, out := s.beckon("conversations", "handoff", "support", annUser); code != exitOK {
		t.Fatalf("%d\n%s", code, out)
	}
	see(true)
	stop()
	see(false)
}

// TestDecisions asks why posts were not answered, with a host that runs and
// without.
func TestDecisions(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	h := s.open()
	held := s.hear(h, "2100000000000000001", "@support a refund")
	stop := s.serve(h)
	ask := func(runs bool) {
		t.Helper()
		for args, want := range map[string]string{
			"--post 2100000000000000001":       "post 2100000000000000001: what was decided on it, the newest first\n\nID ",
			"--post 2100000000000000002":       "post 2100000000000000002: no event about it came here",
			"--since 1h":                       "  2026-12-01 10:00:00  support  700100200300400500  reply  hold     support.refund-needs-a-person  Money is promised by a person.",
			"--since 2027-01-01":               "no decisions\n",
			"--denied":                         "no decisions\n",
			"--bot support --max 1":            "the newest 1; --max N shows more\n",
			"--format json --since 2026-12-01": `"decision": "hold"`,
		} {
			words := append([]string{"decisions", "list"}, strings.Fields(args)...)
			if code, out := s.beckon(words...); code != exitOK || !strings.Contains(out, want) {
				t.Errorf("a host runs: %t: %s: %d\n%s", runs, args, code, out)
			}
		}
		code, out := s.beckon("actions", "show", held, "--format", "json")
		var a admin.ActionDetail
		if err := json.Unmarshal([]byte(out), &a); code != exitOK || err != nil {
			t.Fatalf("%d %v\n%s", code, err, out)
		}
		code, out = s.beckon("decisions", "show", a.DecisionID)
		for _, want := range []string{"support.refund-needs-a-person holds it for a person, because of asks-refund", a.ID, "rules explain --record -"} {
			if code != exitOK || !strings.Contains(out, want) {
				t.Errorf("a host runs: %t: lacks %q: %d\n%s", runs, want, code, out)
			}
		}
		code, out = s.beckon("decisions", "show", a.DecisionID, "--format", "json")
		record := filepath.Join(s.dir, "record.json")
		if err := os.WriteFile(record, []byte(out), 0o600); code != exitOK || err != nil {
			t.Fatalf("%d %v\n%s", code, err, out)
		}
		var explained bytes.Buffer
		if code := run(context.Background(), []string{"rules", "explain", "--record", record, filepath.Join(s.dir, "rules")}, s.sys(&explained, &explained)); code != exitOK {
			t.Errorf("its record is not explained: %d\n%s", code, explained.String())
		}
	}
	for _, args := range []string{"--since yesterday", "--since -1h", "--post abc", "--bot nobody", "--max 0", "x"} {
		if code, out := s.beckon(append([]string{"decisions", "list"}, strings.Fields(args)...)...); code != exitUsage {
			t.Errorf("%s: %d\n%s", args, code, out)
		}
	}
	if code, out := s.beckon("decisions", "show", "d-none"); code != exitFailure || !strings.Contains(out, "decisions list") {
		t.Errorf("%d\n%s", code, out)
	}
	ask(true)
	stop()
	ask(false)
}
