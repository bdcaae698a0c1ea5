package admin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/db"
)

// route is one endpoint: who may call it at least (O4), and what it is called
// in the record of acts (O5); "" is for what changes nothing and shows no text.
type route struct {
	pattern string
	role    db.Role
	did     string
	asks    string // what one that did nothing is called in the record, where it is refused
	serve   answer
	bulk    bool // it takes many rows
}

// name is what was asked, in plain words.
func (rt route) name() string { return cmp.Or(rt.did, rt.asks) }

func (s *server) routes() []route {
	const viewer, agent, boss = db.RoleViewer, db.RoleAgent, db.RoleAdmin
	return []route{
		{pattern: "GET /v1/actions", role: viewer, asks: "list actions", serve: s.listActions},
		{pattern: "GET /v1/actions/{id}", role: viewer, asks: "show an action", serve: s.showAction}, // its text is an agent's
		{pattern: "POST /v1/actions/{id}/approve", role: agent, did: "approve", serve: s.approve},
		{pattern: "POST /v1/actions/{id}/edit", role: agent, did: "edit", serve: s.edit},
		{pattern: "POST /v1/actions/{id}/reject", role: agent, did: "reject", serve: s.reject},
		{pattern: "POST /v1/actions/{id}/retry", role: agent, did: "retry", serve: s.retryAction},
		{pattern: "POST /v1/actions/{id}/settle", role: agent, did: "settle", serve: s.settle},
		{pattern: "POST /v1/commands", role: agent, did: "ask for an action", serve: s.command},
		{pattern: "GET /v1/decisions", role: viewer, asks: "list decisions", serve: s.listDecisions},
		{pattern: "GET /v1/decisions/{id}", role: viewer, asks: "show a decision", serve: s.showDecision},
		{pattern: "GET /v1/unknown", role: viewer, asks: "list lost sends", serve: s.listUnknown},
		{pattern: "GET /v1/queue", role: viewer, asks: "look at the queue", serve: s.queue},
		{pattern: "GET /v1/cost", role: viewer, asks: "look at the cost", serve: s.cost},
		{pattern: "GET /v1/conversations", role: viewer, asks: "list conversations", serve: s.listConversations},
		{pattern: "GET /v1/conversations/{bot}/{user}", role: agent, did: "read a conversation", serve: s.showConversation},
		{pattern: "POST /v1/conversations/{bot}/{user}/handoff", role: agent, did: "hand off", serve: s.handOff},
		{pattern: "POST /v1/conversations/{bot}/{user}/release", role: agent, did: "release", serve: s.release},
		{pattern: "GET /v1/dead", role: viewer, asks: "list dead letters", serve: s.listDead},
		{pattern: "GET /v1/dead/{id}", role: agent, did: "read a dead letter", serve: s.showDead},
		{pattern: "POST /v1/dead/{id}/retry", role: agent, did: "retry a dead letter", serve: s.retryDead},
		{pattern: "GET /v1/switches", role: viewer, asks: "look at the kill switches", serve: s.listSwitches},
		{pattern: "PUT /v1/switches/{bot}", role: agent, did: "kill switch", serve: s.setSwitch}, // resuming is an admin's
		{pattern: "GET /v1/optouts", role: viewer, asks: "list opt-outs", serve: s.listOptOuts},
		{pattern: "POST /v1/optouts", role: agent, did: "opt out", serve: s.addOptOut},
		{pattern: "POST /v1/optouts/import", role: boss, did: "import opt-outs", serve: s.importOptOuts, bulk: true},
		{pattern: "GET /v1/consents", role: agent, asks: "list consents", serve: s.listConsents},
		{pattern: "POST /v1/consents", role: agent, did: "record consent", serve: s.recordConsent},
		{pattern: "POST /v1/consents/withdraw", role: agent, did: "withdraw consent", serve: s.withdrawConsent},
		{pattern: "GET /v1/matches", role: agent, did: "read matches", serve: s.listMatches}, // it shows references
		{pattern: "POST /v1/matches", role: agent, did: "match", serve: s.setMatch},
		{pattern: "POST /v1/matches/remove", role: agent, did: "remove a match", serve: s.removeMatch},
		{pattern: "POST /v1/matches/withdraw", role: agent, did: "withdraw matching", serve: s.withdrawMatch},
		{pattern: "POST /v1/find", role: boss, did: "find", serve: s.find},
		{pattern: "POST /v1/forget", role: boss, did: "forget", serve: s.forget},
		{pattern: "GET /v1/receipts", role: viewer, asks: "list receipts", serve: s.receipts},
		{pattern: "GET /v1/duties", role: viewer, asks: "list deletions", serve: s.listDuties},
		{pattern: "POST /v1/duties", role: boss, did: "delete", serve: s.deletion},
		{pattern: "POST /v1/duties/rounds", role: boss, did: "ask X what is gone", serve: s.rounds},
		{pattern: "POST /v1/duties/wipe", role: boss, did: "wipe an account", serve: s.wipe},
		{pattern: "GET /v1/rules", role: viewer, asks: "look at the rules in force", serve: s.listRules},
		{pattern: "GET /v1/files", role: viewer, asks: "look at the answers and schedules in place", serve: s.listFiles},
		{pattern: "POST /v1/rules/reload", role: boss, did: "reload rules", serve: s.reloadRules},
		{pattern: "GET /v1/accounts", role: viewer, asks: "list accounts", serve: s.listAccounts},
		{pattern: "POST /v1/accounts/{bot}/login", role: boss, did: "login", serve: s.login},
		{pattern: "POST /v1/accounts/{bot}/logout", role: boss, did: "logout", serve: s.logout},
		{pattern: "GET /v1/keys", role: viewer, asks: "list keys", serve: s.listKeys}, // ids and counts: no key leaves
		{pattern: "POST /v1/keys/rotate", role: boss, did: "rotate the host's key", serve: s.rotateKey},
		{pattern: "POST /v1/keys/drop", role: boss, did: "drop an old key", serve: s.dropKeys},
		{pattern: "POST /v1/backup", role: boss, did: "backup", serve: s.backup},
		{pattern: "POST /v1/restore/accept", role: boss, did: "accept a restore without newer opt-outs", serve: s.acceptRestore},
		{pattern: "POST /v1/subscribe", role: boss, did: "subscribe", serve: s.subscribe},
		{pattern: "POST /v1/connections", role: boss, did: "connections", serve: s.connections},
		{pattern: "POST /v1/doctor", role: viewer, asks: "ask the doctor", serve: s.examine},
		{pattern: "POST /v1/audit/verify", role: viewer, asks: "check the audit chain", serve: s.verifyAudit},
		{pattern: "POST /v1/exports", role: boss, did: "export", serve: s.recordExport, bulk: true},
		{pattern: "POST /v1/recordings", role: agent, did: "record", serve: s.beginRecording}, // real names are an admin's
		{pattern: "GET /v1/recordings/{id}", role: agent, asks: "look at a recording", serve: s.showRecording},
		{pattern: "POST /v1/recordings/{id}/finish", role: agent, did: "end a recording", serve: s.finishRecording},
		{pattern: "POST /v1/exports/{id}/gone", role: boss, did: "export removed", serve: s.exportGone},
		{pattern: "POST /v1/audit/report", role: boss, did: "audit report", serve: s.reportAudit},
		{pattern: "POST /v1/incident", role: boss, did: "gather an incident", serve: s.incident}, // it holds what operators did
		{pattern: "GET /v1/operators", role: boss, asks: "list operators", serve: s.listOperators},
		{pattern: "POST /v1/operators", role: boss, did: "add an operator", serve: s.addOperator},
		{pattern: "POST /v1/operators/{name}/{change}", role: boss, did: "change an operator", serve: s.changeOperator},
		{pattern: "GET /v1/acts", role: boss, asks: "list what operators did", serve: s.listActs},
	}
}

