package xsim

import (
	"net/http"
	"slices"
	"time"
)

// Operations of the API, as in Call.Op and Fault.Op.
const (
	OpPost         = "create_post"
	OpDM           = "send_dm"
	OpMe           = "users_me"
	OpTweets       = "user_posts"
	OpMentions     = "mentions"
	OpEvents       = "dm_events"
	OpConversation = "dm_conversation"

	OpStream           = "activity_stream"
	OpConnections      = "connections"
	OpCloseConnections = "close_connections"

	OpWebhooks        = "webhooks"
	OpCreateWebhook   = "create_webhook"
	OpValidateWebhook = "validate_webhook"
	OpDeleteWebhook   = "delete_webhook"
	OpReplay          = "replay_webhook"

	OpSubscriptions      = "subscriptions"
	OpCreateSubscription = "create_subscription"
	OpUpdateSubscription = "update_subscription"
	OpDeleteSubscription = "delete_subscription"

	OpUser       = "user"
	OpUsers      = "users"
	OpUserByName = "user_by_username"
	OpUsersBy    = "users_by_username"

	OpReadPost   = "post"
	OpReadPosts  = "posts"
	OpDeletePost = "delete_post"
	OpDeleteDM   = "delete_dm"

	OpRepost         = "repost"
	OpUndoRepost     = "undo_repost"
	OpLike           = "like"
	OpUndoLike       = "undo_like"
	OpBookmark       = "bookmark"
	OpUndoBookmark   = "undo_bookmark"
	OpFollow         = "follow"
	OpUnfollow       = "unfollow"
	OpListAdd        = "list_add"
	OpListRemove     = "list_remove"
	OpUploadMedia    = "upload_media"
	OpAuthorize      = "oauth2_authorize"
	OpToken          = "oauth2_token"
	OpRevoke         = "oauth2_revoke"
	OpCompliance     = "create_compliance_job"
	OpComplianceJob  = "compliance_job"
	OpComplianceJobs = "compliance_jobs"
)

const (
	window15 = 15 * time.Minute // X's common rate window
	window24 = 24 * time.Hour
)

// Who may make a call: a bot by its user token, the app by its bearer token,
// or both.
type who int

const (
	byUser who = 1 << iota
	byApp
	byEither     = byUser | byApp
	byNobody who = 0 // whoever comes: OAuth's own pages
)

// route is one call of the API.
type route struct {
	pattern string
	op      string
	by      who
	do      func(*Sim, *request) answer
	quotas  []quota // the first one's headers are x-rate-limit-*
	scopes  string  // that an OAuth 2.0 user token needs, separated by spaces
	costs   bool    // refused when there are no credits left
}

// quota is how many calls fit into a window of an account or of the whole app.
type quota struct {
	most int
	per  time.Duration
	app  bool
}

func perUser(n int) []quota { return []quota{{n, window15, false}} }
func perApp(n int) []quota  { return []quota{{n, window15, true}} }

