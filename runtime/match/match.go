// Package match says whether an X user may be matched with an identity outside of
// X, such as a customer number, and who may be told of a match.
//
// X rule: with the user's express opt-in, or by what they gave for that purpose,
// or by public data; never by third parties' (facts.md, read 2026-11-25)
//
// What it owns: the bases, their conditions, what a match may be used for, and the
// one place from which a reference goes to a program (Give). What it refuses: to
// match, to read a clock, to look for a user, to take anybody's word that a basis
// exists: the caller shows the records.
//
//   - T21 no match without a basis that the records show: a consent that stands,
//     a message of this very user to this very bot, or a public link.
//   - T22 records of third parties are no basis, and are refused by name.
//   - T23 what ended by the user's word stays ended until there is a basis from
//     after it. Public data is none any more, nor once they were erased.
//   - T24 a match is for one purpose. A message in which a user wrote their
//     reference is a basis for one purpose, however often it is asked.
//   - T25 a match is handed out only to who is configured for its purpose, and only
//     while it stands. What the user wrote ends by itself.
//   - T26 a match goes with its user, with the end of access, and with the post or
//     DM that was its basis; the receipt counts it.
package match

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// KeepProvided is how long what a user wrote may be used, from when they did: a
// case at a desk, and no customer file.
const KeepProvided = 7 * 24 * time.Hour

// MaxRef is the longest reference, in bytes.
const MaxRef = 200

const maxSource = 500 // bytes of a link

var (
	// ErrBasis is what every refusal wraps that the records call for.
	ErrBasis = errors.New("no basis for this match")
	// ErrForm is what every refusal is that is wrong in itself.
	ErrForm = errors.New("this is no match that could be asked for")
	// ErrThirdParty is the refusal of T22.
	ErrThirdParty = errors.New("records of third parties are never a basis for matching an X user; ask the user, for an opt-in or for the reference itself")
)

// formError is an ErrForm that says only what is wrong.
type formError struct{ error }

func (e formError) Is(target error) bool { return target == ErrForm }
func (e formError) Unwrap() error        { return e.error }

func form(format string, args ...any) error { return formError{fmt.Errorf(format, args...)} }

// Ask is a match that somebody wants.
type Ask struct {
	Bot, User string
	Purpose   string
	Basis     string
	Ref       string
	Event     string        // provided: id of the post or DM in which the user wrote it
	Source    string        // public: where the user made it public, an https link
	By        string        // operator's or handler's name
	Keep      time.Duration // at most; 0: as long as the basis allows
}

// Known is what the host has on record, read in the transaction of the match.
type Known struct {
	Consent db.Consent               // to matching, the latest; zero: none
	Act     conversation.Interaction // what Ask.Event names at this bot; zero: nothing
	Matches []db.Match               // of the user at this bot, the ended ones too

	OptedOut  bool      // their STOP stands
	StoppedAt time.Time // of the STOP or START that stands; zero: there was none
	ErasedAt  time.Time // zero: never
}

var purpose = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Purpose checks the name of a purpose.
func Purpose(name string) error {
	if !purpose.MatchString(name) {
		return form("purpose: what the match is for, a word such as order_status: small letters, digits and _, at most 40; not %q", name)
	}
	// X rule: nothing sensitive is inferred or recorded of a user (facts.md, read 2026-11-25)
	if what, _ := rules.Sensitive(strings.ReplaceAll(name, "_", " ")); what != "" {
		return form("purpose: %s is about %s, which X forbids to record of a user", name, what)
	}
	return nil
}

// Basis reads the name of a basis.
func Basis(name string) (db.MatchBasis, error) {
	switch b := db.MatchBasis(name); b {
	case db.BasisOptIn, db.BasisProvided, db.BasisPublic:
		return b, nil
	}
	switch strings.ReplaceAll(strings.ToLower(name), "-", "_") {
	case "":
		return "", form("basis: a match needs one: opt_in, provided_by_user or public")
	case "third_party", "third_parties", "broker", "data_broker", "purchased", "vendor", "partner", "crm", "enrichment":
		return "", form("basis: %q: %w", name, ErrThirdParty)
	}
	return "", form("basis: opt_in, provided_by_user or public, not %q", name)
}

// Check says what is wrong with an ask, whatever the records show.
func (a Ask) Check() error {
	basis, err := Basis(a.Basis)
	if err != nil {
		return err
	}
	if err := Purpose(a.Purpose); err != nil {
		return err
	}
	form := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrForm}, args...)...)
	}
	switch {
	case a.Bot == "" || a.User == "" || a.By == "":
		return form("a match names its bot, its user and who asks for it")
	case strings.TrimSpace(a.Ref) == "" || len(a.Ref) > MaxRef || !oneLine(a.Ref):
		return form("ref: the reference outside of X, in one line and at most %d bytes", MaxRef) // never quoted
	case a.Keep < 0:
		return form("keep: a time ahead")
	case basis == db.BasisProvided && a.Event == "":
		return form("event: the id of the post or DM in which the user wrote it")
	case basis != db.BasisProvided && a.Event != "":
		return form("event: only what the user wrote has one; an opt-in is recorded with its own by `beckon consent record`")
	case (basis == db.BasisPublic) != (a.Source != ""):
		return form("source: the https link under which the user made it public, for the basis public and no other")
	case basis == db.BasisPublic && !isLink(a.Source):
		return form("source: an https link of at most %d bytes", maxSource)
	}
	return nil
}

