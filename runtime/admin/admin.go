// Package admin is the host's loopback HTTP: health, readiness, metrics, and
// what operators see and do.
//
// What it owns: who may ask, the form of the answers, the names of the
// endpoints. What it refuses: to change anything but through action.Desk, to
// let a web page in, to log a text. The command line calls the same handler,
// over a socket where a host runs and in its own process where none does.
//
//   - O1 what names another host than loopback, or comes from a web page, gets
//     no answer; without the token only health, readiness and metrics answer.
//   - O2 a change names its operator, and is logged with who, what and id.
//   - O3 text of posts and DMs leaves only in the answer to a request for one
//     action or one dead letter.
//
// Answers of /v1/ are JSON; what went wrong is {"error": "…"}: 400 for a bad
// request, 401 without the token, 403 by O1, 404 for what is not there, 409
// where the state does not allow the change.
//
//	GET  /v1/actions?bot=&user=&state=&max=   newest first
//	GET  /v1/actions/{id}                     with its decision and its text
//	POST /v1/actions/{id}/approve             {"by"}
//	POST /v1/actions/{id}/edit                {"by", "text", "rewritten"}: another text for a held one
//	POST /v1/actions/{id}/reject              {"by", "why"}
//	POST /v1/actions/{id}/retry               {"by"}
//	POST /v1/commands                         {"bot", "kind", "by", …}: event.Command, decided in its turn
//	POST /v1/actions/{id}/settle              {"by", "sent", "remote_id"}: what became of an unknown one
//	GET  /v1/unknown?max=                     by id, with how far the search has come
//	GET  /v1/queue?bot=                       what waits to leave, for what, until when
//	GET  /v1/cost?bot=&month=YYYY-MM          what the bots cost, by day and kind
//	GET  /v1/conversations?bot=&max=          those that a person has or should look at
//	POST /v1/conversations/{bot}/{user}/handoff {"by", "why"}: a person takes over
//	POST /v1/conversations/{bot}/{user}/release {"by"}: the bot may speak again
//	GET  /v1/dead?max=                        oldest first
//	GET  /v1/dead/{id}                        with its body
//	POST /v1/dead/{id}/retry                  {"by"}
//	GET  /v1/switches
//	PUT  /v1/switches/{bot}                   {"paused", "by", "why"}; * is all bots
//	GET  /v1/optouts?after=&max=              by hash
//	POST /v1/optouts                          {"user", "by"}
//	GET  /v1/consents?bot=&user=              of one user
//	POST /v1/consents                         {"bot", "user", "kind", "wording", "event", "by"}
//	POST /v1/consents/withdraw                {"bot", "user", "kind", "event", "by"}
//	POST /v1/forget                           {"user", "bot", "by", "dry"}: everything kept of a user goes
//	GET  /v1/receipts?max=                    of erasures, newest first
//	GET  /v1/rules                            what is in force, and why what is not
//	POST /v1/rules/reload                     {"by", "bot"}; without bot: all
//	POST /v1/optouts/import                   {"by", "host_key", "optouts"}: what a list of another host said
//	GET  /v1/accounts                         where each account's login stands
//	POST /v1/accounts/{bot}/login             {"by", "code", "verifier", "redirect"}: X's answer to a login
//	POST /v1/accounts/{bot}/logout            {"by", "drop"}
//	POST /v1/subscribe                        {"mend", "prune", "bot"}: webhook and subscriptions on X
//	POST /v1/connections                      {"close"}: the app's streams on X
//	POST /v1/doctor                           {"bot", "online", "beside"}: what is not as X wants it
//	POST /v1/audit/verify                     {"checkpoints"}: what does not agree with the audit chain
//	POST /v1/exports                          {"by", "for", "what", "ids", "hydrated"}: is about to leave; refused beyond X's caps
//	POST /v1/audit/report                     {"by", "for", "from", "to"}: what X's yearly audit is shown
package admin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/audit/bundle"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/rollout"
)

// ErrUnusable is what Republish wraps for a dead letter that no retry helps;
// it answers 409.
var ErrUnusable = errors.New("the dead letter cannot be put back")

// Options is what the handler needs.
type Options struct {
	Store db.Store
	Desk  action.Desk
	Now   func() time.Time
	Token string   // what an operator must show; "" lets nobody in
	Bots  []string // configured names

	// Republish puts a dead letter back on the bus, durably. It is called inside
	// the transaction that drops the letter.
	Republish func(ctx context.Context, l db.DeadLetter) error

	Eraser   *erasure.Eraser // nil: nobody can be erased here
	Accounts Accounts        // nil: none
	Watch    Watch           // nil: none
	Doctor   Doctor          // nil: none

	// Use says how data is used, for audit reports; nil: nothing is said.
	Use func() []bundle.Line

	Rules *rollout.Rollout // nil: no host runs
	// Publish puts an operator's command on the bus, durably.
	Publish func(ctx context.Context, c event.Command) error

	Ready   func() error // why the host takes no events now; nil function: ready
	Metrics http.Handler // nil: no metrics
	Stir    func()       // wakes the sender; nil: there is none
	Log     *slog.Logger // nil: silent
}

