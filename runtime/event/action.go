package event

import "time"

// ActionKind is a way out: X's own names where it has them.
type ActionKind string

const (
	Reply    ActionKind = "reply"
	DM       ActionKind = "dm"
	Post     ActionKind = "post"
	Repost   ActionKind = "repost"
	Quote    ActionKind = "quote"
	Like     ActionKind = "like"
	Bookmark ActionKind = "bookmark"
	FollowU  ActionKind = "follow"
	ListAdd  ActionKind = "list_add"
)

// Repeatable reports whether making the call twice leaves X as making it once
// does: X sets a state and makes nothing new, or refuses what is so already. The
// log does not repeat even these by itself after an unknown outcome (I3), because
// a person may have taken the state back meanwhile; a person may repeat them
// without looking.
func (k ActionKind) Repeatable() bool {
	switch k {
	case Repost, Like, Bookmark, FollowU, ListAdd:
		return true
	}
	return false
}

// Purpose says why something leaves. Only OptOutConfirmation may reach a user
// who opted out, and only `conversation` creates it.
type Purpose string

const (
	Answer             Purpose = "answer"
	OptOutConfirmation Purpose = "opt_out_confirmation"
	Notice             Purpose = "notice"
	Reminder           Purpose = "reminder"
	Operator           Purpose = "operator"
	Scheduled          Purpose = "scheduled"
)

// Line marks what may leave where nothing else of a bot does. Only the host puts
// it on a draft.
type Line string

const (
	NoLine       Line = ""
	StopQuestion Line = "stop_question" // to a user who perhaps said stop: did you?
	Handover     Line = "handover"      // to a user whom a person takes over: the last word of the bot, a handler's answer or the host's notice
)

// State is where an action stands in the action log.
type State string

const (
	Hold       State = "hold"       // waits for a person
	Pending    State = "pending"    // waits for the sender
	Attempting State = "attempting" // the call to X may be under way
	Sent       State = "sent"       // terminal: X has it
	Failed     State = "failed"     // terminal: X surely does not have it, and it is not tried again
	Unsettled  State = "unknown"    // nobody knows; never sent again by itself
	Denied     State = "denied"     // terminal: a person rejected it
	Cancelled  State = "cancelled"  // terminal: an opt-out, a person, an edit, an expiry or a recheck stopped it
)

// Terminal reports whether no transition leaves the state.
func (s State) Terminal() bool {
	return s == Sent || s == Failed || s == Denied || s == Cancelled
}

// Open reports whether the action can still be stopped: it has not been
// handed to X.
func (s State) Open() bool { return s == Hold || s == Pending }

// Draft is what a handler wants to say. A draft is not permission: the gate
// decides.
type Draft struct {
	Kind    ActionKind
	Purpose Purpose
	Text    string // before obligations; whole text, never logged

	AIGenerated        bool // a model wrote it: needs X's prior approval
	Promotional        bool
	Affiliate          bool
	AffiliateDisclosed bool
	PaidPartnership    bool
	MadeWithAI         bool // X's made_with_ai flag, for AI-made media

	List string `json:",omitempty"` // id of the list, for ListAdd
	// About is what the user opted in to, by its name, where it is told to those who
	// did.
	About string `json:",omitempty"`

	Line Line `json:",omitempty"` // what may leave where nothing else does

	// SplitAt: of a DM, the text may go out as several messages of at most so many
	// characters each (Parts); what the rules add to the first comes on top. 0: it
	// is one message.
	SplitAt int `json:",omitempty"`

	// InviteDM: X shows a button beside the post that opens a DM to the bot. Only
	// the user can begin one.
	InviteDM bool `json:",omitempty"`

	Handler string // which handler drafted it, for the operator
}

// How many characters a message of a split DM may be asked to have at most. The
// upper bound leaves room for what the rules add.
const (
	MinSplitAt = 100
	MaxSplitAt = 9000
)

// Fixed reports whether it is one of the host's own lines, whose text is the
// configuration's.
func (d Draft) Fixed() bool { return d.Line != NoLine && d.Purpose == Notice }

// Outgoing is one call to X, ready to go. A field that the kind does not name
// stays empty.
type Outgoing struct {
	Action  string // id of the action-log row
	Bot     string
	Kind    ActionKind
	ReplyTo string // post id, for replies
	Target  string // post id: what a quote, repost, like or bookmark is of
	User    string // user id: who gets a DM, is followed, or is put on a list
	List    string // list id, for list_add
	Text    string // final text: of replies, posts, quotes and DMs

	Media        []string // ids of uploaded media: up to 4 of a post, 1 of a DM; text may then be empty
	ExcludeReply []string // user ids, for replies: whom X's automatic mentions leave out

	MadeWithAI      bool // posts, replies and quotes only, as X has it
	PaidPartnership bool
	InviteDM        bool // likewise
}

// Class says what a failed send means. It is a closed set; the zero value is
// success.
type Class string

const (
	OK             Class = ""
	Transient      Class = "transient"       // X surely did nothing: dial, DNS or TLS failed before a byte of the request was written
	RateLimited    Class = "rate_limited"    // 429: X did nothing; wait until RetryAt
	UsageCapped    Class = "usage_capped"    // a cap or zero credits: waiting for the reset does not help
	Refused        Class = "refused"         // X said no for good: not summoned, blocked, duplicate, cannot DM
	Auth           Class = "auth"            // 401: X did nothing; the token is at fault
	Gone           Class = "gone"            // 404: what we answer is no longer there
	UnknownOutcome Class = "unknown_outcome" // any error after the first byte, any 5xx, a success that does not decode
	Bug            Class = "bug"             // we sent what X's contract does not allow; never retried
)

// Outcome is how one call to X ended.
type Outcome struct {
	Class    Class
	RemoteID string    // X's id of the new post or dm_event, set on success; empty for what has no id (likes, follows …)
	RetryAt  time.Time // UTC; earliest next try for RateLimited, zero elsewhere
	Status   int       // HTTP status; 0 if no answer came
	Problem  string    // X's problem type, without its URL prefix
	Detail   string    // X's own words, for the operator; never a customer's text
}
