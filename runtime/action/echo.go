package action

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// DefaultPersonQuiet is how long a bot stays silent toward a user after a
// person spoke to them through its account.
const DefaultPersonQuiet = 24 * time.Hour

// Quiet is how long each bot stays silent toward a user after a person spoke to
// them through its account, by the bot's name; 0 or none is DefaultPersonQuiet.
type Quiet map[string]time.Duration

// Of is how long that bot stays silent.
func (q Quiet) Of(bot string) time.Duration { return cmp.Or(q[bot], DefaultPersonQuiet) }

// Echoed says what a post or DM of our own account, seen from outside, is.
type Echoed string

const (
	EchoOurs    Echoed = "ours"    // made by an action that is in the log
	EchoSettled Echoed = "settled" // made by an action whose outcome was open: it is sent
	EchoWaits   Echoed = "waits"   // judged when the action that is under way settles
	EchoPerson  Echoed = "person"  // somebody speaks through the account
)

// Echo judges an own post or DM (architecture, "Our own echo is not a person").
// It is ours if its id is in the action log, or if an attempting or unknown
// action has the same target and the same text with every link replaced by one
// mark; then it settles that action as sent. What X says another app than app
// wrote, or none, is not ours whatever it says; app "" is not known.
func (u *Unit) Echo(bot string, e event.Event, app string, quiet time.Duration) (Echoed, db.Action, error) {
	a, err := u.Tx.ActionByRemoteID(bot, e.Message)
	if err == nil {
		return EchoOurs, a, nil
	}
	if !errors.Is(err, db.ErrNotFound) {
		return "", a, fmt.Errorf("look up own message %s: %w", e.Message, err)
	}
	var open []db.Action
	if !foreign(e, app) {
		if open, err = u.openTo(bot, e.User); err != nil {
			return "", a, err
		}
	}
	// Of the same text the one that is under way, before those whose answer was
	// lost long ago: attempting sorts before unknown.
	slices.SortStableFunc(open, func(a, b db.Action) int { return cmp.Compare(a.State, b.State) })
	hash := u.Key.Text(event.EchoText(e.Text))
	waits := false
	for _, a := range open {
		if !sameTarget(a, e) {
			continue
		}
		if u.says(a, e.Text) {
			from := a.State
			a.State, a.RemoteID, a.Class = event.Sent, e.Message, event.OK
			a.Reason = "X has it: seen as an event of our own account"
			if err := u.Move(a, from); err != nil {
				return "", a, err
			}
			return EchoSettled, a, u.judgeEchoes(a, quiet)
		}
		waits = waits || a.State == event.Attempting
	}
	if waits {
		err := u.Tx.PutEcho(db.Echo{Bot: bot, RemoteID: e.Message, User: e.User, TextHash: hash, At: u.Now})
		if err != nil {
			return "", db.Action{}, fmt.Errorf("keep own message %s until the open send settles: %w", e.Message, err)
		}
		return EchoWaits, db.Action{}, nil
	}
	if e.Kind == event.KindOwnPost {
		if err := u.countPost(bot, u.Now, 1); err != nil {
			return "", db.Action{}, err
		}
	}
	if e.User == "" { // a post that replies to nobody pauses nobody
		return EchoPerson, db.Action{}, nil
	}
	return EchoPerson, db.Action{}, u.PersonSpoke(bot, e.User, quiet)
}

// foreign reports whether X says that our app did not write it.
// X rule: source_app_id of another app, or none, means not us (facts.md, read 2026-11-25)
func foreign(e event.Event, app string) bool {
	return e.App == event.NoApp || e.App != "" && app != "" && e.App != app
}

func sameTarget(a db.Action, e event.Event) bool {
	if a.Kind == event.DM {
		return e.Kind == event.KindOwnDM
	}
	if a.Kind == event.Reply {
		return e.Kind == event.KindOwnPost && a.ReplyTo == e.ReplyTo
	}
	return e.Kind == event.KindOwnPost && e.ReplyTo == "" && ownText(a)
}

// ownText reports whether the action is a text of the account's own, which X
// shows as a post that answers nobody.
func ownText(a db.Action) bool { return a.Kind == event.Post || a.Kind == event.Quote }

// echoUser is the user under whom the echo of an action comes: whom it answers.
// X names none with a post or a quote, though a quote's row names the author of
// what it quotes.
func echoUser(a db.Action) string {
	if ownText(a) {
		return ""
	}
	return a.User
}

// openTo lists what is attempting or unknown and whose echo comes under the
// user.
func (u *Unit) openTo(bot, user string) ([]db.Action, error) {
	if user != "" {
		open, err := u.Tx.UnsettledTo(bot, user)
		if err != nil {
			return nil, fmt.Errorf("find open sends to user %s: %w", user, err)
		}
		return slices.DeleteFunc(open, ownText), nil
	}
	var open []db.Action
	for _, s := range []event.State{event.Attempting, event.Unsettled} {
		rows, err := u.Tx.InState(s, everyRow)
		if err != nil {
			return nil, fmt.Errorf("find open posts of %s: %w", bot, err)
		}
		open = append(open, slices.DeleteFunc(rows, func(a db.Action) bool { return a.Bot != bot || !ownText(a) })...)
	}
	return open, nil
}

// says reports whether a text that X shows is that of the action. X may end a
// quote with the link of what it quotes.
func (u *Unit) says(a db.Action, text string) bool {
	text = event.EchoText(text)
	if u.Key.Text(text) == a.TextHash {
		return true
	}
	i := strings.LastIndexByte(text, ' ')
	return a.Kind == event.Quote && i >= 0 && event.HasURL(text[i+1:]) && u.Key.Text(text[:i]) == a.TextHash
}

// PersonSpoke silences the bot toward a user to whom a person now speaks, and
// cancels what still waits for them. The confirmation of an opt-out still goes.
func (u *Unit) PersonSpoke(bot, user string, quiet time.Duration) error {
	_, err := u.CancelOpenTo(user, "a person answered through the account", func(a db.Action) bool {
		return a.Bot == bot && a.Purpose != event.OptOutConfirmation
	})
	if err != nil {
		return err
	}
	_, _, err = u.Reduce(bot, user, "", conversation.Spoke{Until: u.Now.Add(quiet)})
	return err
}

// judgeEchoes decides on the own messages that waited for a to settle: with
// another id than a's, a person wrote them.
func (u *Unit) judgeEchoes(a db.Action, quiet time.Duration) error {
	user := echoUser(a)
	echoes, err := u.Tx.EchoesTo(a.Bot, user)
	if err != nil {
		return fmt.Errorf("find own messages that wait for action %s: %w", a.ID, err)
	}
	if len(echoes) == 0 {
		return nil
	}
	open, err := u.openTo(a.Bot, user)
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.State == event.Attempting { // still to be judged by that one
			return nil
		}
	}
	person := 0
	for _, e := range echoes {
		if e.RemoteID != a.RemoteID {
			person++
		}
		if err := u.Tx.DropEcho(e.Bot, e.RemoteID); err != nil {
			return fmt.Errorf("drop judged message %s: %w", e.RemoteID, err)
		}
	}
	switch {
	case person == 0:
		return nil
	case user == "": // as in Echo: it counts, and pauses nobody
		return u.countPost(a.Bot, u.Now, int64(person))
	}
	return u.PersonSpoke(a.Bot, user, quiet)
}
