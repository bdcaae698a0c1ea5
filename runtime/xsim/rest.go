package xsim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Operations of the API, as in Call.Op and Fault.Op.
const (
	OpPost   = "create_post" // POST /2/tweets
	OpDM     = "send_dm"     // POST /2/dm_conversations/with/{id}/messages
	OpMe     = "users_me"    // GET /2/users/me
	OpTweets = "user_posts"  // GET /2/users/{id}/tweets
	OpEvents = "dm_events"   // GET /2/dm_conversations/with/{id}/dm_events
)

// window15 is X's common rate window.
const window15 = 15 * time.Minute

// answer is what a call leads to, before it is written.
type answer struct {
	status int
	body   object
	limit  *limitHeaders
	made   string   // id of what was made
	echoes [][]byte // what X tells us of it

	refused, dropped, html, garbage bool
}

type limitHeaders struct {
	limit, remaining int
	reset            time.Time
}

type window struct {
	start time.Time
	used  int
}

// request is a call while it is judged, under the lock.
type request struct {
	*http.Request
	body    []byte
	account *Account
	now     time.Time
	call    *Call
}

// Handler serves the API and the pages for people.
func (s *Sim) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, op := range map[string]struct {
		name string
		do   func(*Sim, *request) answer
	}{
		"POST /2/tweets": {OpPost, (*Sim).createPost},
		"POST /2/dm_conversations/with/{id}/messages": {OpDM, (*Sim).sendDM},
		"GET /2/users/me":                             {OpMe, (*Sim).me},
		"GET /2/users/{id}/tweets":                    {OpTweets, (*Sim).userPosts},
		"GET /2/dm_conversations/with/{id}/dm_events": {OpEvents, (*Sim).dmEvents},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, op.name, op.do) })
	}
	mux.HandleFunc("/2/", func(w http.ResponseWriter, _ *http.Request) {
		s.write(w, answer{status: http.StatusNotFound, body: problem(http.StatusNotFound, "", "Not Found")})
	})
	s.people(mux)
	return mux
}

// serve is one API call: judge, act, disguise, answer, and tell by webhook.
func (s *Sim) serve(w http.ResponseWriter, r *http.Request, op string, do func(*Sim, *request) answer) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		s.write(w, answer{status: http.StatusBadRequest, body: invalid("the body cannot be read")})
		return
	}
	var violation error
	if s.opts.Validate != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		violation = s.opts.Validate(r)
	}

	s.mu.Lock()
	now := s.opts.Now().UTC()
	call := Call{N: len(s.calls) + 1, At: now, Op: op}
	req := &request{Request: r, body: body, now: now, call: &call}
	req.account = s.authorised(r)
	if req.account != nil {
		call.Account = req.account.ID
	}
	s.describe(req)
	f := s.faultFor(call)
	var a answer
	if f == nil || f.acts() {
		a = s.answer(req, violation, do)
	}
	echo := s.opts.Echo
	if f != nil {
		a = f.disguise(a, now)
		call.Fault = f.Kind
		if f.Echo != EchoDefault {
			echo = f.Echo
		}
	}
	call.Made = a.made
	if !a.dropped && !a.refused {
		call.Status = a.status
	}
	s.calls = append(s.calls, call)
	if violation != nil {
		s.violations = append(s.violations, fmt.Errorf("%s: %w", op, violation))
	}
	s.mu.Unlock()

	// What happens now happens on X's side and outlives a client that left.
	if echo == EchoBefore {
		if err := s.Deliver(context.WithoutCancel(r.Context()), a.echoes...); err != nil {
			s.opts.Log.WarnContext(r.Context(), "echo not delivered", "err", err)
		}
	}
	if f != nil && f.Delay > 0 {
		wait(r.Context(), f.Delay)
	}
	s.write(w, a)
	if echo == EchoAfter {
		s.enqueue(a.echoes)
	}
}

