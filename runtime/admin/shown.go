package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/display"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Talk is one conversation with what the user wrote in it, as far as that is
// kept: on the bus, for as long as events stay there.
type Talk struct {
	Conversation
	Posts []display.Post `json:"posts"` // oldest first, each in its newest version
}

const (
	readNoMore = "Its text is kept here no more; the link leads to it."
	readNoDM   = "Its text is not kept: unless its user agrees to more, that of a DM goes when its answer has ended."
	roleNoText = "Your role reads no text."
)

// written is an act of a user as the bus has it.
type written struct {
	event event.Event
	body  []byte
}

// acts collects what the bus has of a user toward a bot: the newest version of
// each act.
func (s *server) acts(ctx context.Context, bot, user string) (map[string]written, error) {
	out := map[string]written{}
	if s.Heard == nil || user == "" {
		return out, nil
	}
	err := s.Heard(ctx, bot, user, func(body []byte, _ bool) error {
		events, err := event.Decode(body)
		if err != nil {
			return nil //nolint:nilerr // it is a dead letter, and shown as one
		}
		for _, e := range events {
			if e.Interaction == "" || e.User != user || e.Kind != event.KindPost && e.Kind != event.KindDM {
				continue
			}
			if was, ok := out[e.Interaction]; !ok || was.event.Version <= e.Version {
				out[e.Interaction] = written{e, body}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what user %s wrote to %s: %w", user, bot, err)
	}
	return out, nil
}

// answered is what an action answers, as it is shown; nil: it answers nothing.
func (s *server) answered(ctx context.Context, a db.Action) (*display.Post, error) {
	var i conversation.Interaction
	var gone bool
	err := s.Store.Read(ctx, func(tx db.Tx) (err error) {
		if i, err = tx.Interaction(a.Bot, a.Interaction); err != nil {
			return err
		}
		if i.Kind == "" && a.ReplyTo != "" { // an operator named the post
			if i, err = s.actWith(tx, a.Bot, a.ReplyTo); err != nil {
				return err
			}
		}
		gone, err = compliance.Hidden(tx, s.Desk.Key, i)
		return err
	})
	public := i.Kind == event.KindPost || a.ReplyTo != ""
	if err != nil || !public && i.Kind != event.KindDM {
		return nil, err
	}
	if gone {
		p := display.Gone(public)
		return &p, nil
	}
	acts, err := s.acts(ctx, a.Bot, i.User)
	if err != nil {
		return nil, err
	}
	p := display.Unread(i.Message, i.User, readNoMore)
	if !public {
		p = display.UnreadDM(i.Message, i.User, readNoDM)
	}
	if w, ok := acts[i.Key]; ok {
		p = display.Of(w.event, w.body)
	}
	return &p, nil
}

// actWith is the act of a user toward a bot that a post is; where none is known
// it has the post's id and nothing else.
func (s *server) actWith(tx db.Tx, bot, post string) (conversation.Interaction, error) {
	acts, err := tx.ActsWith(post)
	if at := slices.IndexFunc(acts, func(i conversation.Interaction) bool { return i.Bot == bot }); err == nil && at >= 0 {
		return acts[at], nil
	}
	return conversation.Interaction{Bot: bot, Key: post, Message: post}, err
}

// own is the link to a post of the bot's own; "": there is none, or it was
// deleted on X.
func (s *server) own(tx db.Tx, a db.Action) (link string, err error) {
	switch {
	case a.RemoteID == "" || a.State != event.Sent:
		return "", nil
	case a.Kind != event.Reply && a.Kind != event.Quote && a.Kind != event.Post:
		return "", nil
	}
	gone, err := compliance.Hidden(tx, s.Desk.Key, conversation.Interaction{Message: a.RemoteID})
	if err != nil || gone {
		return "", err
	}
	return display.Link("", a.RemoteID), nil
}

// showConversation shows one that a person has, or should look at, with what the
// user wrote. No other can be looked up.
// X rule: no profiling or tracking of users (facts.md, read 2026-11-25)
func (s *server) showConversation(r *http.Request) (any, error) {
	bot, user := r.PathValue("bot"), r.PathValue("user")
	if err := s.known(bot); err != nil {
		return nil, err
	}
	if !userID(user) {
		return nil, badUser(user)
	}
	out := Talk{Posts: []display.Post{}}
	now := s.Now()
	err := s.Store.Read(r.Context(), func(tx db.Tx) error {
		c, err := tx.Conversation(bot, user)
		if err == nil {
			out.Conversation, err = conversationOf(tx, c, now)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if out.State == "" {
		return nil, Refusal{errors.New("no person has this conversation, and none should look at it: it is not shown; `beckon conversations handoff` takes it over")}
	}
	acts, err := s.acts(r.Context(), bot, user)
	if err != nil {
		return nil, err
	}
	err = s.Store.Read(r.Context(), func(tx db.Tx) (err error) {
		out.Posts, err = s.visible(tx, bot, user, acts)
		return err
	})
	return out, err
}

// postsIn shows what a dead letter holds, where it can be read. gone: some of it
// is shown no more.
func (s *server) postsIn(tx db.Tx, l db.DeadLetter, body []byte) (posts []display.Post, gone bool, err error) {
	events, _ := event.Decode(body) // what cannot be read has nothing to show
	for _, e := range events {
		if e.Kind != event.KindPost && e.Kind != event.KindDM {
			continue
		}
		hidden, err := compliance.Hidden(tx, s.Desk.Key, conversation.Interaction{
			Bot: l.Bot, Key: e.Interaction, Message: e.Message, User: e.User, Kind: e.Kind, FirstAt: e.At,
		})
		switch {
		case err != nil:
			return nil, false, err
		case hidden:
			gone = true
			posts = append(posts, display.Gone(e.Kind == event.KindPost))
		default:
			posts = append(posts, display.Of(e, body))
		}
	}
	return posts, gone, nil
}
