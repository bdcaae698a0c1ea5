// Package xsim is a simulated X for tests, the demo and `beckon xsim`: the REST
// calls that Beckon makes, with X's refusals, limits and faults, and a sender
// of signed webhooks. It owns a small world of users, posts and DMs, and keeps
// what reached it, so that a test can count replies per post.
//
// What it refuses: to know anything of Beckon (a bot in any language can be
// tried on it), to act by chance or by a clock of its own, and to deliver to a
// webhook that fails the CRC.
//
//   - X1 the same script gives the same bytes: ids come from Options.Now and
//     order, event ids and t.co codes from hashes.
//   - X2 a request that a fault keeps from having an effect has none; one that
//     is reported as failed with Fault.Made has its whole effect.
//   - X3 what X forbids is judged from the world, not from what the client
//     says: a reply needs a summons, a DM the user's DM.
//   - X4 a webhook that is invalid gets nothing until a CRC succeeds.
//   - X5 a resource is charged once a UTC day, and what is refused never.
//   - X6 a refresh token spent twice ends all tokens of its authorization.
//
// What it serves to bots stands in routes.go, what it serves to people under
// /_sim in command.go and act.go; the README of this folder lists both.
//
// For example, a user writes to a bot:
//
//	curl -d '{"from":"ann","to":"helpdesk","text":"where is my order?"}' http://127.0.0.1:8089/_sim/mention
//
// These have no password: listen on a loopback address.
package xsim

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Account is a user that a bot speaks for.
type Account struct {
	User
	Token      string // user access token that the API accepts; more by OAuth 2.0
	Secret     string // of Token, for OAuth 1.0a
	Enterprise bool   // the app's tier: replies need no summons
	Long       bool   // may post 25,000 characters
}

// Echo says when X tells us of our own post or DM by webhook.
type Echo int

const (
	EchoDefault Echo = iota // of a Fault: as the Sim; of a Sim: EchoAfter
	EchoAfter               // queued once the HTTP answer is written; Flush or Run delivers
	EchoBefore              // delivered before the HTTP answer goes out
	EchoOff                 // no subscription to post.create and dm.sent
)

// Options configures a Sim. Accounts must be given, and for webhooks
// ConsumerSecret and WebhookURL.
type Options struct {
	Accounts       []Account
	Users          []User // others are made when first named
	ConsumerSecret []byte
	WebhookURL     string
	Client         *http.Client // for webhooks; default a new one
	Echo           Echo
	Retries        int // further tries of a delivery after a 5xx or no answer; default 2, negative: none

	// AppToken is the app's bearer token, for the calls that no bot makes:
	// webhooks, subscriptions, the activity stream. "": nobody has one.
	AppToken string
	// ClientID and ClientSecret are the app's for OAuth 2.0; without an id there
	// is none. Without a secret the app is a public client.
	ClientID, ClientSecret string
	Redirects              []string      // the app's redirect URIs; none: any
	TokenLife              time.Duration // of access tokens; default 2 hours
	ConsumerKey            string        // for OAuth 1.0a; "": there is none

	// Credits is what the app may spend, in thousandths of a dollar, UsageCap
	// how many posts it may read; 0: without end.
	Credits, UsageCap int

	// Strict keeps back every event that no subscription of the API asks for.
	// Without it everything that an account may be told is delivered.
	Strict      bool
	MaxWebhooks int           // default 5
	ReplayTakes time.Duration // how long a replay job waits; X: about 2 hours
	Heartbeat   time.Duration // of streams; default X's 20 seconds
	Pace        time.Duration // how often Run looks for what is due; default 1 second
	Drift       Drift
	Older       bool // webhooks get the older envelope, of the Account Activity API

	Now    func() time.Time // default time.Now
	Seed   uint64           // changes event ids and t.co codes
	Limits map[string]int   // calls per 15 minutes by Op, where they differ from X's
	// DuplicateWindow is how long the same text to the same user is refused;
	// default 5 minutes.
	DuplicateWindow time.Duration

	// Validate judges each API request, body included; its error is a 400 and
	// is kept in Violations.
	Validate func(*http.Request) error
	Log      *slog.Logger
}

// Sim is a simulated X. It is safe for concurrent use.
type Sim struct {
	opts   Options
	client *http.Client
	wake   chan struct{} // something was queued

	skew atomic.Int64 // nanoseconds

	mu       sync.Mutex
	users    map[string]User   // by id
	handles  map[string]string // lower-case handle to id
	accounts map[string]*Account
	revoked  map[string]bool    // account ids whose authorisation was withdrawn
	posts    map[string]*Post   // by id, deleted ones too
	dms      []DM               // in order
	wrote    map[[2]string]bool // (user, account): the user has sent a DM
	blocked  map[[2]string]bool // (user, account)

	lastID     int64
	windows    map[[2]string]window // (account or "" for the app, op and length)
	faults     []*armed
	calls      []Call
	violations []error
	queue      [][]byte
	parked     []parked // by due time
	disorder   Disorder

	secrets       [][]byte // of the app; the first signs
	signed        int      // deliveries signed
	hooks         []*webhook
	subscriptions []*subscription
	streams       []*connection // gone ones too
	jobs          []*job
	failReplays   int
	marks         map[mark]bool
	files         map[string]file // uploaded, by media id

	compliance     []*compliance
	failCompliance int
	redacted       map[string]time.Time // of posts and users: since when they are not as they were
	scrubbed       map[string]bool      // posts without their location

	codes    map[string]code
	families []*family
	issued   int
	consents string // account id that agrees; "": the first
	denies   bool

	charged map[charged]bool
	spent   int

	history []happened      // of 24 hours, oldest first
	known   map[string]bool // event ids in history
}

