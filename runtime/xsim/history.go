package xsim

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// happened is an event that X told of, or should have.
type happened struct {
	at      time.Time
	uuid    string
	kind    event.Type
	bot     string // user id of the subscribed account
	keyword string
	message string // id of the post or DM
	source  string // user id of who followed or liked
	target  string
	body    []byte
}

// read takes what a delivery needs from a body. A body that is no event of X's
// gives one without a kind.
func read(body []byte) happened {
	var in struct {
		Data struct {
			UUID   string     `json:"event_uuid"`
			Kind   event.Type `json:"event_type"`
			Filter struct {
				User    string `json:"user_id"`
				Keyword string `json:"keyword"`
			} `json:"filter"`
			Payload struct {
				ID     string `json:"id"`
				User   string `json:"user_id"`
				Liked  string `json:"liked_tweet_id"`
				Source struct{ Data User }
				Target struct{ Data User }
				DMs    []struct{ ID string } `json:"direct_message_events"`
			} `json:"payload"`
			Includes struct{ Users []User } `json:"includes"`
		} `json:"data"`
	}
	h := happened{body: body}
	if json.Unmarshal(body, &in) != nil {
		return h
	}
	h.uuid, h.kind, h.bot, h.keyword = in.Data.UUID, in.Data.Kind, in.Data.Filter.User, in.Data.Filter.Keyword
	p := in.Data.Payload
	h.message, h.source, h.target = cmp.Or(p.Liked, p.ID), p.Source.Data.ID, p.Target.Data.ID
	if len(p.DMs) > 0 {
		h.message = p.DMs[0].ID
	}
	if users := in.Data.Includes.Users; h.kind == event.LikeCreate && len(users) > 0 {
		h.source = users[0].ID
	}
	if h.kind == event.OAuthRevoke {
		h.bot = in.Data.Payload.User
	}
	return h
}

// remember keeps an event for backfill and replay: for 24 hours, once.
func (s *Sim) remember(h happened) {
	if h.kind == "" || s.known[h.uuid] {
		return
	}
	h.at = s.now()
	n := 0
	for n < len(s.history) && h.at.Sub(s.history[n].at) > window24 {
		delete(s.known, s.history[n].uuid)
		n++
	}
	s.history = append(slices.Delete(s.history, 0, n), h)
	s.known[h.uuid] = true
}

// Miss lets events happen that X fails to deliver: only a replay job or a
// stream's backfill brings them.
func (s *Sim) Miss(bodies ...[]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range bodies {
		s.remember(read(b))
	}
}