// routes is the API as it is served, with X's limits and scopes (facts.md,
// read 2026-11-25).
func routes() []route {
	const (
		reading = "tweet.read users.read"
		posting = "tweet.read tweet.write users.read"
		dmRead  = "dm.read tweet.read users.read"
		dmWrite = "dm.write dm.read tweet.read users.read"
		likes   = "like.write tweet.read users.read"
		marking = "bookmark.write tweet.read users.read"
		follows = "follows.write tweet.read users.read"
		lists   = "list.write tweet.read users.read"
	)
	return []route{
		{"POST /2/tweets", OpPost, byUser, (*Sim).createPost, []quota{{100, window15, false}, {10_000, window24, true}}, posting, true},
		{"GET /2/tweets", OpReadPosts, byEither, (*Sim).postsByID, perUser(900), reading, true},
		{"GET /2/tweets/{id}", OpReadPost, byEither, (*Sim).postByID, perUser(900), reading, true},
		{"DELETE /2/tweets/{id}", OpDeletePost, byUser, (*Sim).deletePost, perUser(50), posting, true},
		{"POST /2/dm_conversations/with/{id}/messages", OpDM, byUser, (*Sim).sendDM,
			[]quota{{15, window15, false}, {1440, window24, false}, {1440, window24, true}}, dmWrite, true},
		{"GET /2/dm_conversations/with/{id}/dm_events", OpConversation, byUser, (*Sim).conversation, perUser(15), dmRead, true},
		{"GET /2/dm_events", OpEvents, byUser, (*Sim).allDMs, perUser(15), dmRead, true},
		{"DELETE /2/dm_events/{id}", OpDeleteDM, byUser, (*Sim).deleteDM, perUser(300), "dm.read dm.write", true},

		{"GET /2/users", OpUsers, byEither, (*Sim).usersByID, perUser(900), reading, true},
		{"GET /2/users/me", OpMe, byUser, (*Sim).me, perUser(75), reading, true},
		{"GET /2/users/by", OpUsersBy, byEither, (*Sim).usersByName, perUser(900), reading, true},
		{"GET /2/users/by/username/{name}", OpUserByName, byEither, (*Sim).userByName, perUser(900), reading, true},
		{"GET /2/users/{id}", OpUser, byEither, (*Sim).userByID, perUser(900), reading, true},
		{"GET /2/users/{id}/tweets", OpTweets, byEither, (*Sim).userPosts, perUser(900), reading, true},
		{"GET /2/users/{id}/mentions", OpMentions, byEither, (*Sim).mentions, perUser(300), reading, true},

		{"POST /2/users/{id}/retweets", OpRepost, byUser, (*Sim).repost, perUser(50), posting, true},
		{"DELETE /2/users/{id}/retweets/{target}", OpUndoRepost, byUser, (*Sim).unrepost, perUser(50), posting, false},
		{"POST /2/users/{id}/likes", OpLike, byUser, (*Sim).like, perUser(50), likes, true},
		{"DELETE /2/users/{id}/likes/{target}", OpUndoLike, byUser, (*Sim).unlike, perUser(50), likes, false},
		{"POST /2/users/{id}/bookmarks", OpBookmark, byUser, (*Sim).bookmark, perUser(50), marking, false},
		{"DELETE /2/users/{id}/bookmarks/{target}", OpUndoBookmark, byUser, (*Sim).unbookmark, perUser(50), marking, false},
		{"POST /2/users/{id}/following", OpFollow, byUser, (*Sim).follow, perUser(50), follows, true},
		{"DELETE /2/users/{id}/following/{target}", OpUnfollow, byUser, (*Sim).unfollow, perUser(50), follows, false},
		{"POST /2/lists/{id}/members", OpListAdd, byUser, (*Sim).listAdd, perUser(300), lists, false},
		{"DELETE /2/lists/{id}/members/{target}", OpListRemove, byUser, (*Sim).listRemove, perUser(300), lists, false},
		{"POST /2/media/upload", OpUploadMedia, byUser, (*Sim).uploadMedia, perUser(500), "media.write", false},

		{"GET /2/activity/stream", OpStream, byApp, (*Sim).openStream, perApp(450), "", false},
		{"GET /2/connections", OpConnections, byApp, (*Sim).listConnections, perApp(25), "", false},
		{"DELETE /2/connections/all", OpCloseConnections, byApp, (*Sim).closeConnections, perApp(25), "", false},

		{"GET /2/webhooks", OpWebhooks, byApp, (*Sim).listWebhooks, perApp(450), "", false},
		{"POST /2/webhooks", OpCreateWebhook, byApp, (*Sim).createWebhook, perApp(450), "", false},
		{"PUT /2/webhooks/{id}", OpValidateWebhook, byApp, (*Sim).validateWebhook, perApp(450), "", false},
		{"DELETE /2/webhooks/{id}", OpDeleteWebhook, byApp, (*Sim).deleteWebhook, perApp(450), "", false},
		{"POST /2/webhooks/replay", OpReplay, byApp, (*Sim).createReplay, perApp(100), "", false},

		{"GET /2/activity/subscriptions", OpSubscriptions, byEither, (*Sim).listSubscriptions, perApp(500), "", false},
		{"POST /2/activity/subscriptions", OpCreateSubscription, byEither, (*Sim).createSubscription, perApp(500), "", false},
		{"PUT /2/activity/subscriptions/{id}", OpUpdateSubscription, byApp, (*Sim).updateSubscription, perApp(500), "", false},
		{"DELETE /2/activity/subscriptions/{id}", OpDeleteSubscription, byApp, (*Sim).deleteSubscription, perApp(500), "", false},

		{"POST /2/compliance/jobs", OpCompliance, byApp, (*Sim).createCompliance, perApp(150), "", false},
		{"GET /2/compliance/jobs", OpComplianceJobs, byApp, (*Sim).listCompliance, perApp(150), "", false},
		{"GET /2/compliance/jobs/{id}", OpComplianceJob, byApp, (*Sim).complianceByID, perApp(150), "", false},

		{"GET /i/oauth2/authorize", OpAuthorize, byNobody, (*Sim).authorize, nil, "", false},
		{"GET /2/oauth2/authorize", OpAuthorize, byNobody, (*Sim).authorize, nil, "", false},
		{"POST /2/oauth2/token", OpToken, byNobody, (*Sim).token, nil, "", false},
		{"POST /2/oauth2/revoke", OpRevoke, byNobody, (*Sim).revokeToken, nil, "", false},
	}
}

// Handler serves the API and the pages for people.
func (s *Sim) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes() {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { s.serve(w, req, r) })
	}
	mux.HandleFunc("/2/", func(w http.ResponseWriter, r *http.Request) {
		s.write(r.Context(), w, answer{status: http.StatusNotFound, body: problem(http.StatusNotFound, "", "Not Found")})
	})
	s.storage(mux)
	s.people(mux)
	return mux
}

// Operations lists the names of everything that bots are served.
func Operations() []string {
	var list []string
	for _, r := range routes() {
		if !slices.Contains(list, r.op) {
			list = append(list, r.op)
		}
	}
	return list
}
