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

// classify says what an exchange means as far as its status tells (A3, and I3
// of the action log): nil where X says success and the answer was read whole,
// else an Error with its class. callErr is what the caller of the exchange got;
// it matters only where no request went out.
//
// The classes that a sender may try again (transient, rate_limited, auth) are
// given only where X surely did nothing; every doubt is unknown_outcome.
func classify(op string, x *exchange, callErr error, now time.Time) *Error {
	e := &Error{Op: op, Status: x.status}
	switch {
	case x.unsigned:
		e.Class, e.Err = event.Auth, errToken
	case !x.ran:
		e.Class, e.Err = event.Bug, callErr // the request could not be built
	case x.untouched():
		e.Class, e.Err = event.Transient, x.err
	case x.status == 0:
		e.Class, e.Err = event.UnknownOutcome, x.err
	case x.status >= 200 && x.status < 300:
		if x.err == nil {
			return nil
		}
		e.Class, e.Err = event.UnknownOutcome, x.err
	default:
		p := parseProblem(x.body)
		e.Type, e.Detail, e.Err = p.kind, p.detail, x.err
		e.Class = classOf(x.status, p.kind)
		if e.Class == event.RateLimited {
			e.RetryAt = retryAt(x.header, now)
		}
	}
	return e
}

// classOf is the table of X's refusals. X documents no type for most of them
// (duplicate, not summoned, blocked), so the status decides.
func classOf(status int, problem string) event.Class {
	switch {
	case status >= 400 && status < 500 && problem == "usage-capped":
		return event.UsageCapped // whatever the status: waiting does not help
	case status >= 400 && status < 500 && problem == "streaming-connection":
		return event.Refused // also a 429, of which no rate window is the cause
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

// answer is what every success of X looks like.
type answer struct {
	Data   json.RawMessage   `json:"data"`
	Errors []json.RawMessage `json:"errors"`
}

func (a answer) empty() bool { return len(a.Data) == 0 || string(a.Data) == "null" }

// wrote judges the success of a call that changes something. What X says that
// it made is success, even with errors beside it: it is there. Well-formed
// problems and no data are a refusal in words (facts.md: "a failure"), but never
// of a class that is tried again, because the status says done; an internal
// error among them stays unknown, as does everything that cannot be read.
func wrote(e *Error, body []byte, made func(data json.RawMessage) (said, done bool)) *Error {
	var a answer
	if json.Unmarshal(body, &a) != nil {
		e.Err = errNotJSON
		return e
	}
	said, done := made(a.Data)
	switch {
	case done:
		return nil
	case said:
		e.Class, e.Err = event.Refused, errNotDone
		return e
	case len(a.Errors) == 0 || !a.empty():
		e.Err = errNoID
		return e
	}
	if told(e, body) {
		if e.Class = event.Refused; e.Type == "resource-not-found" {
			e.Class = event.Gone
		}
	}
	return e
}

// read judges the success of a call and decodes it. Problems without data have
// the class that they would have by their status; a read harms nobody, so they
// may be tried again where that class may.
func read(e *Error, method string, body []byte, into any) *Error {
	if len(body) == 0 && into == nil {
		return nil
	}
	var a answer
	if json.Unmarshal(body, &a) != nil {
		e.Err = errNotJSON
		return e
	}
	if len(a.Errors) > 0 && a.empty() {
		if told(e, body) {
			e.Class = classTold(e.Type, parseProblem(body).status, method)
		}
		return e
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		e.Err = errShape
		return e
	}
	return nil
}

// told puts X's words into e and reports whether they are a definite no.
func told(e *Error, body []byte) bool {
	p := parseProblem(body)
	e.Type, e.Detail = p.kind, p.detail
	return p.said() && p.kind != "internal-error" && p.kind != "resource-unavailable" && p.status < 500
}

// classTold is the class of a problem that came under a success.
func classTold(kind string, status int, method string) event.Class {
	switch {
	case kind == "usage-capped":
		return event.UsageCapped
	case kind == "resource-not-found":
		return event.Gone
	case method == http.MethodGet && status >= 400:
		if c := classOf(status, kind); c != event.RateLimited { // its reset is not known
			return c
		}
	}
	return event.Refused
}

// madeID reads the id of what was made, under the given name; it must be there
// as a string.
func madeID(name string, id *string) func(json.RawMessage) (bool, bool) {
	return func(data json.RawMessage) (said, done bool) {
		var made map[string]any
		if len(data) == 0 || json.Unmarshal(data, &made) != nil {
			return false, false
		}
		s, _ := made[name].(string)
		*id = strings.TrimSpace(s)
		return false, *id != ""
	}
}

// nowTrue wants one of the flags to be true: X gives likes and the like no id of
// their own. All of them false is X's word that it did not.
func nowTrue(names ...string) func(json.RawMessage) (bool, bool) {
	return flags(true, names...)
}

// nowFalse is the same for calls that take something back.
func nowFalse(names ...string) func(json.RawMessage) (bool, bool) {
	return flags(false, names...)
}

func flags(want bool, names ...string) func(json.RawMessage) (bool, bool) {
	return func(data json.RawMessage) (said, done bool) {
		var is map[string]any
		if len(data) == 0 || json.Unmarshal(data, &is) != nil {
			return false, false
		}
		for _, name := range names {
			v, ok := is[name].(bool)
			said = said || ok
			done = done || ok && v == want
		}
		return said, done
	}
}
