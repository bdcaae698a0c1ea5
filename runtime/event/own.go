package event

import "time"

// Own is a post or DM of our own account as X has it, read back. X rewrites
// links in Text.
type Own struct {
	ID    string
	Kind  ActionKind // reply, quote, post or dm
	About string     // post id: what a reply answers, what a quote is of
	Text  string     // whole
	At    time.Time
}

// Lookup asks what X has of an account: its posts, or with User its DMs to that
// user.
type Lookup struct {
	Bot   string
	User  string // user id, for DMs; "" asks for posts
	Since time.Time
}