func oneLine(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(s) <= maxSource && oneLine(s)
}

// Allow returns the match that the ask comes to, without its reference, or the
// reason why there is none.
func Allow(a Ask, k Known, now time.Time) (db.Match, error) {
	if err := a.Check(); err != nil {
		return db.Match{}, err
	}
	m := db.Match{
		Bot: a.Bot, User: a.User, Purpose: a.Purpose, Basis: db.MatchBasis(a.Basis), By: a.By, At: now,
	}
	if a.Keep > 0 {
		m.ExpiresAt = now.Add(a.Keep)
	}
	var err error
	switch {
	case k.OptedOut:
		err = errors.New("the user opted out")
	case m.Basis == db.BasisOptIn:
		m.Event, err = k.Consent.Event, optedIn(k)
	case m.Basis == db.BasisProvided:
		m, err = provided(a, k, m, now)
	default:
		m.Source, err = a.Source, public(k)
	}
	if err != nil {
		return db.Match{}, fmt.Errorf("%s of user %s for %s: %w: %w", a.Basis, a.User, a.Purpose, ErrBasis, err)
	}
	return m, nil
}

func optedIn(k Known) error {
	switch {
	case k.Consent.Kind != conversation.ConsentMatching:
		return errors.New("no consent to matching is on record; `beckon consent record --kind matching` keeps one with the words that the user saw")
	case !k.Consent.WithdrawnAt.IsZero():
		return errors.New("the user withdrew their consent to matching; only a new one is a basis")
	}
	return nil
}

func provided(a Ask, k Known, m db.Match, now time.Time) (db.Match, error) {
	act := k.Act
	switch {
	case act.Key == "" || act.Bot != a.Bot || act.User != a.User || act.Kind != event.KindPost && act.Kind != event.KindDM:
		return m, fmt.Errorf("%s received no post or DM %s of this user", a.Bot, a.Event)
	case act.FirstAt.IsZero():
		return m, errors.New("X did not say when the user wrote it")
	case !act.FirstAt.After(k.ErasedAt) || !act.FirstAt.After(k.StoppedAt) || !act.FirstAt.After(k.Consent.WithdrawnAt):
		return m, errors.New("the user said stop, or did not want to be matched, after they wrote it; it has to be from after that")
	}
	for _, was := range k.Matches {
		if was.Basis != db.BasisProvided || was.Event != act.Key {
			continue
		}
		if was.Purpose != a.Purpose {
			return m, fmt.Errorf("the user wrote it for %s, and it is used for nothing else; ask them, or for an opt-in", was.Purpose)
		}
		if !was.EndedAt.IsZero() {
			return m, errors.New("the match that it allowed has ended; it needs a new basis")
		}
	}
	m.Event, m.Source = act.Key, "post"
	if act.Kind == event.KindDM {
		m.Source = "dm"
	}
	if most := act.FirstAt.Add(KeepProvided); m.ExpiresAt.IsZero() || m.ExpiresAt.After(most) {
		m.ExpiresAt = most
	}
	if !now.Before(m.ExpiresAt) {
		return m, fmt.Errorf("the user wrote it more than %d days ago, for a case that is over; ask again, or for an opt-in", KeepProvided/(24*time.Hour))
	}
	return m, nil
}

func public(k Known) error {
	switch {
	case !k.Consent.WithdrawnAt.IsZero():
		return errors.New("the user does not want to be matched; only their new consent is a basis")
	case !k.ErasedAt.IsZero():
		return errors.New("the user asked to be forgotten; only their consent, or what they write since, is a basis")
	}
	return nil
}

// For picks the matches that somebody may have who is configured for these
// purposes (T25). No purposes: none.
func For(purposes []string, all []db.Match, now time.Time) (out []db.Match) {
	for _, m := range all {
		for _, p := range purposes {
			if m.Purpose == p && m.Stands(now) && len(m.Sealed) > 0 {
				out = append(out, m)
				break
			}
		}
	}
	return out
}

// Ended is the row that stays of a match: on what basis there was one, and why it
// ended.
func Ended(m db.Match, now time.Time, by string) db.Match {
	m.Sealed, m.RefHash = nil, ""
	if m.Basis == db.BasisPublic {
		m.Source = "" // a link tells of the user
	}
	m.EndedAt, m.EndedBy = now, by
	return m
}
