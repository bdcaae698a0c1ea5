package xsim

import (
	"net/http"
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
	byEither = byUser | byApp
)

// route is one call of the API.
type route struct {
	pattern string
	op      string
	by      who
	do      func(*Sim, *request) answer
	quotas  []quota // the first one's headers are x-rate-limit-*
	scopes  string  // that an OAuth 2.0 user token needs, separated by spaces
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
	return []route{
		{"POST /2/tweets", OpPost, byUser, (*Sim).createPost, []quota{{100, window15, false}, {10_000, window24, true}}, "tweet.read tweet.write users.read"},
		{"POST /2/dm_conversations/with/{id}/messages", OpDM, byUser, (*Sim).sendDM,
			[]quota{{15, window15, false}, {1440, window24, false}, {1440, window24, true}}, "dm.write dm.read tweet.read users.read"},
		{"GET /2/users/me", OpMe, byUser, (*Sim).me, perUser(75), "tweet.read users.read"},
		{"GET /2/users/{id}/tweets", OpTweets, byEither, (*Sim).userPosts, perUser(900), "tweet.read users.read"},
		{"GET /2/users/{id}/mentions", OpMentions, byEither, (*Sim).mentions, perUser(300), "tweet.read users.read"},
		{"GET /2/dm_events", OpEvents, byUser, (*Sim).allDMs, perUser(15), "dm.read tweet.read users.read"},
		{"GET /2/dm_conversations/with/{id}/dm_events", OpConversation, byUser, (*Sim).conversation, perUser(15), "dm.read tweet.read users.read"},

		{"GET /2/activity/stream", OpStream, byApp, (*Sim).openStream, perApp(450), ""},
		{"GET /2/connections", OpConnections, byApp, (*Sim).listConnections, perApp(25), ""},
		{"DELETE /2/connections/all", OpCloseConnections, byApp, (*Sim).closeConnections, perApp(25), ""},

		{"GET /2/webhooks", OpWebhooks, byApp, (*Sim).listWebhooks, perApp(450), ""},
		{"POST /2/webhooks", OpCreateWebhook, byApp, (*Sim).createWebhook, perApp(450), ""},
		{"PUT /2/webhooks/{id}", OpValidateWebhook, byApp, (*Sim).validateWebhook, perApp(450), ""},
		{"DELETE /2/webhooks/{id}", OpDeleteWebhook, byApp, (*Sim).deleteWebhook, perApp(450), ""},
		{"POST /2/webhooks/replay", OpReplay, byApp, (*Sim).createReplay, perApp(100), ""},

		{"GET /2/activity/subscriptions", OpSubscriptions, byEither, (*Sim).listSubscriptions, perApp(500), ""},
		{"POST /2/activity/subscriptions", OpCreateSubscription, byEither, (*Sim).createSubscription, perApp(500), ""},
		{"PUT /2/activity/subscriptions/{id}", OpUpdateSubscription, byApp, (*Sim).updateSubscription, perApp(500), ""},
		{"DELETE /2/activity/subscriptions/{id}", OpDeleteSubscription, byApp, (*Sim).deleteSubscription, perApp(500), ""},
	}
}

// Handler serves the API and the pages for people.
func (s *Sim) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes() {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { s.serve(w, req, r) })
	}
	mux.HandleFunc("/2/", func(w http.ResponseWriter, _ *http.Request) {
		s.write(w, answer{status: http.StatusNotFound, body: problem(http.StatusNotFound, "", "Not Found")})
	})
	s.people(mux)
	return mux
}
