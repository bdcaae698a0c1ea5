package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/event"
)

// TestQ3SchemaHoldsAlone breaks the rules with SQL, past all Go code.
func TestQ3SchemaHoldsAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	s := open(t, path)
	err := s.Write(context.Background(), func(tx db.Tx) error {
		for _, st := range dbtest.States() {
			a := db.Action{ID: string(st), Bot: "b", Interaction: "i-" + string(st), Kind: event.Reply, Purpose: event.Answer, State: st}
			if err := dbtest.PutAction(tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	raw := rawDB(t, path)
	for _, c := range []struct{ id, set, want string }{
		{"sent", "state = 'pending'", "no such change"},
		{"failed", "state = 'pending'", "no such change"},
		{"denied", "state = 'hold'", "no such change"},
		{"cancelled", "state = 'pending'", "no such change"},
		{"cancelled", "state = 'sent'", "no such change"},
		{"unknown", "state = 'pending'", "no such change"},
		{"unknown", "state = 'attempting'", "no such change"},
		{"hold", "state = 'attempting'", "no such change"},
		{"pending", "state = 'sent'", "no such change"},
		{"pending", "state = 'lost'", ""},
		{"pending", "kind = 'shout'", ""},
		{"pending", "purpose = ''", ""},
		{"pending", "class = 'odd'", "CHECK"},
		{"pending", "interaction = 'other'", "key of a row"},
		{"pending", "bot = 'other'", "key of a row"},
		{"pending", "part = 1", "key of a row"},
		{"pending", "version = 1", "key of a row"},
		{"pending", "id = 'other'", "key of a row"},
		{"pending", "created_at = 5", "key of a row"},
		{"pending", "attempts = 'many'", "cannot store TEXT"}, // STRICT
	} {
		query := fmt.Sprintf("UPDATE actions SET %s WHERE id = '%s'", c.set, c.id)
		if _, err := raw.Exec(query); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", query, err, c.want)
		}
	}
}

// TestClosedSets compares the values that the schema takes with those that the
// Go code has: each of ours is taken, anything else is not.
func TestClosedSets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	open(t, path)
	raw := rawDB(t, path)
	for _, insert := range []string{
		`INSERT INTO suppressions VALUES ('h', 0, 0, '', 'tier?', 0)`,
		`INSERT INTO suppressions VALUES ('h', 2, 0, '', '', 0)`,
		`INSERT INTO switches VALUES ('b', 2, '', 0, '')`,
		`INSERT INTO tokens VALUES ('b', 1, 'state?', '', '', 0, 0, 0, 0, x'')`,
		`INSERT INTO tokens VALUES ('b', 0, 'live', '', '', 0, 0, 0, 0, x'')`,
		`INSERT INTO interactions VALUES ('b', 'i', 'u', 'kind?', '', 0, '', 0, 0, 0, 0, 0, 0, 0, 0, 0)`,
		`INSERT INTO interactions VALUES ('b', 'i', 'u', '', '', 0, '', 2, 0, 0, 0, 0, 0, 0, 0, 0)`,
		`INSERT INTO conversations VALUES ('b', 'u', 1, 'initiated?', 0, '', 0, 0, 0, 0, '', 0, '', 0, 0, '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '')`,
		`INSERT INTO conversations VALUES ('b', 'u', 1, '', 0, '', 0, 0, 0, 0, '', 0, '', 0, 0, '', 'automated?', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '')`,
		`INSERT INTO conversations VALUES ('b', 'u', 1, '', 0, '', 0, 0, 0, 0, '', 7, '', 0, 0, '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '')`,
		`INSERT INTO conversations VALUES ('b', 'u', 0, '', 0, '', 0, 0, 0, 0, '', 0, '', 0, 0, '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '')`,
	} {
		if _, err := raw.Exec(insert); err == nil || !strings.Contains(err.Error(), "CHECK") {
			t.Errorf("%s: got %v, want a failed CHECK", insert, err)
		}
	}
}

// TestEveryTableIsStrict keeps later migrations to the form of the first.
func TestEveryTableIsStrict(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	open(t, path)
	rows, err := rawDB(t, path).Query(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		t.Errorf("table %s is not STRICT", name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestPlans holds the queries of every event and of every step of the sender to
// an index: none may read a whole log or sort it.
func TestPlans(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	open(t, path)
	raw := rawDB(t, path)
	for query, want := range map[string]string{
		"FirstDue":         "SCAN actions USING COVERING INDEX actions_due",
		"FirstExpiry":      "SEARCH actions USING INDEX actions_expiry (expires_at>?)",
		"DueActions":       "SCAN actions USING INDEX actions_turn",
		"ExpiredActions":   "SEARCH actions USING INDEX actions_expiry (expires_at>? AND expires_at<?)",
		"OpenActionsTo":    "SEARCH actions USING INDEX actions_open (user_id=?)",
		"UnsettledTo":      "SEARCH actions USING INDEX actions_unsettled (bot=? AND user_id=?)",
		"ActionByRemoteID": "SEARCH actions USING INDEX actions_remote (bot=? AND remote_id=?)",
		"ListActions":      "SCAN actions",
		"ListDecisions":    "SCAN decisions",
		"OptedOut":         "SEARCH suppressions USING PRIMARY KEY (user_hash>?)",
		"ListSuppressions": "SEARCH suppressions USING PRIMARY KEY (user_hash>?)",
		"OwedSuppressions": "SCAN o\nSEARCH s USING PRIMARY KEY (user_hash=?)",
		"ListDeadLetters":  "SCAN dead_letters USING INDEX dead_letters_at",
		"EchoesTo":         "SEARCH echoes USING PRIMARY KEY (bot=?)",
		"RateWindows":      "SEARCH rate_windows USING PRIMARY KEY (endpoint=? AND owner=?)",
		"CountPosts":       "SEARCH post_counts USING PRIMARY KEY (bot=? AND minute>?)",
		"Spending":         "SEARCH spending USING PRIMARY KEY (bot=? AND day>? AND day<?)",
		"DueQuestions":     "SEARCH questions USING INDEX questions_next (next_at<?)",
		"OpenDuties":       "SCAN duties USING INDEX duties_open",
		"OpenQuestionsTo":  "SEARCH questions USING INDEX questions_user (user_id=?)",
		"CountHandouts":    "SEARCH handouts USING COVERING INDEX handouts_to (recipient=? AND at>?)",
		"ListHandouts":     "SCAN handouts USING INDEX handouts_at",
		"Action":           "SEARCH actions USING INDEX sqlite_autoindex_actions_1 (id=?)",
	} {
		if got := plan(t, raw, query); got != want {
			t.Errorf("%s: got plan\n%s\nwant\n%s", query, got, want)
		}
	}
	for query, index := range map[string]string{
		"InStateOpen":       "actions_open",
		"InStateUnsettled":  "actions_unsettled",
		"ActionsOf":         "actions_key",
		"PruneSeen":         "events_seen_at",
		"DutiesOn":          "SEARCH duties USING INDEX duties_hash",
		"ListDuties":        "duties_opened",
		"LastComplianceJob": "compliance_jobs_began",
		"NextQuestion":      "questions_next",
		"PruneQuestions":    "questions_asked",
		"PruneFingerprints": "fingerprints_at",
		"PruneDecisions":    "SEARCH decisions USING INTEGER PRIMARY KEY",
	} {
		if got := plan(t, raw, query); !strings.Contains(got, index) {
			t.Errorf("%s: got plan\n%s\nwant %s in it", query, got, index)
		}
	}
}

// plan explains the query of that name in query/.
func plan(t *testing.T, raw *sql.DB, name string) string {
	t.Helper()
	rows, err := raw.Query("EXPLAIN QUERY PLAN "+queryText(t, name), 1, 1, 1, 1) // no query here has more parameters
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
