package xapi

import "slices"

// The endpoints of X that this host calls, by names that stay: they stand in
// Error.Op, key the rate windows and may be stored.
const (
	CreatePost   = "create_post"
	SendDM       = "send_dm"
	CreateRepost = "repost"
	CreateLike   = "like"
	AddBookmark  = "bookmark"
	FollowUser   = "follow"
	AddToList    = "list_add"
	UploadMedia  = "upload_media"

	DeletePost     = "delete_post"
	DeleteDM       = "delete_dm"
	UndoRepost     = "undo_repost"
	UndoLike       = "undo_like"
	UndoBookmark   = "undo_bookmark"
	UnfollowUser   = "unfollow"
	RemoveFromList = "list_remove"

	ReadMe             = "users_me"
	ReadUser           = "user"
	ReadUsers          = "users"
	ReadUserByName     = "user_by_username"
	ReadPost           = "post"
	ReadPosts          = "posts"
	ReadUserPosts      = "user_posts"
	ReadMentions       = "mentions"
	ReadDMs            = "dm_events"
	ReadDMConversation = "dm_conversation"

	CreateComplianceJob = "create_compliance_job"
	ReadComplianceJob   = "compliance_job"
	ListComplianceJobs  = "compliance_jobs"

	ActivityStream      = "activity_stream"
	ListSubscriptions   = "subscriptions"
	CreateSubscription  = "create_subscription"
	UpdateSubscription  = "update_subscription"
	DeleteSubscription  = "delete_subscription"
	ListWebhooks        = "webhooks"
	CreateWebhook       = "create_webhook"
	ValidateWebhook     = "validate_webhook"
	DeleteWebhook       = "delete_webhook"
	ReplayWebhook       = "replay_webhook"
	ListConnections     = "connections"
	CloseAllConnections = "close_connections"
)

// Endpoint is one call of X's API.
type Endpoint struct {
	Name   string
	Method string
	Path   string // with X's names for its parameters
	App    bool   // in the name of the app; else of a bot
}

var endpoints = []Endpoint{
	{CreatePost, "POST", "/2/tweets", false},
	{SendDM, "POST", "/2/dm_conversations/with/{participant_id}/messages", false},
	{CreateRepost, "POST", "/2/users/{id}/retweets", false},
	{CreateLike, "POST", "/2/users/{id}/likes", false},
	{AddBookmark, "POST", "/2/users/{id}/bookmarks", false},
	{FollowUser, "POST", "/2/users/{id}/following", false},
	{AddToList, "POST", "/2/lists/{id}/members", false},
	{UploadMedia, "POST", "/2/media/upload", false},

	{DeletePost, "DELETE", "/2/tweets/{id}", false},
	{DeleteDM, "DELETE", "/2/dm_events/{event_id}", false},
	{UndoRepost, "DELETE", "/2/users/{id}/retweets/{source_tweet_id}", false},
	{UndoLike, "DELETE", "/2/users/{id}/likes/{tweet_id}", false},
	{UndoBookmark, "DELETE", "/2/users/{id}/bookmarks/{tweet_id}", false},
	{UnfollowUser, "DELETE", "/2/users/{source_user_id}/following/{target_user_id}", false},
	{RemoveFromList, "DELETE", "/2/lists/{id}/members/{user_id}", false},

	{ReadMe, "GET", "/2/users/me", false},
	{ReadUser, "GET", "/2/users/{id}", false},
	{ReadUsers, "GET", "/2/users", false},
	{ReadUserByName, "GET", "/2/users/by/username/{username}", false},
	{ReadPost, "GET", "/2/tweets/{id}", false},
	{ReadPosts, "GET", "/2/tweets", false},
	{ReadUserPosts, "GET", "/2/users/{id}/tweets", false},
	{ReadMentions, "GET", "/2/users/{id}/mentions", false},
	{ReadDMs, "GET", "/2/dm_events", false},
	{ReadDMConversation, "GET", "/2/dm_conversations/with/{participant_id}/dm_events", false},

	{CreateComplianceJob, "POST", "/2/compliance/jobs", true},
	{ReadComplianceJob, "GET", "/2/compliance/jobs/{id}", true},
	{ListComplianceJobs, "GET", "/2/compliance/jobs", true},

	{ActivityStream, "GET", "/2/activity/stream", true},
	{ListSubscriptions, "GET", "/2/activity/subscriptions", true},
	{CreateSubscription, "POST", "/2/activity/subscriptions", false}, // private events; the app's for public ones
	{UpdateSubscription, "PUT", "/2/activity/subscriptions/{subscription_id}", true},
	{DeleteSubscription, "DELETE", "/2/activity/subscriptions/{subscription_id}", true},
	{ListWebhooks, "GET", "/2/webhooks", true},
	{CreateWebhook, "POST", "/2/webhooks", true},
	{ValidateWebhook, "PUT", "/2/webhooks/{webhook_id}", true},
	{DeleteWebhook, "DELETE", "/2/webhooks/{webhook_id}", true},
	{ReplayWebhook, "POST", "/2/webhooks/replay", true},
	{ListConnections, "GET", "/2/connections", true},
	{CloseAllConnections, "DELETE", "/2/connections/all", true},
}

// Endpoints lists every call that this host makes of X's API.
func Endpoints() []Endpoint { return slices.Clone(endpoints) }
