package xapi

import (
	"context"
	"errors"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// maxPages bounds one reading back: 100 posts or DMs a page.
const maxPages = 8

var errPages = errors.New("more than 800 messages since then: not read to the end")

// ReadBack lists the account's own posts, or its DMs to one user, since a time,
// in no order. With the class OK the list is whole; with any other it may lack
// some.
func (c *Client) ReadBack(ctx context.Context, l event.Lookup) ([]event.Own, event.Outcome) {
	read, op := c.postsBack, ReadUserPosts
	if l.User != "" {
		read, op = c.messagesBack, ReadDMConversation
	}
	var own []event.Own
	for page, n := "", 0; ; n++ {
		if n == maxPages {
			return own, outcome(&Error{Op: op, Class: event.UnknownOutcome, Err: errPages}, "")
		}
		got, next, err := read(ctx, l, page)
		if err != nil {
			return own, readOutcome(op, err)
		}
		old := false
		for _, o := range got {
			if o.At.IsZero() { // X left it out
				o.At, _ = event.Snowflake(o.ID)
			}
			if old = o.At.Before(l.Since); !old {
				own = append(own, o)
			}
		}
		if page = next; page == "" || old { // newest first
			return own, event.Outcome{}
		}
	}
}

func readOutcome(op string, err error) event.Outcome {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Op: op, Class: event.UnknownOutcome, Err: err}
	}
	return outcome(e, "")
}

func (c *Client) postsBack(ctx context.Context, l event.Lookup, page string) ([]event.Own, string, error) {
	posts, next, err := c.OwnPosts(ctx, l.Bot, Since{At: l.Since.Truncate(time.Second), Page: page})
	own := make([]event.Own, 0, len(posts))
	for _, p := range posts {
		o := event.Own{ID: p.ID, Kind: event.Post, Text: p.Text, At: p.At}
		switch {
		case p.Reposted != "":
			continue
		case p.ReplyTo != "":
			o.Kind, o.About = event.Reply, p.ReplyTo
		case p.Quoted != "":
			o.Kind, o.About = event.Quote, p.Quoted
		}
		own = append(own, o)
	}
	return own, next, err
}

func (c *Client) messagesBack(ctx context.Context, l event.Lookup, page string) ([]event.Own, string, error) {
	messages, next, err := c.Conversation(ctx, l.Bot, l.User, page)
	self := c.userID(l.Bot)
	own := make([]event.Own, 0, len(messages))
	for _, m := range messages {
		o := event.Own{ID: m.ID, Kind: event.DM, Text: m.Text, At: m.At}
		if m.Sender != self {
			o.Kind = "" // the user's: it is no answer to the question, and its time still counts
		}
		own = append(own, o)
	}
	return own, next, err
}
