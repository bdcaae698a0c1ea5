package xapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// What a polled post must have to say what it is to the bot: display_text_range
// and entities tell a mention from one that X added to a reply.
const (
	polledPost = "attachments,author_id,conversation_id,created_at,display_text_range,edit_history_tweet_ids,entities," +
		"id,in_reply_to_user_id,lang,note_tweet,referenced_tweets,text"
	polledUser = "affiliation,id,username"
	polledDM   = "attachments,created_at,dm_conversation_id,event_type,id,participant_ids,sender_id,text"
)

// raw is a page of which every resource is kept as X wrote it.
type raw struct {
	Data     []json.RawMessage `json:"data"`
	Includes json.RawMessage   `json:"includes"`
	Meta     meta              `json:"meta"`
}

// Mentions reads a page of the posts that mention the bot's account, newest
// first, X's bytes of each: those after the post since, or the newest where it
// is "". next is the token of the page that follows, "" at the end.
func (c *Client) Mentions(ctx context.Context, bot, since, page string) (posts []json.RawMessage, includes json.RawMessage, next string, err error) {
	self := c.userID(bot)
	if !IsID(self) || since != "" && !IsID(since) {
		return nil, nil, "", invalid(ReadMentions, errID)
	}
	q := url.Values{
		"max_results": {"100"}, "tweet.fields": {polledPost}, "user.fields": {polledUser},
		"expansions": {"author_id,referenced_tweets.id"},
	}
	if since != "" {
		q.Set("since_id", since)
	}
	if page != "" {
		q.Set("pagination_token", page)
	}
	var a raw
	err = c.Do(ctx, Request{Endpoint: ReadMentions, As: As{Bot: bot}, Method: http.MethodGet, Path: "/2/users/" + self + "/mentions", Query: q}, &a)
	return a.Data, a.Includes, a.Meta.Next, err
}

// DMs reads a page of the bot's DM events, messages only, newest first, X's
// bytes of each.
func (c *Client) DMs(ctx context.Context, bot, page string) (messages []json.RawMessage, includes json.RawMessage, next string, err error) {
	q := url.Values{
		"max_results": {"100"}, "event_types": {"MessageCreate"}, "dm_event.fields": {polledDM},
		"user.fields": {polledUser}, "expansions": {"sender_id"},
	}
	if page != "" {
		q.Set("pagination_token", page)
	}
	var a raw
	err = c.Do(ctx, Request{Endpoint: ReadDMs, As: As{Bot: bot}, Method: http.MethodGet, Path: "/2/dm_events", Query: q}, &a)
	return a.Data, a.Includes, a.Meta.Next, err
}
