package event

// Known reports whether this version knows the event type: X's documentation,
// its samples or its API contract name it (openapi 2.167, read 2026-08).
func (t Type) Known() bool {
	switch t {
	case PostCreate, PostDelete, PostMention, PostReply, PostQuote, PostRepost,
		DMReceived, DMSent, DMRead, DMIndicateTyping,
		ChatReceived, ChatSent,
		"chat.conversation.join", "chat.conversation_join",
		"chat.conversation.member_added", "chat.conversation.member_removed",
		"chat.conversation.admin_added", "chat.conversation.admin_removed",
		"chat.update.group_name", "chat.update.restrictions",
		LikeCreate, Follow, Unfollow, Mute, Unmute, Block, Unblock, OAuthRevoke,
		"profile.update.bio", "profile.update.profile_picture",
		"profile.update.banner_picture", "profile.update.screenname",
		"profile.update.geo", "profile.update.url",
		"profile.update.verified_badge", "profile.update.affiliate_badge",
		"profile.update.handle",
		"news.new", "spaces.start", "spaces.end",
		"broadcast.start", "broadcast.end", "broadcast.chat":
		return true
	}
	return false
}

// ignored reports whether a payload field is known though nothing reads it.
func ignored(key []byte) bool {
	switch string(key) {
	// posts
	case "article", "article_title", "card_uri", "community_id",
		"context_annotations", "edit_controls", "geo", "matched_media_notes",
		"media_metadata", "non_public_metrics", "note_request_suggestions",
		"organic_metrics", "paid_partnership", "possibly_sensitive",
		"promoted_metrics", "public_metrics", "reply_settings", "scopes",
		"suggested_source_links", "suggested_source_links_with_counts",
		"username", "withheld",
		// likes, authorisations and profiles
		"liked_tweet_id", "liked_post_id", "tweet_author_id", "post_author_id",
		"before", "after",
		// encrypted messages
		"conversation_token", "conversation_key_version", "encoded_event",
		"conversation_key_change_event", "message_event_signature",
		// news, broadcasts and spaces
		"category", "headline", "hook", "summary", "contexts", "updated_at",
		"disclaimer", "cluster_posts_results", "name", "broadcast_id",
		"message_id", "message", "available_for_replay", "broadcast_state",
		"created_timestamp_ms", "updated_timestamp_ms", "duration_ms",
		"event_type", "language", "thumbnail_url", "title":
		return true
	}
	return false
}
