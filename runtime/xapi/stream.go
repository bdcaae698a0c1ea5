package xapi

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// OpenStream connects to the activity stream in the app's name. What was missed
// comes first: of the last backfill minutes (0 to 5), or, where start is not
// zero, from start on. The caller reads lines from the body and closes it.
func (c *Client) OpenStream(ctx context.Context, backfill int, start time.Time) (io.ReadCloser, error) {
	q := url.Values{}
	if start.IsZero() {
		if backfill > 0 {
			q.Set("backfill_minutes", strconv.Itoa(min(backfill, 5)))
		}
	} else {
		q.Set("start_time", start.UTC().Format(time.RFC3339))
	}
	body, _, err := c.Open(ctx, Request{Endpoint: ActivityStream, Method: http.MethodGet, Path: "/2/activity/stream", Query: q})
	return body, err
}

// Connection is an open connection to one of X's streams.
type Connection struct {
	ID          string    `json:"id"`
	Endpoint    string    `json:"endpoint_name"`
	ConnectedAt time.Time `json:"connected_at"`
	ClientIP    string    `json:"client_ip"`
}

// Connections lists the app's open connections to X's streams, at most 100.
func (c *Client) Connections(ctx context.Context) ([]Connection, error) {
	var out struct {
		Data []Connection `json:"data"`
	}
	err := c.Do(ctx, Request{
		Endpoint: ListConnections, Method: http.MethodGet, Path: "/2/connections",
		Query: url.Values{"status": {"active"}, "max_results": {"100"}, "connection.fields": {"id,endpoint_name,connected_at,client_ip"}},
	}, &out)
	return out.Data, err
}

// CloseConnections closes all of the app's connections to X's streams, other
// hosts' too, and returns how many.
func (c *Client) CloseConnections(ctx context.Context) (int, error) {
	var out struct {
		Data struct {
			Closed int `json:"successful_kills"`
		} `json:"data"`
	}
	err := c.Do(ctx, Request{Endpoint: CloseAllConnections, Method: http.MethodDelete, Path: "/2/connections/all"}, &out)
	return out.Data.Closed, err
}
