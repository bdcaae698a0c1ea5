package account

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Options is what a Manager needs.
type Options struct {
	Store db.Store
	Seal  Sealer // what tokens are sealed with
	App   App
	Bots  map[string]Bot // by configured name

	BaseURL string       // of X's API, without a slash at the end
	HTTP    *http.Client // gives its transport; nil: the default one

	// Stop turns the bot's kill switch on, in the name of the host. It is called
	// before the end of a login is stored, so that no crash can lose it; it may
	// be called again for the same end. nil: nobody is told.
	Stop func(ctx context.Context, bot, why string) error

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: silent

	Metrics *Metrics // nil: not counted
}

// Sealer is a *seal.Keyset, or a *seal.Live whose keyset is rotated meanwhile:
// what was sealed before still opens.
type Sealer interface {
	Seal(plain []byte, name string) ([]byte, error)
	Open(sealed []byte, name string) ([]byte, error)
}

// Manager gives out credentials and keeps them fresh. It is safe for
// concurrent use; several processes may share one database.
type Manager struct {
	Options
	x    endpoint
	bots map[string]*bot
	wake chan struct{}

	app     sync.Mutex
	bearer  Secret    // obtained with the consumer key and secret
	appBusy time.Time // not asked for again before
}

// bot is what this process knows of one account that logs in.
type bot struct {
	name string
	turn chan struct{} // holds the right to refresh, in this process

	mu       sync.Mutex
	row      db.Token // as read or stored last; Version 0: none yet
	access   Secret   // of row
	rejected Secret   // an access token that X answered 401 to
	tryAt    time.Time
	why      error // why the last refresh failed
	fails    int

	unsaved *db.Token // granted by X and not stored yet: not used before it is
}

// New returns a manager. It reads nothing yet.
func New(o Options) *Manager {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = &Metrics{}
	}
	if o.Stop == nil {
		o.Stop = func(context.Context, string, string) error { return nil }
	}
	m := &Manager{Options: o, x: newEndpoint(o.BaseURL, o.HTTP, o.Now), bots: map[string]*bot{}, wake: make(chan struct{}, 1)}
	for name, b := range o.Bots {
		if b.Kind == Login {
			m.bots[name] = &bot{name: name, turn: make(chan struct{}, 1)}
		}
	}
	return m
}

// Credential returns what a request in the bot's name carries now, or, for "",
// one in the app's. An error is an *Error.
func (m *Manager) Credential(ctx context.Context, name string) (Credential, error) {
	if name == "" {
		return m.appCredential(ctx)
	}
	c, ok := m.Bots[name]
	if !ok {
		return Credential{}, &Error{Bot: name, Class: event.Auth, Err: ErrNoBot}
	}
	switch c.Kind {
	case OAuth1:
		return Credential{Keys: c.Keys}, nil
	case Static:
		return Credential{Bearer: c.Token}, nil
	}
	b := m.bots[name]
	if access, ok := b.usable(m.Now()); ok {
		return Credential{Bearer: access}, nil
	}
	access, err := m.renew(ctx, b, false)
	if err != nil {
		return Credential{}, err
	}
	return Credential{Bearer: access}, nil
}

// An access token is not used so close to its end that it could end under way,
// and is refreshed well before.
const (
	useMargin   = 30 * time.Second
	aheadMargin = 10 * time.Minute
	clockSlack  = time.Minute // a clock that went back by more makes every expiry doubtful
)

// usable returns the access token in hand if it may be used at that time.
func (b *bot) usable(now time.Time) (Secret, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.access, b.good(b.row, b.access, now, useMargin)
}

// good: the row is not ended, its access token not refused, and it lives for
// longer than margin.
func (b *bot) good(row db.Token, access Secret, now time.Time, margin time.Duration) bool {
	return row.State != db.TokenEnded && !access.IsZero() &&
		(b.rejected.IsZero() || b.rejected.Reveal() != access.Reveal()) &&
		lives(row, now, margin)
}

