package match

import (
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// CountGiven is the kind of the counts of what was handed out, by day, bot, and
// who had it for what. They tell of nobody.
const CountGiven = "match_given"

// Given is a match as a program of the operator's reads it.
type Given struct {
	Purpose string    `json:"purpose"` // it may be used for this and nothing else
	Ref     string    `json:"ref"`
	Basis   string    `json:"basis"`
	Until   time.Time `json:"until,omitzero"` // to be forgotten then
}

// Give reads the matches of a user that a program may have which is configured for
// these purposes (T25), and counts them. It is the one way out of the host besides
// an operator's own look.
func Give(tx db.Tx, bot, user, to string, purposes []string, now time.Time) ([]Given, error) {
	if len(purposes) == 0 || user == "" {
		return nil, nil
	}
	all, err := tx.MatchesOf(bot, user)
	if err != nil {
		return nil, err
	}
	var out []Given
	for _, m := range For(purposes, all, now) {
		ref, err := event.Open(m.Sealed)
		if err != nil {
			return nil, fmt.Errorf("open the reference of user %s for %s: %w", user, m.Purpose, err)
		}
		out = append(out, Given{Purpose: m.Purpose, Ref: string(ref), Basis: string(m.Basis), Until: m.ExpiresAt})
		c := db.Count{Day: now.UTC().Truncate(24 * time.Hour), Bot: bot, Kind: CountGiven, Name: to + " " + m.Purpose, N: 1}
		if err := tx.AddCount(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}
