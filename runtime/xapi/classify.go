package xapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Without a usable reset in a 429, X's common window is waited out.
const (
	fallbackWait = 15 * time.Minute
	maxWait      = 25 * time.Hour // X's longest window is 24 h; what lies beyond is garbage
)

// classify says what an exchange means (A3, and I3 of the action log): X's id
// on success, else an Error with its class. callErr is what the caller of the
// exchange got; it matters only where no request went out.
//
// The classes that a sender may try again (transient, rate_limited, auth) are
// given only where X surely did nothing; every doubt is unknown_outcome.
func classify(op string, x *exchange, callErr error, now time.Time) (id string, err *Error) {
	e := &Error{Op: op, Status: x.status}
	switch {
	case !x.ran:
		e.Class, e.Err = event.Bug, callErr // the request could not be built
	case x.untouched():
		e.Class, e.Err = event.Transient, x.err
	case x.status == 0:
		e.Class, e.Err = event.UnknownOutcome, x.err
	case x.status >= 200 && x.status < 300:
		return classifySuccess(e, op, x)
	default:
		p := parseProblem(x.body)
		e.Type, e.Detail, e.Err = p.kind, p.detail, x.err
		e.Class = classOf(x.status, p.kind)
		if e.Class == event.RateLimited {
			e.RetryAt = retryAt(x.header, now)
		}
	}
	return "", e
}

// classOf is the table of X's refusals. X documents no type for most of them
// (duplicate, not summoned, blocked), so the status decides.
func classOf(status int, problem string) event.Class {
	switch {
	case status >= 400 && status < 500 && problem == "usage-capped":
		return event.UsageCapped // whatever the status: waiting does not help
	case status == http.StatusUnauthorized:
		return event.Auth
	case status == http.StatusPaymentRequired:
		return event.UsageCapped
	case status == http.StatusForbidden:
		return event.Refused
	case status == http.StatusNotFound, status == http.StatusGone:
		return event.Gone
	case status == http.StatusTooManyRequests:
		return event.RateLimited
	case status == http.StatusRequestTimeout:
		return event.UnknownOutcome // something between us and X gave up half way
	case status >= 400 && status < 500:
		return event.Bug
	}
	// 5xx by I3. X documents no redirect and no other status: who knows what
	// stood behind it.
	return event.UnknownOutcome
}

// classifySuccess reads a 2xx. An id is success, even with errors beside it:
// the post is there. Well-formed problems and no data are a refusal in words
// (facts.md: "a failure"), but never of a class that is tried again, because
// the status says done; an internal error among them stays unknown, as does
// everything that cannot be read.
func classifySuccess(e *Error, op string, x *exchange) (id string, err *Error) {
	e.Class = event.UnknownOutcome
	if e.Err = x.err; e.Err != nil {
		return "", e
	}
	var answer struct {
		Data   json.RawMessage   `json:"data"`
		Errors []json.RawMessage `json:"errors"`
	}
	if e.Err = json.Unmarshal(x.body, &answer); e.Err != nil {
		e.Err = errNotJSON
		return "", e
	}
	if id := idOf(op, answer.Data); id != "" {
		return id, nil
	}
	if p := parseProblem(x.body); len(answer.Errors) > 0 && (answer.Data == nil || string(answer.Data) == "null") {
		e.Type, e.Detail = p.kind, p.detail
		if p.said() && p.kind != "internal-error" && p.kind != "resource-unavailable" && p.status < 500 {
			e.Class = event.Refused
		}
		return "", e
	}
	e.Err = errNoID
	return "", e
}

// idOf reads the id of what was made; "" if it is not there as a string.
func idOf(op string, data json.RawMessage) string {
	var made struct {
		ID   any `json:"id"`
		DMID any `json:"dm_event_id"`
	}
	if len(data) == 0 || json.Unmarshal(data, &made) != nil {
		return ""
	}
	v := made.ID
	if op == SendDM {
		v = made.DMID
	}
	id, _ := v.(string)
	return strings.TrimSpace(id)
}
