package xapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	twitter "github.com/g8rswimmer/go-twitter/v2"

	"github.com/beckon-bot/beckon/runtime/event"
)

// maxIDs is how many posts or users X looks up in one call (openapi.json, read
// 2026-11-25).
const maxIDs = 100

var (
	errIDs    = errors.New("want 1 to 100 ids of X's")
	errID     = errors.New("id is none of X's")
	errHandle = errors.New("handle is none of X's")
	errEmpty  = errors.New("a success without data")
)

// Missing is an id that X gave nothing for, and why.
type Missing struct {
	ID     string
	Type   string // X's problem type: resource-not-found, not-authorized-for-resource …
	Detail string // X's words
}

// Gone reports whether it is not on X any more, or never was, as opposed to not
// shown to us.
func (m Missing) Gone() bool { return m.Type == "resource-not-found" }

// missing reads the problems beside data.
func missing(problems []json.RawMessage) []Missing {
	var list []Missing
	for _, raw := range problems {
		var m struct {
			Value      any    `json:"value"` // X writes ids as strings here; a number would be none
			ResourceID string `json:"resource_id"`
		}
		_ = json.Unmarshal(raw, &m)
		p := parseProblem(raw)
		id, _ := m.Value.(string)
		if !IsID(id) {
			id = m.ResourceID
		}
		list = append(list, Missing{ID: id, Type: p.kind, Detail: p.detail})
	}
	return list
}

// fetch is Do by go-twitter, whose own decoding counts for nothing: it knows
// neither affiliation nor note_tweet.
func (c *Client) fetch(ctx context.Context, op string, as As, method string,
	call func(context.Context, *twitter.Client) error, into any,
) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, e := c.run(ctx, op, as, c.byLibrary(call), func(e *Error, x *exchange) *Error {
		return read(e, method, x.body, into)
	})
	return c.note(ctx, as, op, e)
}

// invalid is the error for what is refused before a call.
func invalid(op string, err error) error {
	return &Error{Op: op, Class: event.Bug, Err: err}
}

// lookup reads several resources by their ids.
func (c *Client) lookup(ctx context.Context, op string, as As, path string, q url.Values, ids []string, into any) error {
	if len(ids) == 0 || len(ids) > maxIDs || slices.ContainsFunc(ids, func(id string) bool { return !IsID(id) }) {
		return invalid(op, errIDs)
	}
	q.Set("ids", strings.Join(ids, ","))
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, e := c.run(ctx, op, as, func(ctx context.Context, x *exchange) error {
		return c.request(ctx, x, Request{Method: http.MethodGet, Path: path, Query: q})
	}, func(e *Error, x *exchange) *Error {
		failed := read(e, http.MethodGet, x.body, into)
		if failed != nil && allMissing(x.body, ids) {
			_ = json.Unmarshal(x.body, into) // its problems
			return nil                       // the answer is that none of them is there
		}
		return failed
	})
	return c.note(ctx, as, op, e)
}

// allMissing reports whether an answer without data has a problem about each id
// that was asked for.
func allMissing(body []byte, ids []string) bool {
	var a answer
	if json.Unmarshal(body, &a) != nil || !a.empty() {
		return false
	}
	told := missing(a.Errors)
	return !slices.ContainsFunc(ids, func(id string) bool {
		return !slices.ContainsFunc(told, func(m Missing) bool { return m.ID == id })
	})
}

// moment reads X's times; zero if it is none.
func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// meta is what stands beside a page.
type meta struct {
	Next string `json:"next_token"`
}

// resources are the ids of what an answer gave; one without an id is "".
func resources(body []byte) []string {
	var many struct {
		Data []json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &many) != nil { // one, not a list
		var one struct {
			Data json.RawMessage `json:"data"`
		}
		if json.Unmarshal(body, &one) != nil || len(one.Data) == 0 {
			return nil
		}
		many.Data = []json.RawMessage{one.Data}
	}
	ids := make([]string, len(many.Data))
	for i, raw := range many.Data {
		var r struct {
			ID   string `json:"id"`
			Data struct {
				ID string `json:"id"`
			} `json:"data"` // wrapped twice, as read allows
		}
		_ = json.Unmarshal(raw, &r)
		ids[i] = cmp.Or(r.ID, r.Data.ID)
	}
	return ids
}
