package bottest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// ask puts a command of an operator, or of a timer, on the bus, as the host's
// admin API and its scheduler do.
func (r *run) ask(ctx context.Context, s step) error {
	c := event.Command{
		Bot: s.args[0], Kind: event.ActionKind(s.args[1]), Text: s.args[2], At: time.Now().UTC(), By: "olga",
		ID: s.keys["id"], List: s.keys["list"], About: s.keys["about"], UserAct: strings.ReplaceAll(s.keys["act"], "_", " "), Timer: s.flag("timer"),
		AIGenerated: s.flag("ai"), Promotional: s.flag("promotional"), PaidPartnership: s.flag("paid"),
		Affiliate: s.flag("affiliate"), AffiliateDisclosed: s.flag("disclosed"),
	}
	if name := s.keys["post"]; name != "" {
		id, err := r.id(name)
		if err != nil {
			return err
		}
		c.Post = id
		if p, ok := r.sim.Post(id); ok && c.Kind != event.Bookmark {
			c.User = p.Author
		}
	}
	if to := s.keys["to"]; to != "" {
		u, ok := r.sim.User(to)
		if !ok {
			return fmt.Errorf("nobody is called %s", to)
		}
		c.User = u.ID
		r.names[u.ID] = u.Username
	}
	if err := c.Check(); err != nil {
		return err
	}
	c, err := c.WithID()
	if err != nil {
		return err
	}
	m, err := dispatch.CommandMessage(c)
	if err != nil {
		return err
	}
	if s.name != "" {
		r.acts[s.name] = &act{id: c.ID}
		r.names[c.ID] = s.name
	}
	r.asked = append(r.asked, m)
	return r.host().bus.Publish(ctx, m)
}

// consent records what a user agreed to, or took back.
func (r *run) consent(ctx context.Context, s step) error {
	u, ok := r.sim.User(s.args[0])
	if !ok {
		return fmt.Errorf("nobody is called %s", s.args[0])
	}
	kind := conversation.ConsentKind(s.args[2])
	var err error
	if s.flag("withdrawn") {
		err = r.host().desk.WithdrawConsent(ctx, time.Now(), s.args[1], u.ID, kind, s.keys["covers"], "olga")
	} else {
		err = r.host().desk.Consent(ctx, time.Now(), db.Consent{
			Bot: s.args[1], User: u.ID, Kind: kind, Covers: s.keys["covers"], Wording: "May we keep this?", Event: "olga",
		})
	}
	if s.flag("fails") {
		if errors.Is(err, action.ErrNoConsent) {
			return nil
		}
		return fmt.Errorf("it should have found no consent: %w", err)
	}
	return err
}

// kindOf is the kind of action behind a call.
func kindOf(c xsim.Call) event.ActionKind {
	switch c.Op {
	case xsim.OpDM:
		return event.DM
	case xsim.OpRepost:
		return event.Repost
	case xsim.OpLike:
		return event.Like
	case xsim.OpBookmark:
		return event.Bookmark
	case xsim.OpListAdd:
		return event.ListAdd
	case xsim.OpPost:
		switch {
		case c.ReplyTo != "":
			return event.Reply
		case c.Target != "":
			return event.Quote
		}
		return event.Post
	}
	return ""
}

// aim is what a call is about, in the script's words.
func (r *run) aim(c xsim.Call) string {
	switch k := kindOf(c); k {
	case event.DM:
		return "DM to " + r.name(c.User)
	case event.Reply:
		return "reply to " + r.name(c.ReplyTo)
	case event.Post:
		return "post"
	case event.ListAdd:
		return "list_add of " + r.name(c.User)
	default:
		return string(k) + " of " + r.name(c.Target)
	}
}
