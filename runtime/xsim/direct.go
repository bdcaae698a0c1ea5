package xsim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"syscall"
)

// ErrDropped is what a client by Direct sees of a connection that closed
// without an answer.
var ErrDropped = errors.New("connection closed without an answer")

// Direct is a transport that calls a handler in this process, for tests on
// fake time, where sockets do not work. It reports to net/http/httptrace as
// net/http does, so that a client can tell a connection that never came about
// from an answer that was lost.
func Direct(h http.Handler) http.RoundTripper { return direct{h} }

type direct struct{ handler http.Handler }

// RoundTrip runs the handler in a goroutine of its own, which outlives a
// client that gives up, as a server would.
func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	trace := httptrace.ContextClientTrace(req.Context())
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(req.URL.Host)
	}
	in := req.Clone(req.Context())
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.ContentLength = int64(len(body))
	in.RequestURI = req.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:1"
	if in.Host == "" {
		in.Host = req.URL.Host
	}

	// A stream ends when its reader leaves, as a closed connection would end it.
	ctx, leave := context.WithCancel(req.Context())
	in = in.WithContext(ctx)
	w := &directWriter{header: http.Header{}, streams: make(chan struct{}), leave: leave}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if recover() != nil { // net/http closes the connection then, too
				w.drop(false)
			}
			w.end()
		}()
		d.handler.ServeHTTP(w, in)
	}()
	var err error
	select {
	case <-done:
		if w.refused {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
	case <-w.streams:
	case <-req.Context().Done():
		err = req.Context().Err()
	}
	connected(trace)
	if err != nil {
		return nil, err
	}
	return w.response(req)
}

// connected tells the trace that the whole request was written.
func connected(trace *httptrace.ClientTrace) {
	if trace == nil {
		return
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
}

// directWriter collects an answer.
type directWriter struct {
	header http.Header

	mu      sync.Mutex
	sent    http.Header // as it stood when the status was written
	status  int
	body    bytes.Buffer
	dropped bool
	refused bool

	streams chan struct{} // closed when the head of a stream is written
	pipe    *io.PipeWriter
	out     *io.PipeReader
	leave   context.CancelFunc
}

// stream makes the answer one that is read while it is written: the client has
// it as soon as the head is there.
func (w *directWriter) stream() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out, w.pipe = io.Pipe()
}

// end closes a stream; a dropped one ends in the middle.
func (w *directWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pipe == nil {
		w.leave()
		return
	}
	err := io.EOF
	if w.dropped {
		err = io.ErrUnexpectedEOF
	}
	_ = w.pipe.CloseWithError(err)
}

// streamBody tells the handler when its reader leaves.
type streamBody struct {
	*io.PipeReader
	leave context.CancelFunc
}

func (b streamBody) Close() error {
	b.leave()
	return b.PipeReader.Close()
}

func (w *directWriter) Header() http.Header { return w.header }

func (w *directWriter) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(status)
}

func (w *directWriter) writeHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
		if w.pipe != nil {
			close(w.streams)
		}
	}
}

func (w *directWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.writeHeader(http.StatusOK)
	pipe := w.pipe
	if pipe == nil {
		defer w.mu.Unlock()
		return w.body.Write(b)
	}
	w.mu.Unlock() // the reader may take its time
	return pipe.Write(b)
}

// Flush does nothing: an answer goes out whole, a stream as it is written.
func (w *directWriter) Flush() {}

func (w *directWriter) drop(refused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dropped, w.refused = true, refused
}

// response is called after the handler has returned.
func (w *directWriter) response(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dropped {
		return nil, ErrDropped
	}
	w.writeHeader(http.StatusOK)
	if w.out != nil {
		return &http.Response{
			Status: http.StatusText(w.status), StatusCode: w.status,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: w.sent, Body: streamBody{w.out, w.leave}, ContentLength: -1, Request: req,
		}, nil
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(bytes.NewReader(w.body.Bytes())),
		ContentLength: int64(w.body.Len()), Request: req,
	}, nil
}
