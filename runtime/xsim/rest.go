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

// answer is what a call leads to, before it is written.
type answer struct {
	status int
	body   object
	limit  *limitHeaders
	made   string   // id of what was made
	echoes [][]byte // what X tells us of it

	refused, dropped, html, garbage bool

	drip     time.Duration // between two bytes of the body
	location string        // of a redirect

	stream *connection // is fed after the head is written
	// after runs without the lock before the answer is written: a CRC goes to
	// the client's own webhook.
	after func(context.Context, *answer)
}

// request is a call while it is judged, under the lock.
type request struct {
	*http.Request
	body    []byte
	route   route
	account *Account // behind a user token
	app     bool     // by the app's bearer token
	family  *family  // behind an OAuth 2.0 token
	now     time.Time
	call    *Call
}

// serve is one API call: judge, act, disguise, answer, and tell by webhook.
func (s *Sim) serve(w http.ResponseWriter, r *http.Request, to route) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		s.write(r.Context(), w, answer{status: http.StatusBadRequest, body: invalid("the body cannot be read")})
		return
	}
	var violation error
	if s.opts.Validate != nil && to.by != byNobody {
		r.Body = io.NopCloser(bytes.NewReader(body))
		violation = s.opts.Validate(r)
	}

	s.mu.Lock()
	now := s.now()
	call := Call{N: len(s.calls) + 1, At: now, Op: to.op}
	req := &request{Request: r, route: to, body: body, now: now, call: &call}
	req.account, req.app, req.family = s.authorised(r, body, now)
	if req.account != nil {
		call.Account = req.account.ID
	}
	s.describe(req)
	f := s.faultFor(call)
	var a answer
	if f == nil || f.acts() {
		a = s.answer(req, violation)
	}
	if a.after != nil {
		s.mu.Unlock()
		a.after(context.WithoutCancel(r.Context()), &a)
		s.mu.Lock()
		call.N = len(s.calls) + 1
	}
	echo := s.opts.Echo
	if f != nil {
		a = f.disguise(a, now, s.most(req))
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
		s.violations = append(s.violations, fmt.Errorf("%s: %w", to.op, violation))
	}
	if a.stream != nil && (a.dropped || a.refused || a.html || a.status != http.StatusOK) {
		s.detach(a.stream, "fault")
		a.stream = nil
	}
	s.mu.Unlock()

	// What happens now happens on X's side and outlives a client that left.
	if echo == EchoBefore {
		if err := s.Deliver(context.WithoutCancel(r.Context()), a.echoes...); err != nil {
			s.opts.Log.WarnContext(r.Context(), "echo not delivered", "err", err)
		}
	}
	if f != nil && f.Delay > 0 && f.Kind != FaultDrip {
		wait(r.Context(), f.Delay)
	}
	if a.stream != nil {
		s.feed(w, r, a)
		return
	}
	s.write(r.Context(), w, a)
	if echo == EchoAfter {
		s.enqueue(a.echoes)
	}
}

// answer is what X says without faults.
func (s *Sim) answer(r *request, violation error) answer {
	if r.route.by == byNobody {
		return r.route.do(s, r)
	}
	switch {
	case r.account == nil && !r.app:
		return answer{status: http.StatusUnauthorized, body: problem(http.StatusUnauthorized, "", "Unauthorized")}
	case r.account != nil && r.route.by&byUser == 0, r.app && r.route.by&byApp == 0:
		return refuse(http.StatusForbidden, "", "This endpoint takes another kind of token: see Authentication in the reference.")
	}
	if r.family != nil {
		if scope := r.family.lacks(r.route.scopes); scope != "" {
			return refuse(http.StatusForbidden, "", "The token lacks the scope "+scope+".")
		}
	}
	if u := s.users[r.accountID()]; u.Suspended || u.Gone {
		return refuse(http.StatusForbidden, "", "Your account is suspended and is not permitted to access this feature.")
	}
	if a, is := s.broke(r); is && r.route.costs {
		return a
	}
	limit, free := s.count(r)
	var a answer
	switch {
	case !free:
		a = answer{status: http.StatusTooManyRequests, body: problem(http.StatusTooManyRequests, "", "Too Many Requests")}
	case violation != nil:
		a = answer{status: http.StatusBadRequest, body: invalid(violation.Error())}
	default:
		a = r.route.do(s, r)
	}
	a.limit = limit
	return a
}

// authorised finds the account behind a token, or the app.
func (s *Sim) authorised(r *http.Request, body []byte, now time.Time) (*Account, bool, *family) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return s.oauth1(r, body), false, nil
	}
	if token == s.opts.AppToken {
		return nil, true, nil
	}
	for _, a := range s.accounts {
		if a.Token == token && !s.revoked[a.ID] {
			return a, false, nil
		}
	}
	if f := s.bearer(token); f != nil && now.Before(f.until) && !s.revoked[f.account] {
		return s.accounts[f.account], false, f
	}
	return nil, false, nil
}

func (r *request) accountID() string {
	if r.account == nil {
		return ""
	}
	return r.account.ID
}

// write sends the answer, or what a fault left of it.
func (s *Sim) write(ctx context.Context, w http.ResponseWriter, a answer) {
	if a.refused || a.dropped {
		s.drop(w, a.refused)
		return
	}
	a.limit.write(w.Header())
	s.date(w.Header())
	if a.location != "" {
		w.Header().Set("Location", a.location)
		w.WriteHeader(a.status)
		return
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
		if a.status < 300 {
			out = s.drift().apply(out)
		}
	}
	if a.drip > 0 {
		drip(ctx, w, a, out)
		return
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

// drip writes an answer byte by byte.
func drip(ctx context.Context, w http.ResponseWriter, a answer, out []byte) {
	if d, ok := w.(*directWriter); ok {
		d.stream()
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(a.status)
	for i := range out {
		if _, err := w.Write(out[i : i+1]); err != nil || ctx.Err() != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		wait(ctx, a.drip)
	}
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

// date is X's clock as its answers show it.
func (s *Sim) date(h http.Header) { h.Set("Date", s.now().Format(http.TimeFormat)) }