// now is the time as X has it, which a skew sets apart from ours.
func (s *Sim) now() time.Time { return s.opts.Now().UTC().Add(time.Duration(s.skew.Load())) }

// SetSkew sets X's clock apart from Options.Now: its answers, its events and
// its limits tell the other time.
func (s *Sim) SetSkew(d time.Duration) { s.skew.Store(int64(d)) }

// New makes a Sim with its accounts and users.
func New(o Options) (*Sim, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.DuplicateWindow == 0 {
		o.DuplicateWindow = 5 * time.Minute
	}
	if o.Retries == 0 {
		o.Retries = 2
	}
	o.MaxWebhooks = cmp.Or(o.MaxWebhooks, 5)
	o.Heartbeat = cmp.Or(o.Heartbeat, 20*time.Second)
	o.TokenLife = cmp.Or(o.TokenLife, 2*time.Hour)
	o.Pace = cmp.Or(o.Pace, time.Second)
	if o.Echo == EchoDefault {
		o.Echo = EchoAfter
	}
	if o.WebhookURL != "" && len(o.ConsumerSecret) == 0 {
		return nil, errors.New("xsim: a webhook needs a consumer secret")
	}
	client := http.Client{}
	if o.Client != nil {
		client = *o.Client
	}
	// X takes a redirect for an invalid webhook, and does not follow it.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if client.Timeout == 0 {
		client.Timeout = 10 * time.Second // X's own patience
	}
	s := &Sim{
		opts: o, client: &client, wake: make(chan struct{}, 1),
		users: map[string]User{}, handles: map[string]string{}, accounts: map[string]*Account{},
		revoked: map[string]bool{}, posts: map[string]*Post{},
		wrote: map[[2]string]bool{}, blocked: map[[2]string]bool{}, windows: map[[2]string]window{},
		marks: map[mark]bool{}, files: map[string]file{}, codes: map[string]code{}, charged: map[charged]bool{},
		secrets: [][]byte{o.ConsumerSecret}, known: map[string]bool{}, redacted: map[string]time.Time{}, scrubbed: map[string]bool{},
	}
	if o.WebhookURL != "" {
		s.hooks = []*webhook{{id: "1", url: o.WebhookURL, created: s.now(), good: s.now()}}
	}
	tokens := map[string]bool{}
	for _, a := range o.Accounts {
		if a.Token == "" || tokens[a.Token] {
			return nil, fmt.Errorf("xsim: account %q needs a token of its own", a.Username)
		}
		tokens[a.Token] = true
		if err := s.add(a.User); err != nil {
			return nil, err
		}
		s.accounts[a.ID] = &a
	}
	for _, u := range o.Users {
		if err := s.add(u); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Sim) add(u User) error {
	handle := strings.ToLower(u.Username)
	switch {
	case !isID(u.ID) || handle == "":
		return fmt.Errorf("xsim: user %q needs a numeric id and a username", u.Username)
	case s.users[u.ID].ID != "" || s.handles[handle] != "":
		return fmt.Errorf("xsim: user %q is there twice", u.Username)
	}
	if u.Name == "" {
		u.Name = u.Username
	}
	s.users[u.ID], s.handles[handle] = u, u.ID
	return nil
}

// User returns a user by handle or id.
func (s *Sim) User(name string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.find(name)
	return u, err == nil
}

// find returns a user by handle (with or without @) or id.
func (s *Sim) find(name string) (User, error) {
	name = strings.TrimPrefix(name, "@")
	if u, ok := s.users[name]; ok {
		return u, nil
	}
	if id := s.handles[strings.ToLower(name)]; id != "" {
		return s.users[id], nil
	}
	return User{}, fmt.Errorf("xsim: no user %q", name)
}

// person finds a user, or makes one: a handle is enough to be somebody.
func (s *Sim) person(name string, automated bool) (User, error) {
	if u, err := s.find(name); err == nil {
		return u, nil
	}
	name = strings.TrimPrefix(name, "@")
	u := User{ID: name, Username: "user" + name, Automated: automated}
	if !isID(name) {
		if !isHandle(name) {
			return User{}, fmt.Errorf("xsim: %q is no handle", name)
		}
		u.Username, u.ID = name, userID(name)
	}
	err := s.add(u)
	return s.users[u.ID], err
}
