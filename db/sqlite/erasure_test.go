package sqlite

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestNoTableIsForgotten: whoever adds a table with a user's id has to say what
// an erasure does to it.
func TestNoTableIsForgotten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	open(t, path)
	rows, err := rawDB(t, path).Query(`SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'user_id' ORDER BY m.name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	// erasures has the id of those under way.
	want := []string{"actions", "consents", "conversations", "desk_notices", "echoes", "erasures", "interactions", "questions", "reminders", "slots"}
	if !slices.Equal(got, want) {
		t.Errorf("tables with a user_id: %v, want %v: a new one belongs into EraseUser, then here", got, want)
	}
}
