package sqlite

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Nobody is looked for: what is kept of users is read for one user, or one act
// of theirs, that the caller names. Whoever adds a query that lists or finds
// users says here why it is no search.
func TestNobodyIsLookedFor(t *testing.T) {
	t.Parallel()
	named := map[string]string{
		"OptedOut":         "who may not be written to, by keyed hash alone: an export for another host of the operator",
		"ListSuppressions": "who may not be written to and who was erased, by keyed hash alone: for the copy outside the database",
		"OwedSuppressions": "the part of it that the copy does not have yet",
		"AllConsents":      "the audit's record of what all users agreed to; it finds nobody by what they are or said",
		"AllMatches":       "the audit's record of on what basis users were matched; without the references",
		"OpenMatchesBy":    "one act, by the id that X gave it: it was deleted",
		"ExpiredMatches":   "what is over, to be ended",
		"Interaction":      "one act, by the id that X gave it",

		"InteractionsByMessage": "one act, by the id of its newest version",
		"HeldPosts":             "ids alone, for X to say which of them are gone",
		"HeldUsers":             "ids alone, for X to say which of them are gone",
		"NamedUsers":            "ids alone, for those whom a restored database has forgotten to have erased",
		"NextHeldBot":           "the name of a bot; nothing of users",
		"WithPeople":            "the desk's work queue: whom a person has or should look at, which the host itself put there; it takes nothing to look for",
	}
	files, err := filepath.Glob("query/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no queries: %v", err)
	}
	query := regexp.MustCompile(`(?s)-- name: (\w+) :\w+\n(.*?;)`)
	ofUsers := regexp.MustCompile(`(?is)^\s*SELECT\b.*\b(FROM|JOIN)\s+(conversations|interactions|consents|matches|slots|suppressions)\b`)
	oneUser := regexp.MustCompile(`\b(user_id|user_hash)\s*=\s*(\?|sqlc\.arg)`)
	read := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range query.FindAllStringSubmatch(string(text), -1) {
			if !ofUsers.MatchString(q[2]) {
				continue
			}
			read++
			_, excused := named[q[1]]
			if one := oneUser.MatchString(q[2]); one == excused {
				t.Errorf("%s: %s names one user: %t, excepted: %t", file, q[1], one, excused)
			}
			delete(named, q[1])
		}
	}
	if read < 6 {
		t.Errorf("%d queries read what is kept of users: the pattern is blind", read)
	}
	for name := range named {
		t.Errorf("%s is excepted, and there is no such query", name)
	}
}
