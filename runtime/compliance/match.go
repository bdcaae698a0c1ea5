package compliance

import (
	"bytes"
	"encoding/json"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// holds reports whether a body has what the duty is about: as its event, as what
// a handler is asked about, or as a copy inside another event, such as the post
// that somebody quotes. What cannot be read for sure goes, if it names the target.
func holds(d db.Duty, body []byte) bool {
	if d.Target == "" || !bytes.Contains(body, []byte(d.Target)) {
		return false // the least work for what is nearly always so
	}
	events, err := event.Decode(body)
	if err != nil {
		asked, askErr := event.ReadAsked(body)
		if askErr != nil {
			var any any
			return json.Unmarshal(body, &any) != nil || copied(d, any)
		}
		events = []event.Event{asked.Event}
	}
	for _, e := range events {
		if about(d, e) {
			return true
		}
	}
	if d.What == db.DutyEdit || d.What == db.DutyDM {
		return false
	}
	var any any
	return json.Unmarshal(body, &any) == nil && copied(d, any)
}

// about reports whether an event is what the duty is about.
func about(d db.Duty, e event.Event) bool {
	switch d.What {
	case db.DutyPost, db.DutyDM, db.DutyGeo:
		return e.Message == d.Target || e.Interaction == d.Target
	case db.DutyEdit:
		return e.Interaction == d.Target && e.Version < d.Version
	case db.DutyPosts:
		return e.User == d.Target && e.Kind == event.KindPost
	}
	return false
}

// copied finds an object that is a post of its own: it has the id, or the
// author, and a text.
func copied(d db.Duty, v any) bool {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if copied(d, e) {
				return true
			}
		}
	case map[string]any:
		if hasText(v) && names(d, v) {
			return true
		}
		for _, e := range v {
			if copied(d, e) {
				return true
			}
		}
	}
	return false
}

func hasText(o map[string]any) bool {
	for _, key := range [...]string{"text", "full_text", "note_tweet", "note_post"} {
		if _, ok := o[key]; ok {
			return true
		}
	}
	return false
}

func names(d db.Duty, o map[string]any) bool {
	keys := [...]string{"id", "id_str"}
	if d.What == db.DutyPosts {
		if u, ok := o["user"].(map[string]any); ok { // of the older envelope
			o = u
		} else {
			keys = [...]string{"author_id", "user_id"}
		}
	}
	for _, key := range keys {
		if id, ok := o[key].(string); ok && id == d.Target {
			return true
		}
	}
	return false
}
