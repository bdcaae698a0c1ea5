package db

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Seen remembers which events were taken in, for at least seven days.
type Seen interface {
	// MarkSeen reports whether the event is new, and remembers it.
	MarkSeen(bot, eventID string, index int, at time.Time) (fresh bool, err error)
	// PruneSeen forgets up to max events seen before the time, oldest first.
	PruneSeen(before time.Time, max int) (n int, err error)
}

// Conversations keeps the state of users toward bots. A missing row reads as
// the zero record with its keys set.
type Conversations interface {
	Conversation(bot, user string) (conversation.Conversation, error)
	// PutConversation stores c with Version one higher than given.
	PutConversation(c conversation.Conversation) error
	// WithPeople lists the conversations that are held, handed off, or paused
	// until after now, of a bot ("": of every), by bot and user.
	WithPeople(bot string, now time.Time, max int) ([]conversation.Conversation, error)
	Interaction(bot, key string) (conversation.Interaction, error)
	PutInteraction(i conversation.Interaction) error
}

// Suppressions keeps opt-outs by keyed hash of the user id.
type Suppressions interface {
	// Suppression reads the zero record with its key set if there is none.
	Suppression(userHash string) (conversation.Suppression, error)
	// PutSuppression notes in the same transaction that the copy outside the
	// database is owed what was put.
	PutSuppression(s conversation.Suppression) error
	// OptedOut lists standing opt-outs in order of hash, from after on.
	OptedOut(after string, max int) ([]conversation.Suppression, error)
	// ListSuppressions lists all, opt-outs that have ended too, in the same order.
	ListSuppressions(after string, max int) ([]conversation.Suppression, error)
}

// OwedSuppression is a suppression that the copy outside the database does not
// have yet.
type OwedSuppression struct {
	conversation.Suppression
	Rev int64 // of what is owed
}

// SuppressionsOwed is what runtime/suppression has to carry out of the database.
type SuppressionsOwed interface {
	// OwedSuppressions lists them as they stand now, in order of hash.
	OwedSuppressions(max int) ([]OwedSuppression, error)
	CountOwedSuppressions() (int64, error)
	// SettleSuppression forgets the debt, unless the suppression was put again
	// since it was listed with that Rev.
	SettleSuppression(userHash string, rev int64) error
}

// Action is a row of the action log: one thing that leaves, or does not. It
// holds no text; that stands in Texts under the same id.
type Action struct {
	ID          string // made from the key by ActionID; the same cause gives the same id
	Bot         string
	Interaction string
	Kind        event.ActionKind
	Purpose     event.Purpose
	Part        int // of a DM sent in parts, from 0
	Version     int // of the post that is answered (number of edits), from 0

	User    string // whom it reaches
	ReplyTo string // post id answered as known when drafted; the claim takes the newest
	Event   string // id of the event that caused it

	State     event.State
	CreatedAt time.Time
	UpdatedAt time.Time
	DueAt     time.Time // earliest claim; after a retryable failure the retry time
	ExpiresAt time.Time // not claimed from then on
	Attempts  int
	Turn      time.Time // of what is due the earliest goes first: when it was asked for, or later where its user was served since

	Cost Cost // what it holds of the budget, or has spent

	RuleSet    string // hash of the rule set that decided last
	Decision   []byte // decision record with its input, JSON line without the newline (rules.md)
	DecisionID string
	Draft      []byte // the draft's flags and features, JSON, no text (gate.Features)
	TextHash   string // keyed hash of event.EchoText of the final text

	Approval *Approval // nil: none

	RemoteID string      // X's id once sent
	Class    event.Class // of the last failed attempt
	Reason   string      // why it is in this state, in plain words for the operator; no customer text
}

// Approval is a person's yes to a held draft.
type Approval struct {
	By    string    `json:"by"` // operator's name
	At    time.Time `json:"at"`
	Rules []string  `json:"rules"` // ids of the rules that held the draft
}

// Actions keeps the action log. The schema holds I2: one row for (bot,
// interaction, kind, purpose, part, version); and for replies at most one row
// for (bot, interaction) outside the states denied and cancelled.
type Actions interface {
	// InsertAction returns ErrConflict where a key of I2 is taken.
	InsertAction(a Action) error
	// Action returns ErrNotFound if there is none.
	Action(id string) (Action, error)
	// UpdateAction stores a if the row is still in state from, else ErrStale.
	// A terminal row never changes state (I5), whatever from says: ErrStale.
	UpdateAction(a Action, from event.State) error
}

// ActionFilter selects rows of the action log; zero fields select all.
type ActionFilter struct {
	Bot   string
	User  string
	State event.State
	Max   int // 0 means 100; newest first
}

