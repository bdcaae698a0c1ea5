package action

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/match"
)

// ErrNoMatch is returned where nothing stands that could be removed.
var ErrNoMatch = errors.New("the user is not matched for this purpose")

// ErrOldConsent is returned for a consent by an event that the user has taken
// back since.
var ErrOldConsent = errors.New("the user withdrew the consent that they gave by this event; only a new one counts")

// Match matches a user with a reference outside of X, if the records show a basis
// for it (runtime/match). A later one for the same purpose takes its place.
func (u *Unit) Match(a match.Ask) (db.Match, error) {
	k, err := u.known(a)
	if err != nil {
		return db.Match{}, err
	}
	m, err := match.Allow(a, k, u.Now.UTC())
	if err != nil {
		return db.Match{}, err
	}
	m.Sealed, m.RefHash = event.Seal([]byte(a.Ref)), u.Key.Text("match\x00"+a.Ref)
	return m, u.Tx.PutMatch(m)
}

// known reads what a match depends on.
func (u *Unit) known(a match.Ask) (k match.Known, err error) {
	st, err := u.State(a.Bot, a.User, "")
	if err != nil {
		return k, err
	}
	k.OptedOut, k.StoppedAt, k.ErasedAt = st.Suppression.OptedOut, st.Suppression.At, st.Suppression.ErasedAt
	if k.Matches, err = u.Tx.MatchesOf(a.Bot, a.User); err != nil {
		return k, err
	}
	if k.Consent, err = u.agreedToMatching(a.Bot, a.User); err != nil || a.Event == "" {
		return k, err
	}
	acts, err := u.Tx.ActsWith(a.Event) // by its first id, or its newest
	for _, act := range acts {
		if act.Bot == a.Bot {
			k.Act = act
		}
	}
	return k, err
}

// agreedToMatching is the latest consent; the zero value where there is none.
func (u *Unit) agreedToMatching(bot, user string) (db.Consent, error) {
	all, err := u.Tx.ConsentsOf(bot, user)
	if i := slices.IndexFunc(all, func(c db.Consent) bool { return c.Kind == conversation.ConsentMatching }); i >= 0 {
		return all[i], err
	}
	return db.Consent{}, err
}

// anew refuses a consent to matching by an event of which the user has taken
// back what they said.
func (u *Unit) anew(c db.Consent) error {
	was, err := u.agreedToMatching(c.Bot, c.User)
	if err != nil || was.WithdrawnAt.IsZero() || was.Event != c.Event || strings.HasPrefix(c.Event, byOperator) {
		return err
	}
	return ErrOldConsent
}

// byOperator begins the event of a consent that reached an operator by another
// way than X. Their name tells nothing of whether it is a new one; they do.
const byOperator = "operator "

// Unmatch ends every match of the user toward the bot by the user's word, and
// notes that they do not want one: from then on only a new basis counts. It
// returns how many ended.
func (u *Unit) Unmatch(bot, user, by string) (ended int, err error) {
	c, err := u.agreedToMatching(bot, user)
	if err != nil {
		return 0, err
	}
	if c.Kind == "" { // they never agreed, and say so
		c = db.Consent{Bot: bot, User: user, Kind: conversation.ConsentMatching, At: u.Now.UTC(), Event: by}
	}
	if err := u.withdraw(c, by); err != nil {
		return 0, err
	}
	return u.endMatches(user, by, func(m db.Match) bool { return m.Bot == bot })
}

// UnmatchAll is Unmatch toward the bot, and every bot that has matched the user or
// may.
func (u *Unit) UnmatchAll(bot, user, by string) (ended int, err error) {
	bots := map[string]bool{bot: true}
	open, err := u.Tx.OpenMatchesOf(user)
	if err != nil {
		return 0, err
	}
	for _, m := range open {
		bots[m.Bot] = true
	}
	agreed, err := u.Tx.StandingConsents(user)
	if err != nil {
		return 0, err
	}
	for _, c := range agreed {
		if c.Kind == conversation.ConsentMatching {
			bots[c.Bot] = true
		}
	}
	for _, bot := range slices.Sorted(maps.Keys(bots)) {
		n, err := u.Unmatch(bot, user, by)
		if err != nil {
			return ended, err
		}
		ended += n
	}
	return ended, nil
}

// RemoveMatch ends the match for one purpose, which an operator found to be wrong
// or no longer needed. It says nothing of what the user wants.
func (u *Unit) RemoveMatch(bot, user, purpose, by string) error {
	n, err := u.endMatches(user, by, func(m db.Match) bool { return m.Bot == bot && m.Purpose == purpose })
	if err == nil && n == 0 {
		return fmt.Errorf("user %s of bot %s, %s: %w", user, bot, purpose, ErrNoMatch)
	}
	return err
}

// EndMatchesBy ends the matches whose basis was given to the bot ("": to every
// one) by a post or DM that is gone, or was edited.
func (u *Unit) EndMatchesBy(message, bot, why string) (ended int, err error) {
	open, err := u.Tx.OpenMatchesBy(message)
	if err != nil {
		return 0, err
	}
	return u.end(open, why, func(m db.Match) bool { return m.Basis == db.BasisProvided && (bot == "" || m.Bot == bot) })
}

// EndMatchesOfPosts ends the matches whose basis the user gave in a post to the
// bot, or to every one.
func (u *Unit) EndMatchesOfPosts(user, bot, why string) (ended int, err error) {
	return u.endMatches(user, why, func(m db.Match) bool {
		return m.Basis == db.BasisProvided && m.Source != "dm" && (bot == "" || m.Bot == bot)
	})
}

func (u *Unit) endMatches(user, by string, pick func(db.Match) bool) (ended int, err error) {
	open, err := u.Tx.OpenMatchesOf(user)
	if err != nil {
		return 0, err
	}
	return u.end(open, by, pick)
}

func (u *Unit) end(open []db.Match, by string, pick func(db.Match) bool) (ended int, err error) {
	for _, m := range open {
		if !pick(m) {
			continue
		}
		if err := u.Tx.PutMatch(match.Ended(m, u.Now.UTC(), by)); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}

// EndExpired ends up to max matches whose time is over.
func EndExpired(tx db.Tx, now time.Time, max int) (ended int, err error) {
	over, err := tx.ExpiredMatches(now, max)
	if err != nil {
		return 0, err
	}
	for _, m := range over {
		if err := tx.PutMatch(match.Ended(m, now.UTC(), "its time is over")); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}

// Match matches a user, by an operator's word.
func (d Desk) Match(ctx context.Context, now time.Time, a match.Ask) (m db.Match, err error) {
	err = d.transact(ctx, now, func(u *Unit) (err error) {
		m, err = u.Match(a)
		return err
	})
	return m, err
}

// Unmatch records that a user does not want to be matched.
func (d Desk) Unmatch(ctx context.Context, now time.Time, bot, user, by string) (ended int, err error) {
	err = d.transact(ctx, now, func(u *Unit) (err error) {
		ended, err = u.Unmatch(bot, user, by)
		return err
	})
	return ended, err
}

// RemoveMatch ends one match.
func (d Desk) RemoveMatch(ctx context.Context, now time.Time, bot, user, purpose, by string) error {
	return d.transact(ctx, now, func(u *Unit) error { return u.RemoveMatch(bot, user, purpose, by) })
}
