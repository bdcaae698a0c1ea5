package xapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	twitter "github.com/g8rswimmer/go-twitter/v2"

	"github.com/beckon-bot/beckon/runtime/event"
)

// X's contract (openapi.json, read 2026-11-25).
const maxMedia = 4 // of a post

// wayOut is one action on its way: which endpoint, which request, and how its
// success is known.
type wayOut struct {
	op   string
	call func(context.Context, *exchange) error
	made func(id *string) func(json.RawMessage) (said, done bool)
}

func byID(name string) func(*string) func(json.RawMessage) (bool, bool) {
	return func(id *string) func(json.RawMessage) (bool, bool) { return madeID(name, id) }
}

func byFlag(names ...string) func(*string) func(json.RawMessage) (bool, bool) {
	return func(*string) func(json.RawMessage) (bool, bool) { return nowTrue(names...) }
}

// wayOut finds the call for an action and refuses what X's contract does not
// allow. Ids go into paths and bodies, so they are X's digits or nothing; and a
// field that the kind of action has no use for is a slip, which might say
// something else than what was decided.
func (c *Client) wayOut(o event.Outgoing) (wayOut, error) {
	w := wayOut{op: opOf(o.Kind)}
	if w.op == "" {
		return w, fmt.Errorf("kind %q cannot be sent", o.Kind)
	}
	if err := check(o); err != nil {
		return w, err
	}
	switch o.Kind {
	case event.Reply, event.Post, event.Quote:
		w.call, w.made = c.createPost(o), byID("id")
		return w, nil
	case event.DM:
		w.call, w.made = c.sendDM(o), byID("dm_event_id")
		return w, nil
	case event.ListAdd:
		w.made = byFlag("is_member")
		w.call = c.byLibrary(func(ctx context.Context, tw *twitter.Client) error {
			_, err := tw.AddListMember(ctx, o.List, o.User)
			return err
		})
		return w, nil
	}
	self := c.userID(o.Bot)
	if !IsID(self) {
		return w, errors.New("the bot's own user id is not known")
	}
	lib := func(ctx context.Context, tw *twitter.Client) (err error) {
		switch o.Kind {
		case event.Repost:
			_, err = tw.UserRetweet(ctx, self, o.Target)
		case event.Like:
			_, err = tw.UserLikes(ctx, self, o.Target)
		case event.Bookmark:
			_, err = tw.AddTweetBookmark(ctx, self, o.Target)
		default: // event.FollowU
			_, err = tw.UserFollows(ctx, self, o.User)
		}
		return err
	}
	w.call = c.byLibrary(lib)
	switch o.Kind {
	case event.Repost:
		w.made = byFlag("retweeted")
	case event.Like:
		w.made = byFlag("liked")
	case event.Bookmark:
		w.made = byFlag("bookmarked")
	default:
		// A protected account is asked first: the request is what we can make.
		w.made = byFlag("following", "pending_follow")
	}
	return w, nil
}

// opOf names the endpoint of a kind of action; "" if there is none.
func opOf(k event.ActionKind) string {
	switch k {
	case event.Reply, event.Post, event.Quote:
		return CreatePost
	case event.DM:
		return SendDM
	case event.Repost:
		return CreateRepost
	case event.Like:
		return CreateLike
	case event.Bookmark:
		return AddBookmark
	case event.FollowU:
		return FollowUser
	case event.ListAdd:
		return AddToList
	}
	return ""
}

// IsID reports whether s can be an id of X's: 1 to 19 digits.
func IsID(s string) bool {
	return s != "" && len(s) <= 19 && strings.Trim(s, "0123456789") == ""
}

// byLibrary makes the call by go-twitter. Its answer counts for nothing: what X
// did is judged from the exchange.
func (c *Client) byLibrary(call func(context.Context, *twitter.Client) error) func(context.Context, *exchange) error {
	return func(ctx context.Context, x *exchange) error {
		return call(ctx, &twitter.Client{Authorizer: unsigned{}, Client: x.client(), Host: c.base})
	}
}

func (c *Client) createPost(o event.Outgoing) func(context.Context, *exchange) error {
	// go-twitter 2.1.5 knows neither flag, and leaves out an empty text.
	if o.MadeWithAI || o.PaidPartnership || o.InviteDM || o.Text == "" {
		return func(ctx context.Context, x *exchange) error {
			return c.request(ctx, x, Request{Method: http.MethodPost, Path: "/2/tweets", Body: c.newPost(o)})
		}
	}
	// Never a Poll: without a Reply beside it, go-twitter's validation panics.
	req := twitter.CreateTweetRequest{Text: o.Text, QuoteTweetID: quoted(o)}
	if o.Kind == event.Reply {
		req.Reply = &twitter.CreateTweetReply{InReplyToTweetID: o.ReplyTo, ExcludeReplyUserIDs: o.ExcludeReply}
	}
	if len(o.Media) > 0 {
		req.Media = &twitter.CreateTweetMedia{IDs: o.Media}
	}
	return c.byLibrary(func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.CreateTweet(ctx, req)
		return err
	})
}

// postRequest is the part of X's CreatePostsRequest that we send.
type postRequest struct {
	Text            string     `json:"text"` // X rejects a post without the key
	Reply           *postReply `json:"reply,omitempty"`
	Quote           string     `json:"quote_tweet_id,omitempty"`
	Media           *postMedia `json:"media,omitempty"`
	MadeWithAI      bool       `json:"made_with_ai,omitempty"`
	PaidPartnership bool       `json:"paid_partnership,omitempty"`
	DeepLink        string     `json:"direct_message_deep_link,omitempty"`
}

type postReply struct {
	InReplyTo string   `json:"in_reply_to_tweet_id"`
	Exclude   []string `json:"exclude_reply_user_ids,omitempty"`
}

type postMedia struct {
	IDs []string `json:"media_ids"`
}

func (c *Client) newPost(o event.Outgoing) postRequest {
	r := postRequest{Text: o.Text, Quote: quoted(o), MadeWithAI: o.MadeWithAI, PaidPartnership: o.PaidPartnership}
	if o.Kind == event.Reply {
		r.Reply = &postReply{InReplyTo: o.ReplyTo, Exclude: o.ExcludeReply}
	}
	if o.InviteDM {
		r.DeepLink = event.DMLink(c.userID(o.Bot))
	}
	if len(o.Media) > 0 {
		r.Media = &postMedia{IDs: o.Media}
	}
	return r
}

func quoted(o event.Outgoing) string {
	if o.Kind == event.Quote {
		return o.Target
	}
	return ""
}

// dmRequest is X's CreateDirectMessagesByParticipantIdRequest.
type dmRequest struct {
	Text        string         `json:"text,omitempty"`
	Attachments []dmAttachment `json:"attachments,omitempty"`
}

type dmAttachment struct {
	MediaID string `json:"media_id"`
}

func (c *Client) sendDM(o event.Outgoing) func(context.Context, *exchange) error {
	body := dmRequest{Text: o.Text}
	for _, id := range o.Media {
		body.Attachments = append(body.Attachments, dmAttachment{id})
	}
	return func(ctx context.Context, x *exchange) error {
		return c.request(ctx, x, Request{
			Method: http.MethodPost, Path: "/2/dm_conversations/with/" + o.User + "/messages", Body: body,
		})
	}
}
