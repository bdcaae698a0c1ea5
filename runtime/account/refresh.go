package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/retry"
)

// One refresh, and where a crash leaves it:
//
//	1  the row becomes refreshing, with a lease, committed    (T2)
//	2  the refresh token goes to X
//	3  what X gave is stored, committed                       (T1)
//	4  the new access token is used
//
// A crash after 1 or 2 leaves a lease that runs out. Whoever finds it so does
// not know whether X has spent the token: that is unknown, as after a lost
// answer (T3).
const (
	leaseTime = 4 * requestTimeout     // so the clocks of two processes may differ by 45 s
	leaseLook = 250 * time.Millisecond // how often a waiting process looks
	retryBase = 5 * time.Second
	retryMax  = 5 * time.Minute
)

// pair is what is sealed.
type pair struct {
	Access  string `json:"access"`
	Refresh string `json:"refresh"`
}

// SealedAs is the name that the tokens of a bot are sealed under.
func SealedAs(bot string) string { return "tokens/" + bot }

func (m *Manager) seal(row *db.Token, access, refresh Secret) error {
	b, err := json.Marshal(pair{access.Reveal(), refresh.Reveal()})
	if err != nil {
		return errors.New("write tokens down")
	}
	row.Sealed, err = m.Seal.Seal(b, SealedAs(row.Bot))
	return err
}

// open returns the access and refresh token of a row; none of one that ended.
func (m *Manager) open(row db.Token) (access, refresh Secret, err error) {
	if row.State == db.TokenEnded || len(row.Sealed) == 0 {
		return Secret{}, Secret{}, nil
	}
	b, err := m.Seal.Open(row.Sealed, SealedAs(row.Bot))
	if err != nil {
		return Secret{}, Secret{}, ErrWrongKey
	}
	var p pair
	if json.Unmarshal(b, &p) != nil {
		return Secret{}, Secret{}, ErrWrongKey
	}
	return NewSecret(p.Access), NewSecret(p.Refresh), nil
}

// look reads the bot's row and takes it in.
func (m *Manager) look(ctx context.Context, b *bot) (row db.Token, err error) {
	err = m.Store.Read(ctx, func(tx db.Tx) (err error) {
		row, err = tx.Token(b.name)
		return err
	})
	if errors.Is(err, db.ErrNotFound) {
		return row, &Error{Bot: b.name, Class: event.Auth, Err: fmt.Errorf("%w: `beckon login %s`", ErrNoLogin, b.name)}
	}
	if err != nil {
		return row, &Error{Bot: b.name, Class: event.Transient, Err: err}
	}
	access, _, err := m.open(row)
	if err != nil {
		return row, &Error{Bot: b.name, Class: event.Auth, Err: err}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if row.Version >= b.row.Version { // else somebody here has read a newer one meanwhile
		b.row, b.access = row, access
	}
	return row, nil
}

// take is the right to refresh in this process. Give it back by give.
func (b *bot) take(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &Error{Bot: b.name, Class: event.Transient, Err: ctx.Err()}
	}
}

func (b *bot) give() { <-b.turn }

// renew returns an access token that can be used: another's if another was
// faster, else by a refresh. early: one that is close to its end, or in doubt,
// is refreshed although it could still be used.
func (m *Manager) renew(ctx context.Context, b *bot, early bool) (Secret, error) {
	if err := b.take(ctx); err != nil {
		return Secret{}, err
	}
	defer b.give()
	for {
		if err := m.save(ctx, b); err != nil {
			return Secret{}, err
		}
		row, err := m.look(ctx, b)
		if err != nil {
			return Secret{}, err
		}
		now := m.Now()
		if row.State == db.TokenEnded {
			return Secret{}, ended(row)
		}
		margin := useMargin
		if early {
			margin = ahead(row)
		}
		b.mu.Lock()
		access, good, tryAt, why := b.access, b.good(row, b.access, now, margin), b.tryAt, b.why
		b.mu.Unlock()
		switch {
		case good && (row.State != db.TokenUnknown || !early):
			return access, nil
		case row.State == db.TokenRefreshing && now.Before(row.LeaseUntil):
			if err := m.pause(ctx, b); err != nil { // another process refreshes
				return Secret{}, err
			}
			continue
		case now.Before(tryAt):
			return Secret{}, &Error{Bot: b.name, Class: event.Transient, RetryAt: tryAt, Err: why}
		}
		if err := m.refresh(ctx, b, row, now); err != nil && !errors.Is(err, db.ErrStale) {
			return Secret{}, err
		}
	}
}

