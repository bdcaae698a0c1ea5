package doctor

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Facts are what there is to judge.
type Facts struct {
	Now       time.Time
	Simulated bool // X's API is on this machine
	Running   bool // the host runs
	Use       string
	App       App
	Apps      []OtherApp // of other configurations of the same people
	Bots      []Bot
	Others    []OtherBot // of those configurations
	Host      Host
}

// App is the X app.
type App struct {
	Tier        string // free, self_serve or enterprise
	Environment string // production, staging or development
	Name        string // tells apps apart: an id, or a hash of a key; never a secret
	Kept        bool   // the host keeps webhook and subscriptions
	WaysIn      Known[[]Way]
	Ingest      string               // webhook, stream or poll
	Called      bool                 // X has called the webhook since the host started
	Token       bool                 // the app can speak for itself
	Rounds      time.Duration        // how often X is asked what is gone; 0: never
	Skew        Known[time.Duration] // X's clock minus ours
}

// Way is one thing that X needs to tell us of: a webhook, a subscription.
type Way struct {
	Bot  string // "": the app's
	What string
	Is   string // ok, surplus, or what is wrong
	Err  string // why it could not be put right
}

// OtherApp is the app of another configuration.
type OtherApp struct {
	File        string
	Name        string
	Use         string
	Environment string
	Operators   []string
}

// OtherBot is a bot of another configuration.
type OtherBot struct {
	File, Name, Answers string
}

// Profile is what X shows of an account.
type Profile struct {
	ID, Username, Bio string
	Automated         event.Tri
	Protected         event.Tri
	Gone              bool // X has no such account
}

// Bot is one hosted account.
type Bot struct {
	Name, UserID, Username, Operator string

	Profile  Known[Profile] // as its own token sees it
	Human    Known[Profile] // the operator's account
	Before   Seen           // what the check before this one saw
	Declared Declared
	Vouched  bool // a person has told the host, by name, to send regardless

	Send   bool
	Paused string // by whom and why; "": it is not

	Token Token
	Kinds []event.ActionKind // that its rules could permit
	Needs []string           // scopes for them

	Rules      Rules
	Privacy    string      // address of the policy; "": none
	Online     *Known[int] // status of its page; nil: not asked for
	Disclosure string      // says that a bot speaks, and whose
	Answers    string      // hash of what it can say; "": not known
	Unloaded   string      // why the answers as they are now are refused; "": they are not
	Unplanned  string      // why the schedule is; "": it is not, or there is none
	WrittenBy  []string    // answers that a model writes, by name
	Approval   string      // X's reference for them; "": none is recorded
	Budget     BudgetLimits
}

// Declared is what a person says to have seen, and when; zero: not.
type Declared struct{ Label, Bio, Operator time.Time }

// Token is how the bot speaks for its account.
type Token struct {
	Kind        string // token, oauth1 or login
	State       string // configured; of a login none, live, refreshing, unknown or ended
	Scopes      string // granted; "": not told
	LoginAt     time.Time
	RefreshedAt time.Time
	ExpiresAt   time.Time
	FileAt      time.Time // when the file of a static token was written; zero: no file
	Reason      string    // why it cannot be used
}

// Rules is what became of the bot's rules directory.
type Rules struct {
	Dir      string
	Set      string // hash; "": it does not load
	Tests    int    // that held
	Problems []string
}

// BudgetLimits are US dollars; 0: no limit.
type BudgetLimits struct{ Daily, Monthly float64 }

// Host is the machine's part.
type Host struct {
	Secrets  []Place
	Database Known[string] // its durability in words
	Bus      Known[string]
	Copy     Known[Copy]
	Restored Known[Restored]
	Backup   Known[time.Time] // of the newest one, zero: none is known
	Disk     Known[Disk]
}

// Copy is how far the copy of the opt-outs outside the database is.
type Copy struct {
	Owed   int64         // what it does not have
	Behind time.Duration // for how long it could not be written; 0: it is current, or about to be
}

// Restored is that the database came back from a backup; zero: it did not.
type Restored struct {
	At, BackupAt time.Time
	Waits        bool // who said stop in between is not known, and nothing is sent
}

// Place is a file that holds a secret, or must not, and what is wrong with that.
type Place struct {
	Path    string
	Kind    PlaceKind
	Problem string // "": nothing
}

// PlaceKind is what a file has to do with secrets.
type PlaceKind int

// The kinds of places.
const (
	Text    PlaceKind = iota // no secret may stand in it
	Mounted                  // the configuration names it; a platform may have put it there
	Own                      // the host made it for itself
)

// Disk is where the data directory is.
type Disk struct {
	Path       string
	Free, Size uint64 // bytes
}