// owner is who shows the token of the host's own machine. By the body of a
// change they name themselves.
const owner = ""

// may reports whether a role includes another.
func may(has, needs db.Role) bool {
	return slices.Index(db.Roles, has) >= slices.Index(db.Roles, needs) && slices.Contains(db.Roles, needs)
}

type asking struct{}

// act is what an operator is doing, kept with the request's context.
type act struct {
	by     string // the operator's name; owner until the body says it
	role   db.Role
	did    string
	on     []string
	users  []string // whose ids stand in the request
	kept   bool     // it is in the database
	denied string
}

func actOf(ctx context.Context) *act {
	a, ok := ctx.Value(asking{}).(*act)
	if !ok { // nobody asked: nothing may be shown
		return &act{}
	}
	return a
}

// operatorsOnly wants a token (O1) and finds out whose it is.
func (s *server) operatorsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		who, err := s.whose(r.Context(), shown)
		if err != nil {
			refuse(w, http.StatusInternalServerError, err.Error())
			return
		}
		if !bearer || who == nil {
			s.Log.WarnContext(r.Context(), "operator: a request without a token that is known", "path", r.URL.Path)
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, "show your token (BECKON_TOKEN), or that in data_dir/admin.token, as Authorization: Bearer TOKEN")
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), asking{}, who)))
	})
}

