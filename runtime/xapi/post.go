package xapi

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	twitter "github.com/g8rswimmer/go-twitter/v2"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Post is what a host reads of a post. X rewrites links in Text to t.co.
type Post struct {
	ID     string
	Author string // user id
	Text   string // whole: note_tweet first, HTML entities decoded
	At     time.Time

	ReplyTo     string   // post id
	ReplyToUser string   // user id
	Quoted      string   // post id
	Reposted    string   // post id
	Edits       []string // the whole edit chain, oldest first
}

// UnmarshalJSON takes both of X's spellings, tweet before post.
func (p *Post) UnmarshalJSON(b []byte) error {
	type reference struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	type note struct {
		Text string `json:"text"`
	}
	var w struct {
		ID          string      `json:"id"`
		Author      string      `json:"author_id"`
		Text        string      `json:"text"`
		NoteTweet   note        `json:"note_tweet"`
		NotePost    note        `json:"note_post"`
		CreatedAt   string      `json:"created_at"`
		ReplyToUser string      `json:"in_reply_to_user_id"`
		RefTweets   []reference `json:"referenced_tweets"`
		RefPosts    []reference `json:"referenced_posts"`
		EditTweets  []string    `json:"edit_history_tweet_ids"`
		EditPosts   []string    `json:"edit_history_post_ids"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*p = Post{
		ID: w.ID, Author: w.Author, At: moment(w.CreatedAt), ReplyToUser: w.ReplyToUser,
		Text: event.Unescape(first(w.NoteTweet.Text, w.NotePost.Text, w.Text)), Edits: w.EditTweets,
	}
	if p.Edits == nil {
		p.Edits = w.EditPosts
	}
	refs := w.RefTweets
	if refs == nil {
		refs = w.RefPosts
	}
	for _, r := range refs {
		switch r.Type {
		case "replied_to":
			p.ReplyTo = r.ID
		case "quoted":
			p.Quoted = r.ID
		case "retweeted":
			p.Reposted = r.ID
		}
	}
	return nil
}

func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

func postFields() []twitter.TweetField {
	return []twitter.TweetField{
		"author_id", "created_at", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet", "referenced_tweets", "text",
	}
}

func postQuery() url.Values {
	return url.Values{"tweet.fields": {"author_id,created_at,edit_history_tweet_ids,in_reply_to_user_id,note_tweet,referenced_tweets,text"}}
}

// Post reads one post: whether it is there, and what it says. Class gone if it
// is not, refused if it is not shown to the account that asks.
func (c *Client) Post(ctx context.Context, as As, id string) (Post, error) {
	if !IsID(id) {
		return Post{}, invalid(ReadPost, errID)
	}
	var a struct{ Data Post }
	err := c.fetch(ctx, ReadPost, as, "GET", func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.TweetLookup(ctx, []string{id}, twitter.TweetLookupOpts{TweetFields: postFields()})
		return err
	}, &a)
	if err != nil {
		return Post{}, err
	}
	if a.Data.ID == "" {
		return Post{}, &Error{Op: ReadPost, Status: 200, Class: event.UnknownOutcome, Err: errEmpty}
	}
	return a.Data, nil
}

// Posts reads up to 100 posts in one call. What X does not give is in the second
// list.
func (c *Client) Posts(ctx context.Context, as As, ids ...string) ([]Post, []Missing, error) {
	var a struct {
		Data   []Post            `json:"data"`
		Errors []json.RawMessage `json:"errors"`
	}
	if err := c.lookup(ctx, ReadPosts, as, "/2/tweets", postQuery(), ids, &a); err != nil {
		return nil, nil, err
	}
	return a.Data, missing(a.Errors), nil
}

// Since says which of an account's posts to read. Zero fields do not limit.
type Since struct {
	ID   string    // newer than this post
	At   time.Time // at or after
	Page string    // the token that came with the page before
}

// OwnPosts reads a page of the bot's own posts, replies among them, newest
// first, and the token of the next page, "" at the end.
func (c *Client) OwnPosts(ctx context.Context, bot string, since Since) (posts []Post, next string, err error) {
	self := c.userID(bot)
	if !IsID(self) || since.ID != "" && !IsID(since.ID) {
		return nil, "", invalid(ReadUserPosts, errID)
	}
	var a struct {
		Data []Post `json:"data"`
		Meta meta   `json:"meta"`
	}
	err = c.fetch(ctx, ReadUserPosts, As{Bot: bot}, "GET", func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.UserTweetTimeline(ctx, self, twitter.UserTweetTimelineOpts{
			TweetFields: postFields(), MaxResults: 100, SinceID: since.ID, StartTime: since.At.UTC(), PaginationToken: since.Page,
		})
		return err
	}, &a)
	return a.Data, a.Meta.Next, err
}