func (m *Manager) pause(ctx context.Context, b *bot) error {
	select {
	case <-ctx.Done():
		return &Error{Bot: b.name, Class: event.Transient, Err: ctx.Err()}
	case <-time.After(leaseLook):
		return nil
	}
}

func ended(row db.Token) error {
	return &Error{Bot: row.Bot, Class: event.Auth, Err: fmt.Errorf("%w: %s", ErrNoLogin, row.Reason)}
}

// put stores a row; ErrStale where somebody else was faster.
func (m *Manager) put(ctx context.Context, row db.Token) error {
	return m.Store.Write(ctx, func(tx db.Tx) error { return tx.PutToken(row) })
}

// refresh takes the lease, asks X and settles. The caller has the turn. nil or
// ErrStale: look at the row again.
func (m *Manager) refresh(ctx context.Context, b *bot, row db.Token, now time.Time) error {
	_, token, err := m.open(row)
	if err != nil {
		return &Error{Bot: b.name, Class: event.Auth, Err: err}
	}
	doubt := row.State != db.TokenLive // an earlier answer was lost, or its asker died
	row.State, row.LeaseUntil = db.TokenRefreshing, now.Add(leaseTime)
	if err := m.put(ctx, row); err != nil {
		if errors.Is(err, db.ErrStale) {
			return err
		}
		return &Error{Bot: b.name, Class: event.Transient, Err: err}
	}
	row.Version++
	// From here on the end must be known, whoever stops waiting for it.
	ctx = context.WithoutCancel(ctx)
	a := m.x.tokens(ctx, "/2/oauth2/token", m.App.ClientID, m.App.ClientSecret, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {token.Reveal()}, "client_id": {m.App.ClientID},
	})
	return m.settle(ctx, b, row, a, token, doubt, now)
}

// settle stores how a refresh ended.
func (m *Manager) settle(ctx context.Context, b *bot, row db.Token, a answer, old Secret, doubt bool, asked time.Time) error {
	row.LeaseUntil = time.Time{}
	switch a.ending {
	case granted:
		return m.grant(ctx, b, row, a, old, asked)
	case refused:
		why := "X takes its login no more: the authorisation was withdrawn or has run out"
		if doubt {
			why = "the answer to a refresh of its token was lost, and X has spent the old one"
		}
		return m.end(ctx, b, row, why+"; "+again(b.name))
	case lost:
		doubt = true
	}
	row.State, row.Reason = db.TokenLive, reasonOf(a, doubt)
	if doubt {
		row.State = db.TokenUnknown
		m.Metrics.Unknown.Add(1)
	} else {
		m.Metrics.Again.Add(1)
	}
	err := &Error{Bot: b.name, Class: event.Transient, RetryAt: b.delay(a, m.Now()), Err: errors.New(row.Reason)}
	switch a.ending {
	case busy:
		err.Class = event.RateLimited
	case misconfigured:
		err.Class = event.Auth
	}
	b.mu.Lock()
	b.why = err.Err
	b.mu.Unlock()
	m.Log.WarnContext(ctx, "the token could not be refreshed, it is tried again", "bot", b.name, "class", err.Class, "err", row.Reason)
	if serr := m.put(ctx, row); serr != nil && !errors.Is(serr, db.ErrStale) {
		return &Error{Bot: b.name, Class: event.Transient, Err: serr} // the lease runs out: unknown
	}
	return err
}

