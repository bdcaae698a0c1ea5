package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/match"
)

const (
	maxBody  = 16 << 10
	maxBulk  = 4 << 20 // of many rows
	maxName  = 64      // bytes of an operator's name
	maxWhy   = 500     // bytes of a reason
	maxList  = 10_000
	someList = 100 // where a request does not say how many
)

// badRequest is a request that is wrong in itself.
type badRequest string

func (e badRequest) Error() string { return string(e) }

// forbidden is what the operator's role does not allow.
type forbidden string

func (e forbidden) Error() string { return string(e) }

// answer serves what fn returns as JSON.
type answer func(r *http.Request) (any, error)

func (fn answer) ServeHTTP(w http.ResponseWriter, r *http.Request) { fn.serve(w, r, maxBody) }

func (fn answer) serve(w http.ResponseWriter, r *http.Request, limit int64) {
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	v, err := fn(r)
	if err != nil {
		refuse(w, status(err), err.Error())
		return
	}
	write(w, http.StatusOK, v)
}

func status(err error) int {
	switch {
	case errors.As(err, new(badRequest)), errors.Is(err, match.ErrForm):
		return http.StatusBadRequest
	case errors.As(err, new(forbidden)):
		return http.StatusForbidden
	case errors.Is(err, db.ErrNotFound):
		return http.StatusNotFound
	case action.Judged(err), errors.Is(err, action.ErrPart), errors.Is(err, action.ErrWithNobody), errors.Is(err, action.ErrNotWaiting), errors.Is(err, action.ErrNotUnknown), errors.Is(err, db.ErrStale), errors.Is(err, match.ErrBasis), errors.Is(err, action.ErrOldConsent), errors.Is(err, ErrUnusable), errors.As(err, new(Refusal)):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

func refuse(w http.ResponseWriter, code int, why string) {
	write(w, code, map[string]string{"error": why})
}

func write(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		code, b = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(append(b, '\n')) // an error means that nobody reads any more
}

// Change is the body of a request that changes something.
type Change struct {
	By     string `json:"by"`             // operator's name, required (O2)
	Why    string `json:"why,omitempty"`  // for those who look later
	User   string `json:"user,omitempty"` // X user id, of an opt-out
	Paused *bool  `json:"paused,omitempty"`
	Sent   *bool  `json:"sent,omitempty"`      // of an unknown outcome: whether X has it
	Remote string `json:"remote_id,omitempty"` // X's id of it, where it was looked up

	Text      string `json:"text,omitempty"`      // of an edit; never logged
	Rewritten bool   `json:"rewritten,omitempty"` // of an edit: nothing that a model wrote is left
}

// readChange reads a body and refuses what no operator means.
func readChange(r *http.Request) (Change, error) {
	var c Change
	if err := readBody(r, &c); err != nil {
		return c, err
	}
	err := c.check()
	return c, err
}

func readBody(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badRequest(fmt.Sprintf("the body is no JSON of this form: %v", err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest("the body goes on after its JSON")
	}
	return nil
}

func (c *Change) check() error {
	c.By, c.Why = strings.TrimSpace(c.By), strings.TrimSpace(c.Why)
	switch {
	case c.By == "":
		return badRequest("by: say who does it")
	case len(c.By) > maxName || !plain(c.By):
		return badRequest(fmt.Sprintf("by: a name of one line and at most %d bytes", maxName))
	case len(c.Why) > maxWhy || !plain(c.Why):
		return badRequest(fmt.Sprintf("why: a reason of one line and at most %d bytes", maxWhy))
	}
	return nil
}

func plain(s string) bool { return !strings.ContainsFunc(s, unicode.IsControl) }

// readMax reads how many rows a list may have.
func readMax(r *http.Request) (int, error) {
	v := r.FormValue("max")
	if v == "" {
		return someList, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxList {
		return 0, badRequest(fmt.Sprintf("max: a number from 1 to %d, not %q", maxList, v))
	}
	return n, nil
}

// did logs a change that was made (O2).
func (s *server) did(ctx context.Context, by, what string, attrs ...any) {
	s.Log.InfoContext(ctx, "operator", append([]any{"by", by, "did", what}, attrs...)...)
}