type server struct{ Options }

// New returns the handler. It is safe for concurrent use.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Ready == nil {
		o.Ready = func() error { return nil }
	}
	if o.Metrics == nil {
		o.Metrics = http.NotFoundHandler()
	}
	if o.Stir == nil {
		o.Stir = func() {}
	}
	s := &server{o}

	v1 := http.NewServeMux()
	v1.Handle("GET /v1/actions", answer(s.listActions))
	v1.Handle("GET /v1/actions/{id}", answer(s.showAction))
	v1.Handle("POST /v1/actions/{id}/approve", answer(s.approve))
	v1.Handle("POST /v1/actions/{id}/edit", answer(s.edit))
	v1.Handle("POST /v1/actions/{id}/reject", answer(s.reject))
	v1.Handle("POST /v1/actions/{id}/retry", answer(s.retryAction))
	v1.Handle("POST /v1/commands", answer(s.command))
	v1.Handle("POST /v1/actions/{id}/settle", answer(s.settle))
	v1.Handle("GET /v1/unknown", answer(s.listUnknown))
	v1.Handle("GET /v1/queue", answer(s.queue))
	v1.Handle("GET /v1/cost", answer(s.cost))
	v1.Handle("GET /v1/conversations", answer(s.listConversations))
	v1.Handle("POST /v1/conversations/{bot}/{user}/handoff", answer(s.handOff))
	v1.Handle("POST /v1/conversations/{bot}/{user}/release", answer(s.release))
	v1.Handle("GET /v1/dead", answer(s.listDead))
	v1.Handle("GET /v1/dead/{id}", answer(s.showDead))
	v1.Handle("POST /v1/dead/{id}/retry", answer(s.retryDead))
	v1.Handle("GET /v1/switches", answer(s.listSwitches))
	v1.Handle("PUT /v1/switches/{bot}", answer(s.setSwitch))
	v1.Handle("GET /v1/optouts", answer(s.listOptOuts))
	v1.Handle("POST /v1/optouts", answer(s.addOptOut))
	v1.Handle("POST /v1/optouts/import", bulk(s.importOptOuts))
	v1.Handle("GET /v1/consents", answer(s.listConsents))
	v1.Handle("POST /v1/consents", answer(s.recordConsent))
	v1.Handle("POST /v1/consents/withdraw", answer(s.withdrawConsent))
	v1.Handle("POST /v1/forget", answer(s.forget))
	v1.Handle("GET /v1/receipts", answer(s.receipts))
	v1.Handle("GET /v1/rules", answer(s.listRules))
	v1.Handle("POST /v1/rules/reload", answer(s.reloadRules))
	v1.Handle("GET /v1/accounts", answer(s.listAccounts))
	v1.Handle("POST /v1/accounts/{bot}/login", answer(s.login))
	v1.Handle("POST /v1/accounts/{bot}/logout", answer(s.logout))
	v1.Handle("POST /v1/subscribe", answer(s.subscribe))
	v1.Handle("POST /v1/connections", answer(s.connections))
	v1.Handle("POST /v1/doctor", answer(s.examine))
	v1.Handle("POST /v1/audit/verify", answer(s.verifyAudit))
	v1.Handle("POST /v1/exports", answer(s.recordExport))
	v1.Handle("POST /v1/audit/report", answer(s.reportAudit))
	v1.Handle("/", answer(func(r *http.Request) (any, error) {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, db.ErrNotFound)
	}))

	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.readiness)
	mux.Handle("GET /metrics", o.Metrics)
	mux.Handle("/v1/", s.operatorsOnly(v1))
	return localOnly(mux)
}

// localOnly keeps web pages out (O1). A page can make a browser call loopback:
// by a name of its own that resolves to it, which shows in Host, or directly,
// which shows in Origin.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			refuse(w, http.StatusForbidden, "the Host header must name loopback")
			return
		}
		if _, page := r.Header["Origin"]; page {
			refuse(w, http.StatusForbidden, "web pages may not call this address")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// operatorsOnly wants the token (O1).
func (s *server) operatorsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !bearer || s.Token == "" || subtle.ConstantTimeCompare([]byte(shown), []byte(s.Token)) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, "show the token in data_dir/admin.token as Authorization: Bearer TOKEN")
			return
		}
		next.ServeHTTP(w, r)
	})
}
