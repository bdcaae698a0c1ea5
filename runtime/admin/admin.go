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
//     action, one dead letter, or one conversation that a person has; always in
//     the form of runtime/display, and never of what has to be deleted. A
//     reference of a user outside of X leaves in that about their matches alone.
//     Many texts leave in the log of a recording, which holds what runtime/record
//     lets into it.
//   - O4 an operator's token opens what their role may do, and nothing else; the
//     table in route.go holds the least role for each endpoint.
//   - O5 what an operator did, or was refused, and whose text they read, is
//     recorded, with the change in one transaction where the change is the
//     database's.
//
// Answers of /v1/ are JSON; what went wrong is {"error": "…"}: 400 for a bad
// request, 401 without a token, 403 by O1 or O4, 404 for what is not there, 409
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
//	GET  /v1/decisions?bot=&denied=&since=&post=&max= newest first; of one post also what became of it
//	GET  /v1/decisions/{id}                   with its record
//	GET  /v1/queue?bot=                       what waits to leave, for what, until when
//	GET  /v1/cost?bot=&month=YYYY-MM          what the bots cost, by day and kind
//	GET  /v1/conversations?bot=&max=          those that a person has or should look at
//	GET  /v1/conversations/{bot}/{user}       one of them, with what the user wrote
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
//	GET  /v1/matches?bot=&user=               of one user, with the references
//	POST /v1/matches                          {"bot", "user", "purpose", "basis", "ref", "event", "source", "keep", "by"}
//	POST /v1/matches/remove                   {"bot", "user", "purpose", "by"}
//	POST /v1/matches/withdraw                 {"bot", "user", "event", "by"}: the user does not want it
//	POST /v1/find                             {"user", "by"}: everything kept of a user, for who asks what is kept of them
//	POST /v1/forget                           {"user", "bot", "by", "dry"}: everything kept of a user goes
//	GET  /v1/receipts?max=                    of erasures, newest first
//	GET  /v1/duties?max=                      what has to be deleted, and was; rounds of asking X
//	POST /v1/duties                           {"by", "post" or "user" or "dm", "cause", "at"}: somebody asks for a deletion
//	POST /v1/duties/rounds                    {"by"}: X is asked now what is gone
//	POST /v1/duties/wipe                      {"by", "bot", "at", "dry"}: everything of an account whose access ended goes
//	GET  /v1/rules                            what is in force, and why what is not
//	GET  /v1/files                            answers and schedules in place, and why what is not
//	POST /v1/rules/reload                     {"by", "bot"}; without bot: all
//	POST /v1/optouts/import                   {"by", "host_key", "optouts"}: what a list of another host said
//	GET  /v1/accounts                         where each account's login stands
//	POST /v1/accounts/{bot}/login             {"by", "code", "verifier", "redirect"}: X's answer to a login
//	POST /v1/accounts/{bot}/logout            {"by", "drop"}
//	GET  /v1/keys                             what the host seals with, and what each key is needed for
//	POST /v1/keys/rotate                      {"by", "finish"}: a new key; finish: only what is left to seal again
//	POST /v1/keys/drop                        {"by", "ids"}: old keys go; without ids: all of them
//	POST /v1/subscribe                        {"mend", "prune", "bot"}: webhook and subscriptions on X
//	POST /v1/connections                      {"close"}: the app's streams on X
//	POST /v1/doctor                           {"bot", "online", "beside"}: what is not as X wants it
//	POST /v1/audit/verify                     {"checkpoints"}: what does not agree with the audit chain
//	POST /v1/exports                          {"by", "for", "what", "ids", "hydrated", "users", "items", "bots"}: is about to leave; refused beyond X's caps
//	POST /v1/recordings                       {"by", "bot", "since", "plain"}: keep what comes in, for a log
//	GET  /v1/recordings/{id}                  how far it is; who does not ask for a minute does not want it
//	POST /v1/recordings/{id}/finish           {"by", "for", "file", "key", "many"}: its log, under pseudonyms
//	POST /v1/exports/{id}/gone                {"by"}: one that was recalled is removed, with every copy
//	POST /v1/backup                           {"by", "dir", "keep"}: into a folder of the host's machine
//	POST /v1/restore/accept                   {"by"}: nobody is known to have said stop since the backup
//	GET  /v1/operators                        who works with the host
//	POST /v1/operators                        {"by", "name", "role", "expires"}: answers with the token, once
//	POST /v1/operators/{name}/role|rotate|remove {"by", "role", "expires"}
//	GET  /v1/acts?by=&max=                    what operators did, newest first
//	POST /v1/audit/report                     {"by", "for", "from", "to"}: what X's yearly audit is shown
//	POST /v1/incident                         {"by", "bot", "from", "to"}: evidence of a period, and what X has to be told
package admin

import (
	"context"
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
	"github.com/beckon-bot/beckon/runtime/audit/incident"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/hostkey"
	"github.com/beckon-bot/beckon/runtime/record"
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
	Token string   // of the host's owner, who may do everything; "": operators' own tokens only
	Bots  []string // configured names

	// Republish puts a dead letter back on the bus, durably. It is called inside
	// the transaction that drops the letter.
	Republish func(ctx context.Context, l db.DeadLetter) error
	// Prepare makes ready, before the transaction, what Republish needs of the
	// database; nil: nothing.
	Prepare func(ctx context.Context, l db.DeadLetter) error

	// Heard shows the bodies that the bus has toward a bot ("": every one) of a user
	// ("": every one), and whether dispatch has had them; nil: none. What was sealed
	// with a destroyed key is left out.
	Heard func(ctx context.Context, bot, user string, see func(body []byte, taken bool) error) error

	Eraser   *erasure.Eraser     // nil: nobody can be erased here
	Key      *hostkey.Keeper     // nil: nothing is sealed here
	Accounts Accounts            // nil: none
	Officer  *compliance.Officer // nil: nothing can be deleted here
	Owed     func()              // wakes it; nil: there is none
	Watch    Watch               // nil: none
	Recorder *record.Recorder    // nil: nothing is recorded here
	Doctor   Doctor              // nil: none

	// Backup makes a backup; nil: none can be made here.
	Backup func(ctx context.Context, b Backup) (BackedUp, error)

	// Setup says what the configuration has, for an incident; nil: nothing is said.
	Setup func() incident.Setup

	// Use says how data is used, for audit reports; nil: nothing is said.
	Use func() []bundle.Line

	Rules *rollout.Rollout // nil: no host runs
	Files []*rollout.Files // answers and schedules of a host that runs
	// Judge puts a person's word on a held draft on the bus, and waits for what
	// comes of it; nil: nothing takes events in, and it is done at once.
	Judge func(ctx context.Context, j event.Judgement) (db.Action, error)

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
	if o.Owed == nil {
		o.Owed = func() {}
	}
	s := &server{o}
	if o.Judge == nil {
		s.Judge = func(ctx context.Context, j event.Judgement) (db.Action, error) { return s.Desk.Judge(ctx, j.At, j) }
	}

	write := acting{o.Store, s.record}
	s.Store, s.Desk.Store = write, write

	v1 := http.NewServeMux()
	for _, rt := range s.routes() {
		v1.Handle(rt.pattern, s.handle(rt))
	}
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
		// No page may show an answer as its own.
		w.Header().Set("X-Frame-Options", "DENY")
		w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
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
