package sqlite

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNoTableIsForgotten: whoever adds a table with a user's id has to say what
// an erasure does to it.
func TestNoTableIsForgotten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	open(t, path)
	got := tablesWith(t, path, "user_id")
	// erasures has the id of those under way.
	want := []string{"actions", "consents", "conversations", "desk_notices", "desk_told", "echoes", "erasures", "interactions", "matches", "questions", "reminders", "slots", "text_keys"} // the last when the bus is done, by DropTextKeys
	if !slices.Equal(got, want) {
		t.Errorf("tables with a user_id: %v, want %v: a new one belongs into EraseUser, then here", got, want)
	}
	named := queryText(t, "NamedUsers")
	for _, table := range want {
		if table != "erasures" && !strings.Contains(named, ".user_id FROM "+table+" ") && !strings.Contains(named, ".user_id AS id FROM "+table+" ") {
			t.Errorf("NamedUsers does not look into %s", table)
		}
	}
}

// TestNoTableIsForgottenByAWipe: whoever adds a table with a bot's name has to
// say whether it goes when access to the account ends.
func TestNoTableIsForgottenByAWipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	open(t, path)
	got := tablesWith(t, path, "bot")
	want := slices.Concat(
		[]string{"actions", "consents", "conversations", "dead_letters", "decisions", "desk_notices", "desk_told", "echoes", "fingerprints", "interactions", "matches", "questions", "reminders", "slots"}, // tx.Wipe
		[]string{
			"activations", "audit_counts", "handouts", "post_counts", "spending", "switches", // ours: what was in force, given and spent
			"duties", "erasures", // what was deleted
			"desk_removals", // the desk has to be told yet, and it names nobody
			"events_seen",   // names nobody; X can tell again
			"text_keys",     // by DropTextKeys, when the bus is done
			"tokens",        // its secret goes, runtime/compliance
		})
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("tables with a bot: %v, want %v: a new one belongs into Wipe, or stays for a reason, then here", got, want)
	}
}

// tablesWith lists the tables with a column of that name.
func tablesWith(t *testing.T, path, column string) (names []string) {
	t.Helper()
	rows, err := rawDB(t, path).Query(`SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = ? ORDER BY m.name`, column)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}