// ActionQueries finds actions other than by id.
type ActionQueries interface {
	// DueActions lists pending rows with DueAt at or before now, by (turn, due, id).
	DueActions(now time.Time, max int) ([]Action, error)
	// NextDue is the earliest DueAt or (for pending and held rows) ExpiresAt of
	// an open row; zero if there is none.
	NextDue() (time.Time, error)
	// OpenActionsTo lists hold and pending rows to the user, of every bot, by id.
	OpenActionsTo(user string) ([]Action, error)
	// UnsettledTo lists attempting and unknown rows of the bot to the user, by id.
	UnsettledTo(bot, user string) ([]Action, error)
	// ActionByRemoteID returns ErrNotFound if no action of the bot made that id.
	ActionByRemoteID(bot, remoteID string) (Action, error)
	// ActionsOf lists the rows of one interaction, by id.
	ActionsOf(bot, interaction string) ([]Action, error)
	// InState lists rows in a state, by id.
	InState(s event.State, max int) ([]Action, error)
	// ExpiredActions lists hold and pending rows with ExpiresAt at or before now.
	ExpiredActions(now time.Time, max int) ([]Action, error)
	ListActions(f ActionFilter) ([]Action, error)
	// CountActions counts rows by bot and state.
	CountActions() ([]ActionCount, error)
}

// ActionCount is a cell of the summary of the action log.
type ActionCount struct {
	Bot   string
	State event.State
	N     int64
}

// Decision is a stored decision record. Record is its JSON line (rules.md),
// without a newline.
type Decision struct {
	ID     string
	At     time.Time
	Bot    string
	Event  string
	Action string // action id; "" if the decision made no row
	Record []byte
}

// DecisionFilter selects decisions; zero fields select all.
type DecisionFilter struct {
	Bot   string
	Mark  string    // stands in the record, as JSON without white space writes it
	Since time.Time // at this time or after it

	Before int64 // where the stretch begins; 0: at the newest
	Look   int   // how many rows are looked at
}

// Decisions is append-only, and pruned after its time.
type Decisions interface {
	AppendDecision(d Decision) error
	// ListDecisions lists the newest max records, newest first.
	ListDecisions(max int) ([]Decision, error)
	// FindDecisions looks through a stretch of the log, the newest first. next is
	// where the stretch after it begins; 0: there is none.
	FindDecisions(f DecisionFilter) (found []Decision, next int64, err error)
	PruneDecisions(before time.Time, max int) (n int, err error)
}

// AllBots is the key of the kill switch over every bot.
const AllBots = "*"

// Switch is the kill switch of one bot, or of AllBots. The zero value is on
// the air.
type Switch struct {
	Bot    string
	Paused bool
	By     string // operator's name, or "host" (for example after oauth.revoke)
	At     time.Time
	Reason string
}

// Switches keeps the kill switches.
type Switches interface {
	// Switch reads the zero record with its key set if there is none.
	Switch(bot string) (Switch, error)
	PutSwitch(s Switch) error
	ListSwitches() ([]Switch, error)
}

// DeadLetter is an event that could not be used, kept as it came.
type DeadLetter struct {
	ID     string // made from its content and cause
	At     time.Time
	Bot    string // "" if unknown
	Event  string // X's event id, "" if unreadable
	Stage  string // ingest, decode, reduce, handle
	Reason string // what is wrong and what to do, without customer text
	Raw    []byte // sealed body as it came
}

// DeadLetters keeps what could not be used until a person has looked.
type DeadLetters interface {
	// AppendDeadLetter keeps d; the same id again is not an error.
	AppendDeadLetter(d DeadLetter) error
	// ListDeadLetters lists the oldest max letters, oldest first.
	ListDeadLetters(max int) ([]DeadLetter, error)
	// DeadLetter returns ErrNotFound if there is none.
	DeadLetter(id string) (DeadLetter, error)
	DropDeadLetter(id string) error
	CountDeadLetters() (int64, error)
}

// TokenState is where the tokens of one account stand.
type TokenState string

// The states of a row of tokens.
const (
	TokenLive       TokenState = "live"       // as far as we know X takes them
	TokenRefreshing TokenState = "refreshing" // a refresh is under way until LeaseUntil
	TokenUnknown    TokenState = "unknown"    // the answer to a refresh was lost: X may have spent the refresh token
	TokenEnded      TokenState = "ended"      // X takes them no more; a person has to log in again
)

// Token is an account's OAuth 2.0 tokens from one login on. The tokens
// themselves are sealed; everything else here may be shown.
type Token struct {
	Bot         string // configured name
	Version     int64  // counts the writes of the row
	State       TokenState
	Reason      string    // why it is in this state, in plain words for the operator
	Scopes      string    // as X granted them, with spaces between
	LoginAt     time.Time // when a person authorised it
	RefreshedAt time.Time // when the access token was asked for
	ExpiresAt   time.Time // of the access token
	LeaseUntil  time.Time // of the refresh under way
	Sealed      []byte    // access and refresh token, sealed for this bot; empty once ended
}

