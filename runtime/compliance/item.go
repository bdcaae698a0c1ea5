package compliance

import (
	"errors"
	"fmt"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// everyLetter is more dead letters than a host has.
const everyLetter = 1 << 30

// rowsOf removes what the database has of a post, a DM, or the posts of a user,
// and cancels what waits to answer it. wait: X is being asked to take an answer
// just now; it is looked at again.
func (o *Officer) rowsOf(u *action.Unit, d db.Duty, n counts) (wait bool, err error) {
	if err := dropLetters(u.Tx, d, n); err != nil || d.What == db.DutyGeo {
		return false, err
	}
	if d.What != db.DutyEdit { // the desk was told no words
		told, err := u.Tx.TakeBack(d.What, d.Bot, d.Target, u.Now, d.DueAt) // K23
		if err != nil {
			return false, err
		}
		n.add("desk_told", int64(told))
	}
	acts, err := actsOf(u.Tx, d)
	if err != nil {
		return false, err
	}
	for _, i := range acts {
		if d.Bot != "" && d.Bot != i.Bot {
			continue
		}
		var ended int
		if ended, err = u.EndMatchesBy(i.Key, i.Bot, "what the user wrote was edited, or is gone from X"); err != nil {
			return false, err
		}
		n.add("matches", int64(ended))
		if d.What == db.DutyEdit {
			err = older(u.Tx, d, i, n)
		} else {
			var busy bool
			busy, err = o.act(u, d, i, n)
			wait = wait || busy
		}
		if err != nil {
			return false, err
		}
	}
	if err := unmatch(u, d, n); err != nil {
		return false, err
	}
	if d.What == db.DutyPost || d.What == db.DutyDM {
		err = own(u.Tx, o.Bots, d.Target, n)
	}
	return wait, err
}

// unmatch ends the matches of which what is gone was the basis, also where the act
// itself is long forgotten.
func unmatch(u *action.Unit, d db.Duty, n counts) error {
	const gone = "what the user wrote is gone from X, or had to be deleted"
	var ended int
	var err error
	if d.What == db.DutyPosts {
		ended, err = u.EndMatchesOfPosts(d.Target, d.Bot, gone)
	} else {
		ended, err = u.EndMatchesBy(d.Target, d.Bot, gone)
	}
	n.add("matches", int64(ended))
	return err
}

func actsOf(tx db.Tx, d db.Duty) ([]conversation.Interaction, error) {
	if d.What == db.DutyPosts {
		return tx.PostsOf(d.Target)
	}
	return tx.ActsWith(d.Target)
}

// act removes one act of a user toward one bot. Its row stays, and those of
// answers: by their keys nothing is answered twice. The hash of its text goes.
func (o *Officer) act(u *action.Unit, d db.Duty, i conversation.Interaction, n counts) (wait bool, err error) {
	answers, err := u.Tx.ActionsOf(i.Bot, i.Key)
	if err != nil {
		return false, err
	}
	for _, a := range answers {
		switch a.State {
		case event.Hold, event.Pending:
			n.add("cancelled", 1)
			err = u.Cancel(a, "what it answers is gone from X, or had to be deleted")
		case event.Attempting:
			wait = true
		}
		if err != nil {
			return false, err
		}
	}
	if err := withdraw(u.Tx, i, n, func(event.Asked) bool { return true }); err != nil {
		return false, err
	}
	if err := endFlow(u, i, n); err != nil {
		return false, err
	}
	st, err := u.State(i.Bot, i.User, i.Key)
	if err != nil {
		return false, err
	}
	if st.Interaction.TextHash != "" {
		st.Interaction.TextHash = ""
		u.Keep(st)
		n.add("interactions", 1)
	}
	return wait, u.Tx.UnpostDeskNotice(i.Bot, i.Key)
}

// endFlow drops what a flow keeps of its user. Nobody knows from which of their
// messages it came.
func endFlow(u *action.Unit, i conversation.Interaction, n counts) error {
	kept, err := u.Tx.Slots(i.Bot, i.User)
	if err != nil || len(kept) == 0 {
		return err
	}
	n.add("slots", int64(len(kept)))
	if err := u.Tx.DropSlots(i.Bot, i.User); err != nil {
		return err
	}
	if err := u.Tx.DropReminders(i.Bot, i.User); err != nil {
		return err
	}
	_, _, err = u.Reduce(i.Bot, i.User, "", conversation.FlowMoved{Flow: ""})
	return err
}

// older removes what is kept of versions of a post that was edited.
func older(tx db.Tx, d db.Duty, i conversation.Interaction, n counts) error {
	return withdraw(tx, i, n, func(a event.Asked) bool { return a.Event.Version < d.Version })
}

// withdraw ends the questions about an act, and drops its text.
func withdraw(tx db.Tx, i conversation.Interaction, n counts, pick func(event.Asked) bool) error {
	open, err := tx.OpenQuestionsTo(i.User)
	if err != nil {
		return err
	}
	for _, q := range open {
		if q.Bot != i.Bot || q.Interaction != i.Key {
			continue
		}
		sealed, err := tx.QuestionText(q.ID)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return err
		}
		if asked, err := event.OpenAsked(sealed); err == nil && !pick(asked) {
			continue
		}
		n.add("questions", 1)
		q.State, q.Reason = db.QuestionWithdrawn, "what it is about is gone from X, or had to be deleted"
		if err := errors.Join(tx.PutQuestion(q), tx.DropQuestionText(q.ID)); err != nil {
			return err
		}
	}
	return nil
}

// own removes what is kept of a post or DM of our own: its row stays, which says
// that something was answered, and loses the hash of its text.
func own(tx db.Tx, bots []string, id string, n counts) error {
	for _, bot := range bots {
		if err := tx.DropEcho(bot, id); err != nil {
			return err
		}
		a, err := tx.ActionByRemoteID(bot, id)
		if errors.Is(err, db.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if a.TextHash == "" {
			continue
		}
		a.TextHash = ""
		if err := tx.UpdateAction(a, a.State); err != nil {
			return fmt.Errorf("take its text's hash from action %s: %w", a.ID, err)
		}
		if err := tx.DropFingerprint(a.ID); err != nil {
			return err
		}
		n.add("actions", 1)
	}
	return nil
}

// dropLetters removes dead letters with a body of what the duty is about.
func dropLetters(tx db.Tx, d db.Duty, n counts) error {
	all, err := tx.ListDeadLetters(everyLetter)
	if err != nil {
		return err
	}
	for _, l := range all {
		body, err := event.Open(l.Raw)
		if err != nil || d.Bot != "" && d.Bot != l.Bot || !holds(d, body) {
			continue
		}
		if err := tx.DropDeadLetter(l.ID); err != nil {
			return err
		}
		n.add("dead_letters", 1)
	}
	return nil
}
