package compliance

import (
	"encoding/json"

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

// Removed reports whether a body has anything that is gone from X or has to be
// deleted: what an event of it tells, an earlier version of a post that was edited,
// or a copy of a post, such as the one that somebody quotes. It is asked by who
// would give the body to others. places: where a post was written would be in it.
func Removed(tx db.Tx, key event.Key, body []byte, events []event.Event, places bool) (bool, error) {
	for _, e := range events {
		i := conversation.Interaction{Bot: e.Bot, Key: e.Interaction, User: e.User, Kind: e.Kind, Message: e.Message, FirstAt: e.At}
		if hidden, err := Hidden(tx, key, i); hidden || err != nil {
			return hidden, err
		}
		s, err := tx.Suppression(key.User(e.User))
		if err != nil || e.User != "" && !s.ErasedAt.IsZero() && !e.At.After(s.ErasedAt) {
			return true, err
		}
		duties, err := tx.DutiesOn([4]string{Hash(key, db.DutyPost, e.Interaction), Hash(key, db.DutyAccount, e.Bot), Hash(key, db.DutyAccount, db.AllBots)})
		if err != nil {
			return false, err
		}
		for _, d := range duties {
			if d.What == db.DutyEdit && e.Version < d.Version || d.What == db.DutyGeo && places || d.What == db.DutyAccount && d.Step != db.DutyVoid && !e.At.After(d.OpenedAt) {
				return true, nil
			}
		}
	}
	var any any
	if json.Unmarshal(body, &any) != nil {
		return false, nil
	}
	return copyRemoved(tx, key, any)
}

func copyRemoved(tx db.Tx, key event.Key, v any) (gone bool, err error) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if gone, err = copyRemoved(tx, key, e); gone || err != nil {
				return gone, err
			}
		}
	case map[string]any:
		if id := word(v, "id_str", "id"); hasText(v) && id != "" {
			user, _ := v["user"].(map[string]any) // of the older envelope
			author := word(v, "author_id", "user_id")
			if author == "" {
				author = word(user, "id_str", "id")
			}
			gone, err = Hidden(tx, key, conversation.Interaction{Key: id, Message: id, User: author, Kind: event.KindPost})
			if gone || err != nil {
				return gone, err
			}
		}
		for _, e := range v {
			if gone, err = copyRemoved(tx, key, e); gone || err != nil {
				return gone, err
			}
		}
	}
	return false, nil
}

// word is the first field of these that is a text.
func word(o map[string]any, keys ...string) string {
	for _, key := range keys {
		if s, ok := o[key].(string); ok && s != "" {
			return s
		}
	}
	return ""
}