// Tokens keeps the tokens of hosted accounts. A row is never removed: its
// Version must not begin anew while somebody still holds an older one.
type Tokens interface {
	// Token returns ErrNotFound if nobody has logged in.
	Token(bot string) (Token, error)
	// PutToken stores t with Version one higher than given, if the row still has
	// the given Version, else ErrStale. A row that is not there has Version 0.
	PutToken(t Token) error
	// ListTokens lists all rows, by bot.
	ListTokens() ([]Token, error)
}

// Echo is an own post or DM seen from outside while an action to the same
// target was under way and the text differed: judged when that one settles.
type Echo struct {
	Bot      string
	RemoteID string
	User     string
	TextHash string
	At       time.Time
}

// Echoes keeps the echoes that wait for a judgement.
type Echoes interface {
	PutEcho(e Echo) error
	EchoesTo(bot, user string) ([]Echo, error)
	DropEcho(bot, remoteID string) error
}

// Lookup is how far the search has come for an action whose outcome nobody
// knows.
type Lookup struct {
	Action string
	Looks  int // times that X was asked, whether it answered or not
	Absent int // of these, whole answers in which the action was not
	LastAt time.Time
	NextAt time.Time // zero: nobody looks again by itself, it is a person's
	Found  string    // what the last look showed, for the operator
}

// Lookups keeps the searches that are under way.
type Lookups interface {
	PutLookup(l Lookup) error
	// Lookup reads the zero record with its key set if there is none.
	Lookup(actionID string) (Lookup, error)
	// NextLookup is the earliest that is to be made, by (next, action); the zero
	// record if there is none.
	NextLookup() (Lookup, error)
	DropLookup(actionID string) error
}

// Texts keeps what people wrote and what we wrote to them, sealed, apart from
// everything else. An action's text goes when the action has ended.
type Texts interface {
	PutActionText(actionID string, sealed []byte) error
	// ActionText returns ErrNotFound if there is none.
	ActionText(actionID string) ([]byte, error)
	DropActionText(actionID string) error
	PutSlot(bot, user, name string, sealed []byte) error
	Slots(bot, user string) (map[string][]byte, error)
	DropSlots(bot, user string) error
}

// Fingerprint is what is kept of a text that leaves, to see repetition. It is
// no text, and cannot be turned back into one.
type Fingerprint struct {
	Action  string
	Bot     string
	Kind    event.ActionKind
	At      time.Time
	Words   uint64 // event.SimHash
	Numbers uint64 // event.Numbers
}

// Fingerprints keeps those of actions that wait, are under way, or went out.
type Fingerprints interface {
	// PutFingerprint replaces what is kept of the same action.
	PutFingerprint(f Fingerprint) error
	// FingerprintsSince lists the newest max, newest first: those first stored
	// before the action's own; all, where it has none.
	FingerprintsSince(since time.Time, action string, max int) ([]Fingerprint, error)
	DropFingerprint(action string) error
	PruneFingerprints(before time.Time, max int) (n int, err error)
}

// Consent is what a user agreed to, toward one bot. It stands until withdrawn.
type Consent struct {
	Bot, User string
	Kind      conversation.ConsentKind
	Covers    string // what an opt-in named; "" of the other kinds
	Wording   string // as it was shown to the user; ours, not theirs
	At        time.Time
	Event     string // id of the event or command by which it was given

	WithdrawnAt time.Time // zero: it stands
	WithdrawnBy string    // id of the event or command
}

// Consents keeps the latest consent of each kind, and of opt-ins the latest for
// each thing that they cover.
type Consents interface {
	PutConsent(c Consent) error
	// ConsentsOf lists them by kind and what they cover, the withdrawn ones too.
	ConsentsOf(bot, user string) ([]Consent, error)
	// StandingConsents lists what the user agreed to and has not withdrawn, of every
	// kind and toward every bot.
	StandingConsents(user string) ([]Consent, error)
	// OptIns lists the user's opt-ins that stand, toward every bot.
	OptIns(user string) ([]Consent, error)
}

// RuleSet is a rule set that was in force, with its sources, so that any
// decision can be made again.
type RuleSet struct {
	Hash        string
	ActivatedAt time.Time
	Packs       string // "platform 2026-08-01, acme-support 1.4.0"
	Sources     []byte // JSON: file name to content
}

// RuleSets keeps every rule set that decided something.
type RuleSets interface {
	PutRuleSet(r RuleSet) error
	// RuleSet returns ErrNotFound if there is none.
	RuleSet(hash string) (RuleSet, error)
}

// MetaHostKey is the name under which Meta has the check value of the host key
// that the database was made with.
const MetaHostKey = "host_key_check"

// Meta keeps small facts about the database itself.
type Meta interface {
	// Meta reads "" if the key is not set.
	Meta(key string) (string, error)
	SetMeta(key, value string) error
}