// answer is what X says without faults.
func (s *Sim) answer(r *request, violation error, do func(*Sim, *request) answer) answer {
	if r.account == nil {
		return answer{status: http.StatusUnauthorized, body: problem(http.StatusUnauthorized, "", "Unauthorized")}
	}
	limit, free := s.count(r)
	var a answer
	switch {
	case !free:
		a = answer{status: http.StatusTooManyRequests, body: problem(http.StatusTooManyRequests, "", "Too Many Requests")}
	case violation != nil:
		a = answer{status: http.StatusBadRequest, body: invalid(violation.Error())}
	default:
		a = do(s, r)
	}
	a.limit = limit
	return a
}

// authorised finds the account behind the bearer token.
func (s *Sim) authorised(r *http.Request) *Account {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return nil
	}
	for _, a := range s.accounts {
		if a.Token == token && !s.revoked[a.ID] {
			return a
		}
	}
	return nil
}

// count takes one call of the account's window, if there is one left.
func (s *Sim) count(r *request) (*limitHeaders, bool) {
	most, ok := s.opts.Limits[r.call.Op]
	if !ok { // X's table, 2026-08
		most = map[string]int{OpPost: 100, OpDM: 15, OpMe: 75, OpTweets: 900, OpEvents: 15}[r.call.Op]
	}
	key := [2]string{r.account.ID, r.call.Op}
	win := s.windows[key]
	if win.start.IsZero() || !r.now.Before(win.start.Add(window15)) {
		win = window{start: r.now}
	}
	free := win.used < most
	if free {
		win.used++
	}
	s.windows[key] = win
	// Headers have whole seconds; X rounds such that the window is over then.
	reset := win.start.Add(window15 + time.Second - 1).Truncate(time.Second)
	return &limitHeaders{limit: most, remaining: most - win.used, reset: reset}, free
}

// write sends the answer, or what a fault left of it.
func (s *Sim) write(w http.ResponseWriter, a answer) {
	if a.refused || a.dropped {
		s.drop(w, a.refused)
		return
	}
	if a.limit != nil {
		w.Header().Set("x-rate-limit-limit", strconv.Itoa(a.limit.limit))
		w.Header().Set("x-rate-limit-remaining", strconv.Itoa(a.limit.remaining))
		w.Header().Set("x-rate-limit-reset", strconv.FormatInt(a.limit.reset.Unix(), 10))
	}
	var out []byte
	switch {
	case a.html:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		out = []byte("<!DOCTYPE html><html><body><h1>Over capacity</h1></body></html>\n")
	case a.garbage:
		w.Header().Set("Content-Type", "application/json")
		out = []byte(`{"data":{"id":"20`)
	default:
		ct := "application/json"
		if a.status >= 400 {
			ct = "application/problem+json"
		}
		w.Header().Set("Content-Type", ct)
		var err error
		if out, err = marshal(a.body); err != nil {
			s.opts.Log.Error("answer cannot be written as JSON", "err", err)
		}
	}
	w.WriteHeader(a.status)
	if _, err := w.Write(out); err != nil {
		s.opts.Log.Debug("client left", "err", err)
	}
	_ = http.NewResponseController(w).Flush()
}

// drop closes the connection without an answer.
func (s *Sim) drop(w http.ResponseWriter, refused bool) {
	if d, ok := w.(*directWriter); ok {
		d.drop(refused)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2: the nearest thing
		http.Error(w, "xsim: faults that drop connections need HTTP/1.1", http.StatusBadGateway)
		return
	}
	_ = conn.Close()
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// problem is X's error body. Without a kind the type is about:blank, which
// says no more than the status.
func problem(status int, kind, detail string) object {
	t := "about:blank"
	if kind != "" {
		t = "https://api.x.com/2/problems/" + kind
	}
	return object{{"title", http.StatusText(status)}, {"detail", detail}, {"type", t}, {"status", status}}
}

func invalid(detail string) object {
	return object{
		{"errors", []object{{{"message", detail}}}},
		{"title", "Invalid Request"},
		{"detail", "One or more parameters to your request was invalid."},
		{"type", "https://api.x.com/2/problems/invalid-request"},
		{"status", http.StatusBadRequest},
	}
}
