package xapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	twitter "github.com/g8rswimmer/go-twitter/v2"

	"github.com/beckon-bot/beckon/runtime/event"
)

// The calls that a Client makes, as they stand in Error.Op and key the limits.
const (
	CreatePost = "create_post" // POST /2/tweets
	SendDM     = "send_dm"     // POST /2/dm_conversations/with/:participant_id/messages
)

var (
	errWaits = errors.New("waits for the reset of X's rate limit")
	errToken = errors.New("token is empty or cannot stand in a header")
)

// check names the call for an action and refuses what X's contract does not
// allow. Ids go into paths and bodies, so they are X's digits or nothing.
func check(o event.Outgoing) (op string, err error) {
	switch o.Kind {
	case event.Reply:
		op = CreatePost
		if !isID(o.ReplyTo) {
			return op, errors.New("reply to something that is no post id")
		}
	case event.Post:
		op = CreatePost
		if o.ReplyTo != "" {
			return op, errors.New("a post of our own cannot name a post to reply to")
		}
	case event.DM:
		op = SendDM
		if !isID(o.User) {
			return op, errors.New("DM to something that is no user id")
		}
		if o.MadeWithAI || o.PaidPartnership {
			return op, errors.New("X has no made_with_ai or paid_partnership flag for DMs")
		}
	default:
		return "", fmt.Errorf("kind %q cannot be sent", o.Kind)
	}
	if o.Text == "" {
		return op, errors.New("text is empty")
	}
	return op, nil
}

func isID(s string) bool {
	return s != "" && len(s) <= 19 && strings.Trim(s, "0123456789") == ""
}

// call makes the request through the exchange. Its error counts only where no
// request went out: what X did is judged from the exchange.
func (c *Client) call(ctx context.Context, x *exchange, token string, o event.Outgoing) error {
	switch {
	case o.Kind == event.DM:
		return c.post(ctx, x, token, "/2/dm_conversations/with/"+o.User+"/messages", struct {
			Text string `json:"text"`
		}{o.Text})
	case o.MadeWithAI || o.PaidPartnership: // go-twitter 2.1.5 knows neither flag
		return c.post(ctx, x, token, "/2/tweets", newPost(o))
	}
	tw := twitter.Client{Authorizer: bearer(token), Client: x.client(), Host: c.base}
	// Never a Poll: without a Reply beside it, go-twitter's validation panics.
	req := twitter.CreateTweetRequest{Text: o.Text}
	if o.Kind == event.Reply {
		req.Reply = &twitter.CreateTweetReply{InReplyToTweetID: o.ReplyTo}
	}
	_, err := tw.CreateTweet(ctx, req)
	return err
}

// postRequest is the part of X's CreatePostsRequest that we send.
type postRequest struct {
	Text            string     `json:"text"`
	Reply           *postReply `json:"reply,omitempty"`
	MadeWithAI      bool       `json:"made_with_ai,omitempty"`
	PaidPartnership bool       `json:"paid_partnership,omitempty"`
}

type postReply struct {
	InReplyTo string `json:"in_reply_to_tweet_id"`
}

func newPost(o event.Outgoing) postRequest {
	r := postRequest{Text: o.Text, MadeWithAI: o.MadeWithAI, PaidPartnership: o.PaidPartnership}
	if o.Kind == event.Reply {
		r.Reply = &postReply{InReplyTo: o.ReplyTo}
	}
	return r
}

// post is the small call beside go-twitter.
func (c *Client) post(ctx context.Context, x *exchange, token, path string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	bearer(token).Add(req)
	resp, err := x.client().Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// bearer adds an OAuth 2.0 access token. It is go-twitter's Authorizer too.
type bearer string

func (b bearer) Add(req *http.Request) { req.Header.Set("Authorization", "Bearer "+string(b)) }
