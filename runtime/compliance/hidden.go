package compliance

import (
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Hidden reports whether an act of a user is shown no more: it, its author or all
// of their posts are gone from X, or a duty to delete them was opened (K21).
// X rule: what is removed is shown no more within 24 hours (facts.md, read 2026-11-25)
func Hidden(tx db.Tx, key event.Key, i conversation.Interaction) (bool, error) {
	hashes := [4]string{Hash(key, db.DutyPost, i.Key), Hash(key, db.DutyPost, i.Message), Hash(key, db.DutyUser, i.User)}
	if i.User == "" {
		hashes[2] = ""
	}
	duties, err := tx.DutiesOn(hashes)
	if err != nil {
		return false, err
	}
	for _, d := range duties {
		switch d.What {
		case db.DutyPost, db.DutyDM:
			return true, nil
		case db.DutyPosts:
			if i.Kind == event.KindPost && i.FirstAt.Before(d.OpenedAt) {
				return true, nil
			}
		case db.DutyUser:
			if i.FirstAt.Before(d.OpenedAt) {
				return true, nil
			}
		}
	}
	return false, nil
}
