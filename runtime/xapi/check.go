package xapi

import (
	"errors"
	"fmt"

	"github.com/beckon-bot/beckon/runtime/event"
)

// check refuses what X's contract does not allow for an action of its kind.
func check(o event.Outgoing) error {
	switch o.Kind {
	case event.Reply:
		if !IsID(o.ReplyTo) {
			return errors.New("reply to something that is no post id")
		}
		for _, id := range o.ExcludeReply {
			if !IsID(id) {
				return errors.New("a user left out of the reply has no user id")
			}
		}
	case event.DM:
		if !IsID(o.User) {
			return errors.New("DM to something that is no user id")
		}
		if o.MadeWithAI || o.PaidPartnership || o.InviteDM {
			return errors.New("X has no made_with_ai or paid_partnership flag for DMs, and no button that opens one")
		}
	case event.Quote, event.Repost, event.Like, event.Bookmark:
		if !IsID(o.Target) {
			return fmt.Errorf("%s of something that is no post id", o.Kind)
		}
	case event.FollowU, event.ListAdd:
		if !IsID(o.User) {
			return fmt.Errorf("%s of something that is no user id", o.Kind)
		}
	}
	if o.Kind == event.ListAdd && !IsID(o.List) {
		return errors.New("list_add to something that is no list id")
	}
	if err := idle(o); err != nil {
		return err
	}
	return content(o)
}

// idle refuses targets that the kind of action has no use for: they were meant
// for another call than the one that would be made.
func idle(o event.Outgoing) error {
	switch {
	case o.ReplyTo != "" && o.Kind != event.Reply:
		return fmt.Errorf("a %s cannot name a post to reply to", o.Kind)
	case len(o.ExcludeReply) > 0 && o.Kind != event.Reply:
		return fmt.Errorf("a %s leaves nobody out of a reply", o.Kind)
	case o.List != "" && o.Kind != event.ListAdd:
		return fmt.Errorf("a %s cannot name a list", o.Kind)
	case o.Target == "":
		return nil
	}
	switch o.Kind {
	case event.Quote, event.Repost, event.Like, event.Bookmark:
		return nil
	}
	return fmt.Errorf("a %s cannot name a post that it is of", o.Kind)
}

// content refuses words and media where the call has none, and a message that
// has neither.
func content(o event.Outgoing) error {
	most := 0
	switch o.Kind {
	case event.Reply, event.Post, event.Quote:
		most = maxMedia
	case event.DM:
		most = 1
	default:
		if o.Text != "" || len(o.Media) > 0 || o.MadeWithAI || o.PaidPartnership || o.InviteDM {
			return fmt.Errorf("a %s has no text, media or flags", o.Kind)
		}
		return nil
	}
	if o.Text == "" && len(o.Media) == 0 {
		return errors.New("text is empty")
	}
	if len(o.Media) > most {
		return fmt.Errorf("%d media, and a %s bears %d", len(o.Media), o.Kind, most)
	}
	for _, id := range o.Media {
		if !IsID(id) {
			return errors.New("media id is none of X's")
		}
	}
	return nil
}
