package ingest

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

var (
	errTooLarge = errors.New("body too large")
	errSlow     = errors.New("body too slow")
)

// isJSON reports whether the one content type is application/json, with any
// parameters.
func isJSON(h http.Header) bool {
	values := h["Content-Type"]
	if len(values) != 1 {
		return false
	}
	if values[0] == contentType {
		return true
	}
	t, _, err := mime.ParseMediaType(values[0])
	return err == nil && t == contentType
}

// read reads the body within its time and size.
func read(rw http.ResponseWriter, r *http.Request, limit *limit) (body []byte, err error) {
	const firstGuess = 64 << 10 // a claimed length costs memory only up to here
	if r.ContentLength <= maxBody {
		var buf bytes.Buffer
		buf.Grow(int(min(max(r.ContentLength, 0), firstGuess)) + bytes.MinRead)
		_, err = buf.ReadFrom(io.LimitReader(r.Body, maxBody+1))
		body = buf.Bytes()
	}
	switch {
	case err != nil && (limit.late.Load() || errors.Is(err, os.ErrDeadlineExceeded)):
		err = errSlow
	case err == nil && (r.ContentLength > maxBody || len(body) > maxBody):
		err = errTooLarge
	}
	if err != nil {
		rw.Header().Set("Connection", "close")
		return nil, err
	}
	limit.lift()
	return body, nil
}

// limit bounds the time for reading a body: by a deadline on the connection,
// or where the writer knows none, by closing the body under the reader.
type limit struct {
	conn  *http.ResponseController
	timer *time.Timer // nil where the connection has a deadline
	late  atomic.Bool // the timer has fired
}

func (w *Webhook) limit(rw http.ResponseWriter, r *http.Request) *limit {
	l := &limit{conn: http.NewResponseController(rw)}
	if err := l.conn.SetReadDeadline(time.Now().Add(w.opt.BodyTimeout)); err != nil {
		l.timer = time.AfterFunc(w.opt.BodyTimeout, func() {
			l.late.Store(true)
			_ = r.Body.Close() // its error is what the reader sees
		})
	}
	return l
}

// lift takes the limit off: left on, it would end the request's context while
// the bus stores.
func (l *limit) lift() {
	if l.timer != nil {
		l.timer.Stop()
		return
	}
	_ = l.conn.SetReadDeadline(time.Time{}) // fails only where the connection is gone, and the answer with it
}