// whose returns who has the token, nil if nobody has.
func (s *server) whose(ctx context.Context, token string) (*act, error) {
	if s.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.Token)) == 1 {
		return &act{by: owner, role: db.RoleAdmin}, nil
	}
	if !strings.HasPrefix(token, tokenPrefix) {
		return nil, nil
	}
	var o db.Operator
	err := s.Store.Read(ctx, func(tx db.Tx) (err error) {
		o, err = tx.OperatorByToken(hashToken(token)) // a hash: timing tells nothing of the token
		return err
	})
	switch {
	case errors.Is(err, db.ErrNotFound), err == nil && !o.ExpiresAt.IsZero() && !s.Now().Before(o.ExpiresAt):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("find out whose token it is: %w", err)
	}
	return &act{by: o.Name, role: o.Role}, nil
}

// tokenPrefix tells operators' tokens from other secrets, for people and for
// tools that look for leaked ones.
const tokenPrefix = "beckon_"

func newToken() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return tokenPrefix + hex.EncodeToString(b)
}

func randomID(prefix string) string {
	b := make([]byte, 8)
	rand.Read(b) // never fails
	return prefix + hex.EncodeToString(b)
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// handle serves a route to those who may call it, and records what they did.
func (s *server) handle(rt route) http.Handler {
	limit := int64(maxBody)
	if rt.bulk {
		limit = maxBulk
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := actOf(r.Context())
		a.did = rt.did
		if user := r.PathValue("user"); user != "" {
			a.users = append(a.users, user)
		}
		if !may(a.role, rt.role) {
			a.did = rt.name()
			a.denied = fmt.Sprintf("%s is %s, and this needs %s", a.by, a.role, rt.role)
			s.keepAct(r, a)
			refuse(w, http.StatusForbidden, a.denied)
			return
		}
		if rt.did != "" && r.Method != http.MethodGet {
			if err := s.named(w, r, a, limit); err != nil {
				a.denied = err.Error()
				s.keepAct(r, a)
				refuse(w, status(err), err.Error())
				return
			}
		}
		a.on = append(pathOf(r), a.on...)
		answer(func(r *http.Request) (any, error) {
			v, err := rt.serve(r)
			if err != nil && !a.kept {
				a.did, a.denied = cmp.Or(a.did, rt.name()), err.Error()
			}
			s.keepAct(r, a)
			return v, err
		}).serve(w, r, limit)
	})
}

