package xapi

import (
	"context"
	"encoding/json"
	"net/http"

	twitter "github.com/g8rswimmer/go-twitter/v2"
)

// What takes something back reaches nobody and leaves nothing new, so it is no
// action of the log, and may be repeated after any failure. Each returns nil
// once X says that it is gone; an Error of class gone means that it was gone
// before.

// DeletePost deletes a post of the bot's, and with it its whole edit chain.
func (c *Client) DeletePost(ctx context.Context, bot, post string) error {
	return c.undo(ctx, DeletePost, bot, nowTrue("deleted"), []string{post}, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.DeleteTweet(ctx, post)
		return err
	})
}

// DeleteDM deletes a DM that the bot sent, for the bot's side only.
func (c *Client) DeleteDM(ctx context.Context, bot, dmEvent string) error {
	if !IsID(dmEvent) {
		return invalid(DeleteDM, errID)
	}
	return c.takeBack(ctx, DeleteDM, bot, nowTrue("deleted"), func(ctx context.Context, x *exchange) error {
		return c.request(ctx, x, Request{Method: http.MethodDelete, Path: "/2/dm_events/" + dmEvent})
	})
}

// UndoRepost takes a repost back; post is the one that was reposted.
func (c *Client) UndoRepost(ctx context.Context, bot, post string) error {
	self := c.userID(bot)
	return c.undo(ctx, UndoRepost, bot, nowFalse("retweeted"), []string{self, post}, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.DeleteUserRetweet(ctx, self, post)
		return err
	})
}

// UndoLike takes a like back.
func (c *Client) UndoLike(ctx context.Context, bot, post string) error {
	self := c.userID(bot)
	return c.undo(ctx, UndoLike, bot, nowFalse("liked"), []string{self, post}, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.DeleteUserLikes(ctx, self, post)
		return err
	})
}

// UndoBookmark takes a bookmark back.
func (c *Client) UndoBookmark(ctx context.Context, bot, post string) error {
	self := c.userID(bot)
	return c.undo(ctx, UndoBookmark, bot, nowFalse("bookmarked"), []string{self, post}, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.RemoveTweetBookmark(ctx, self, post)
		return err
	})
}

// Unfollow ends the following of a user.
func (c *Client) Unfollow(ctx context.Context, bot, user string) error {
	self := c.userID(bot)
	return c.undo(ctx, UnfollowUser, bot, nowFalse("following"), []string{self, user}, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.DeleteUserFollows(ctx, self, user)
		return err
	})
}

// RemoveFromList takes a user off a list of the bot's.
func (c *Client) RemoveFromList(ctx context.Context, bot, list, user string) error {
	return c.undo(ctx, RemoveFromList, bot, nowFalse("is_member"), []string{list, user}, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.RemoveListMember(ctx, list, user)
		return err
	})
}

func (c *Client) undo(ctx context.Context, op, bot string, done func(json.RawMessage) (bool, bool), ids []string,
	call func(context.Context, *twitter.Client) error,
) error {
	for _, id := range ids {
		if !IsID(id) {
			return invalid(op, errID)
		}
	}
	return c.takeBack(ctx, op, bot, done, c.byLibrary(call))
}

func (c *Client) takeBack(ctx context.Context, op, bot string, done func(json.RawMessage) (bool, bool),
	call func(context.Context, *exchange) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, e := c.run(ctx, op, As{Bot: bot}, call, func(e *Error, x *exchange) *Error { return wrote(e, x.body, done) })
	return c.note(ctx, As{Bot: bot}, op, e)
}