func reasonOf(a answer, doubt bool) string {
	var why string
	switch a.ending {
	case untouched:
		why = "X's token endpoint could not be reached"
	case busy:
		why = "X takes no more refreshes for now"
	case misconfigured:
		why = fmt.Sprintf("X does not take app.client_id and app.client_secret (status %d)", a.status)
	default:
		why = "the answer to a refresh was lost"
		if a.status != 0 {
			why = fmt.Sprintf("X's token endpoint answered with status %d and no tokens", a.status)
		}
	}
	if doubt {
		return why + "; X may have spent the refresh token, it is tried again"
	}
	return why + "; nothing is lost, it is tried again"
}

// delay backs off, and waits where X said how long.
func (b *bot) delay(a answer, now time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails++
	b.tryAt = now.Add(retry.After(b.fails, retryBase, retryMax))
	if a.ending == misconfigured {
		b.tryAt = now.Add(retryMax)
	}
	b.tryAt = later(b.tryAt, a.retryAt)
	return b.tryAt
}

// grant keeps a new pair. Where X gives no new refresh token the old one stays
// good (RFC 6749, section 6).
func (m *Manager) grant(ctx context.Context, b *bot, row db.Token, a answer, old Secret, asked time.Time) error {
	if a.refresh.IsZero() {
		a.refresh = old
	}
	row.State, row.Reason = db.TokenLive, ""
	row.RefreshedAt, row.ExpiresAt = asked, asked.Add(a.lifetime)
	if a.scopes != "" {
		row.Scopes = a.scopes
	}
	if err := m.seal(&row, a.access, a.refresh); err != nil {
		return &Error{Bot: b.name, Class: event.Transient, Err: err}
	}
	b.mu.Lock()
	b.unsaved, b.fails, b.tryAt, b.why = &row, 0, time.Time{}, nil
	b.mu.Unlock()
	return m.save(ctx, b)
}

// save stores what X granted. Until it is stored nobody gets to see it (T1).
func (m *Manager) save(ctx context.Context, b *bot) error {
	b.mu.Lock()
	row := b.unsaved
	b.mu.Unlock()
	if row == nil {
		return nil
	}
	err := m.put(ctx, *row)
	if err != nil && !errors.Is(err, db.ErrStale) {
		m.Log.ErrorContext(ctx, "a refreshed token cannot be stored and is not used; nothing is sent until it is", "bot", b.name, "err", err)
		return &Error{Bot: b.name, Class: event.Transient, Err: fmt.Errorf("store the refreshed token: %w", err)}
	}
	// Stale: it was stored although we were told otherwise, or a new login came
	// in between. Either way the row says what counts.
	b.mu.Lock()
	b.unsaved = nil
	b.mu.Unlock()
	m.Metrics.Granted.Add(1)
	m.Log.InfoContext(ctx, "token refreshed", "bot", b.name)
	return nil
}

// end stops the bot, then stores that its login has ended. In this order a crash
// between the two is found again by the next refresh.
func (m *Manager) end(ctx context.Context, b *bot, row db.Token, why string) error {
	now, err := m.look(ctx, b)
	if err == nil && now.Version != row.Version {
		return db.ErrStale // somebody has logged in meanwhile
	}
	if err := m.Stop(ctx, b.name, why); err != nil {
		return &Error{Bot: b.name, Class: event.Transient, Err: fmt.Errorf("turn the kill switch on: %w", err)}
	}
	row.State, row.Reason, row.Sealed = db.TokenEnded, why, nil
	if err := m.put(ctx, row); err != nil {
		if errors.Is(err, db.ErrStale) {
			return err
		}
		return &Error{Bot: b.name, Class: event.Transient, Err: err}
	}
	m.Metrics.Ended.Add(1)
	m.Log.ErrorContext(ctx, "the bot is stopped: its login has ended", "bot", b.name, "err", why)
	b.mu.Lock()
	b.row, b.access = row, Secret{}
	b.mu.Unlock()
	return ended(row)
}
