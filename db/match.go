package db

import "time"

// MatchBasis is what lets an X user be matched with an identity outside of X.
type MatchBasis string

// The bases. There is no other: records of third parties are none.
const (
	BasisOptIn    MatchBasis = "opt_in"           // a recorded consent to matching stands
	BasisProvided MatchBasis = "provided_by_user" // the user wrote it to this bot, for this purpose
	BasisPublic   MatchBasis = "public"           // the user made it public themselves
)

// Match is an X user and a reference of theirs outside of X, such as a customer
// number, for one purpose. Its reference is text and is sealed with a key of its
// own. A match that has ended keeps none: the row says that there was one.
type Match struct {
	Bot, User string
	Purpose   string // what it may be used for, and nothing else
	Basis     MatchBasis
	Sealed    []byte // the reference; empty: it has ended
	RefHash   string // keyed hash of the reference; "" once it has ended
	Event     string // by which the basis was given: of the consent, or the post or DM in which the user wrote it
	Source    string // provided: post or dm; public: the link
	By        string // operator's or handler's name
	At        time.Time
	ExpiresAt time.Time // not used from then on; zero: until it is ended

	EndedAt time.Time // zero: it stands
	EndedBy string    // id of the event or command, or why
}

// Stands reports whether the match may be used for its purpose.
func (m Match) Stands(now time.Time) bool {
	return m.EndedAt.IsZero() && (m.ExpiresAt.IsZero() || now.Before(m.ExpiresAt))
}

// Matches keeps the latest match for each purpose.
type Matches interface {
	// PutMatch replaces the row of the same bot, user and purpose.
	PutMatch(m Match) error
	// MatchesOf lists those of a user toward a bot by purpose, the ended ones too.
	MatchesOf(bot, user string) ([]Match, error)
	// OpenMatchesOf lists those of the user that have not ended, toward every bot.
	OpenMatchesOf(user string) ([]Match, error)
	// OpenMatchesBy lists those that have not ended and whose basis was given by
	// the event, toward every bot.
	OpenMatchesBy(event string) ([]Match, error)
	// ExpiredMatches lists up to max that have not ended and whose time is over.
	ExpiredMatches(now time.Time, max int) ([]Match, error)
	// PruneMatches drops up to max that ended before the time, and returns them.
	PruneMatches(before time.Time, max int) ([]Match, error)
	// AllMatches lists every one without its reference, by bot, user and purpose.
	AllMatches() ([]Match, error)
}