// named puts the operator's name into the body of a change, where the token
// says whose it is, and reads what the change is about.
func (s *server) named(w http.ResponseWriter, r *http.Request, a *act, limit int64) error {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		return badRequest(fmt.Sprintf("the body cannot be read: %v", err))
	}
	var body map[string]json.RawMessage
	word := func(key string) (v string) {
		_ = json.Unmarshal(body[key], &v) // the endpoint says what is wrong with it
		return v
	}
	if json.Unmarshal(raw, &body) == nil && body != nil {
		by := strings.TrimSpace(word("by"))
		switch {
		case a.by == owner && len(by) <= maxName && plain(by): // of another the endpoint says what is wrong
			a.by = by
		case a.by == owner:
		case by != "" && by != a.by:
			return badRequest(fmt.Sprintf("by: the token is that of %s, not of %s; leave --by out", a.by, by))
		case !nameless[a.did]:
			body["by"], _ = json.Marshal(a.by)
			if raw, err = json.Marshal(body); err != nil {
				return err
			}
		}
		for _, key := range []string{"bot", "kind", "name", "role", "purpose", "basis"} {
			if v := word(key); v != "" && len(v) <= maxName && plain(v) {
				a.on = append(a.on, key+" "+v)
			}
		}
		if user := strings.TrimSpace(word("user")); user != "" {
			a.users = append(a.users, user)
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return nil
}

// nameless are the changes whose body names nobody: they are X's, not a user's.
var nameless = map[string]bool{"subscribe": true, "connections": true}

// userMark stands for a user in the record of acts, which outlives their data.
func (s *server) userMark(user string) string { return s.Desk.Key.User(user)[:16] }

// pathOf is what the path of a request is about.
func pathOf(r *http.Request) (on []string) {
	for _, key := range []string{"id", "bot", "name", "change"} {
		if v := r.PathValue(key); v != "" && len(v) <= maxWhy && plain(v) {
			on = append(on, key+" "+v)
		}
	}
	return on
}

// keepAct records what was done or refused, where the change itself has not
// (O5). What cannot be recorded is logged: it was done.
func (s *server) keepAct(r *http.Request, a *act) {
	if a.did == "" || a.kept {
		return
	}
	a.kept = true // the store need not
	ctx := context.WithoutCancel(r.Context())
	err := s.Store.Write(ctx, func(tx db.Tx) error { return tx.AppendOperatorAct(s.record(a)) })
	if err != nil {
		s.Log.ErrorContext(ctx, "operator: an act could not be recorded", "by", a.by, "did", a.did, "err", err)
	}
}

// record writes an act down. Its users stand in it by their mark, in the reason of
// a refusal too.
func (s *server) record(a *act) db.OperatorAct {
	by := a.by
	if by == owner {
		by = "the host's owner"
	}
	why, on := a.denied, a.on
	for _, user := range a.users {
		on = append(on, "user "+s.userMark(user))
		why = strings.ReplaceAll(why, user, s.userMark(user))
	}
	if len(why) > maxWhy {
		why = strings.ToValidUTF8(why[:maxWhy], "")
	}
	return db.OperatorAct{
		ID: randomID("o-"), At: s.Now().UTC(), By: by, Role: a.role, Did: a.did, On: strings.Join(on, " "), Refused: why,
	}
}

// acting is the store through which operators change things: it writes down the
// act with the change, in one transaction (O5).
type acting struct {
	db.Store
	record func(a *act) db.OperatorAct
}

func (s acting) Write(ctx context.Context, fn func(db.Tx) error) error {
	a := actOf(ctx)
	if a.did == "" || a.kept {
		return s.Store.Write(ctx, fn)
	}
	err := s.Store.Write(ctx, func(tx db.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.AppendOperatorAct(s.record(a))
	})
	a.kept = err == nil
	return err
}