// lives trusts X's expires_in, counted on our own clock from before the request
// was sent. A clock that has gone back since cannot tell, and one that jumped
// ahead refreshes early.
func lives(row db.Token, now time.Time, margin time.Duration) bool {
	return now.Add(margin).Before(row.ExpiresAt) && !now.Add(clockSlack).Before(row.RefreshedAt)
}

// ahead is how long before its end a token is refreshed: a quarter of its life
// where that is short.
func ahead(row db.Token) time.Duration {
	return min(aheadMargin, row.ExpiresAt.Sub(row.RefreshedAt)/4)
}

// Step refreshes what is close to its end. It returns when it wants to be called
// again; zero where no account logs in.
func (m *Manager) Step(ctx context.Context, now time.Time) (next time.Time) {
	for _, b := range m.bots {
		at := m.stepBot(ctx, b, now)
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

const (
	lookAgain = 5 * time.Minute // at a row that another process may change
	soonest   = time.Second
)

func (m *Manager) stepBot(ctx context.Context, b *bot, now time.Time) time.Time {
	row, err := m.look(ctx, b)
	due := now.Add(lookAgain)
	switch {
	case err != nil || row.State == db.TokenEnded:
		return due
	case row.State == db.TokenUnknown, b.unstored():
	case lives(row, now, ahead(row)):
		return earlier(due, row.ExpiresAt.Add(-ahead(row)))
	}
	b.mu.Lock()
	tryAt := b.tryAt
	b.mu.Unlock()
	if now.Before(tryAt) {
		return earlier(due, tryAt)
	}
	if _, err := m.renew(ctx, b, true); err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.tryAt.After(now) {
			return earlier(due, b.tryAt)
		}
		return now.Add(retryBase)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return earlier(due, later(now.Add(soonest), b.row.ExpiresAt.Add(-ahead(b.row))))
}

func (b *bot) unstored() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unsaved != nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Run calls Step until ctx ends.
func (m *Manager) Run(ctx context.Context) error {
	for {
		wait := lookAgain
		if next := m.Step(ctx, m.Now()); !next.IsZero() {
			wait = min(max(next.Sub(m.Now()), soonest), lookAgain)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-m.wake:
		case <-time.After(wait):
		}
	}
}

func (m *Manager) stir() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Status is what may be shown of one account.
type Status struct {
	Bot   string `json:"bot"`
	Kind  Kind   `json:"kind"`
	State string `json:"state"` // none, or as in the database; configured where nothing is refreshed

	Scopes      string    `json:"scopes,omitempty"`
	LoginAt     time.Time `json:"login_at,omitzero"`
	RefreshedAt time.Time `json:"refreshed_at,omitzero"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
	Reason      string    `json:"reason,omitempty"`
}

// List tells where each account stands, by name. It holds no secret.
func (m *Manager) List(ctx context.Context) ([]Status, error) {
	rows := map[string]db.Token{}
	err := m.Store.Read(ctx, func(tx db.Tx) error {
		all, err := tx.ListTokens()
		for _, r := range all {
			rows[r.Bot] = r
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	out := []Status{}
	for name, b := range m.Bots {
		s := Status{Bot: name, Kind: b.Kind, State: "configured"}
		if b.Kind == Login {
			s.State = "none"
			if r, ok := rows[name]; ok {
				s.State, s.Scopes, s.Reason = string(r.State), r.Scopes, r.Reason
				s.LoginAt, s.RefreshedAt, s.ExpiresAt = r.LoginAt, r.RefreshedAt, r.ExpiresAt
				if _, _, err := m.open(r); err != nil {
					s.Reason = err.Error()
				}
			} else {
				s.Reason = "nobody has logged in yet: `beckon login " + name + "`"
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Status) int {
		if a.Bot < b.Bot {
			return -1
		}
		return 1
	})
	return out, nil
}
