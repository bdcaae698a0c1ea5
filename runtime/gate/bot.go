package gate

import (
	"time"

	"github.com/beckon-bot/beckon/rules"
)

// Bot is what the gate must know of a hosted account. It is a value: what
// changes while the host runs changes in a new one, by Gate.Update.
type Bot struct {
	Name     string // configured name
	UserID   string
	Username string // without the @
	Operator string // the human account that runs it, without the @

	Tier       string         // self_serve or enterprise
	Zone       *time.Location // for local_weekday and local_minute; nil reads as UTC
	PrivacyURL string
	LongPosts  bool // the account may post 25,000 weighted characters, not 280

	OptOutHint         string
	OptOutConfirmation string
	Handover           string // the last word before a person takes over; "": none
	StopQuestion       string // to a user who perhaps said stop; "": nobody is asked
	ErasureNote        string // to a user who asks to be erased, before they are; "": none
	UnlinkNote         string // to a user who does not want to be matched; "": none
	Disclosure         string

	Languages map[string]Texts // the same in other languages; nil: in none. Not to be changed

	HandoffWords bool          // a user who asks for a person gets one
	HandoffQuiet time.Duration // the bot speaks again by itself that long after; 0: not before it is released
	HoldExpiry   time.Duration // a held draft waits so long for a person; 0: as long as any draft waits
	PersonDone   string        // what a person writes on X to give the user back to the bot; "": nothing does
	DoubtToDesk  bool          // a user who perhaps said stop is handed off, not asked
	DeskTold     bool          // a desk is configured, and told of handoffs

	// Declared, until the doctor has seen what X shows.
	LabelOn        bool // the Automated label is on
	BioDiscloses   bool // the bio says that it is a bot, and whose
	OperatorLinked bool // the account is linked to a human one
	AIApproved     bool // X's approval of AI answers is recorded

	Rules     *rules.Set // nil denies everything
	Candidate *rules.Set // decides beside Rules, and nothing by it; nil: none
}
