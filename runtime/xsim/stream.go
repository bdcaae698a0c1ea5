package xsim

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// maxStreams is how many activity streams X keeps open for an app.
const maxStreams = 2

// StreamFault is how an open activity stream goes wrong.
type StreamFault string

// Faults of streams. A connection that does not come about is a Fault with Op
// OpStream.
const (
	StreamDrop       StreamFault = "drop"       // the connection ends without a word
	StreamDisconnect StreamFault = "disconnect" // a line with operational-disconnect, then it ends
	StreamError      StreamFault = "error"      // a line with an error; it goes on
	StreamStall      StreamFault = "stall"      // neither events nor heartbeats any more; it stays open
	StreamTorn       StreamFault = "torn"       // half a line, then it ends
	StreamGarbage    StreamFault = "garbage"    // a line that is not JSON; it goes on
)

// connection is an activity stream that a client holds, or held.
type connection struct {
	id     string
	from   string // address of the client
	at     time.Time
	gone   time.Time // zero: open
	reason string

	lines   [][]byte      // to be written
	wake    chan struct{} // something changed
	stalled bool
	ends    bool // once the lines are written
}

func (c *connection) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// openStream takes a place among the streams; feed holds it.
func (s *Sim) openStream(r *request) answer {
	q := r.URL.Query()
	var from, to time.Time
	if b := q.Get("backfill_minutes"); b != "" {
		n, err := strconv.Atoi(b)
		if err != nil || n < 0 || n > 5 {
			return badRequest("backfill_minutes is 0 to 5")
		}
		if n > 0 {
			from = r.now.Add(-time.Duration(n) * time.Minute)
		}
	}
	for name, at := range map[string]*time.Time{"start_time": &from, "end_time": &to} {
		if v := q.Get(name); v != "" {
			t, err := time.Parse(time.RFC3339, v)
			if err != nil {
				return badRequest(name + " is no RFC 3339 time")
			}
			*at = t
		}
	}
	open := 0
	for _, c := range s.streams {
		if c.gone.IsZero() {
			open++
		}
	}
	if open >= maxStreams {
		return answer{status: http.StatusTooManyRequests, body: object{
			{"title", "ConnectionException"},
			{"detail", "This stream is currently at the maximum allowed connection limit."},
			{"connection_issue", "TooManyConnections"},
			{"type", "https://api.x.com/2/problems/streaming-connection"},
		}}
	}
	c := &connection{id: s.newID(r.now), from: r.RemoteAddr, at: r.now, wake: make(chan struct{}, 1)}
	if !from.IsZero() {
		for _, h := range s.history {
			if !h.at.Before(from) && (to.IsZero() || h.at.Before(to)) {
				c.lines = append(c.lines, s.streamed(h)...)
			}
		}
	}
	c.ends = !to.IsZero() && to.Before(r.now)
	s.streams = append(s.streams, c)
	return answer{status: http.StatusOK, stream: c, made: c.id}
}

// pour gives an event to every open stream, and tells how many there are.
func (s *Sim) pour(h happened) int {
	n := 0
	for _, c := range s.streams {
		if !c.gone.IsZero() {
			continue
		}
		n++
		c.lines = append(c.lines, s.streamed(h)...)
		c.poke()
	}
	return n
}

// feed writes lines as they come, and a heartbeat where none come.
func (s *Sim) feed(w http.ResponseWriter, r *http.Request, a answer) {
	c := a.stream
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.detach(c, "client closed")
	}()
	if d, ok := w.(*directWriter); ok {
		d.stream()
	}
	a.limit.write(w.Header())
	s.date(w.Header())
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w)
	if flush.Flush() != nil {
		return
	}
	beat := time.NewTimer(s.opts.Heartbeat)
	defer beat.Stop()
	for {
		s.mu.Lock()
		lines, stalled, over := c.lines, c.stalled, c.ends || !c.gone.IsZero()
		if !stalled {
			c.lines = nil
		}
		s.mu.Unlock()
		if !stalled {
			for _, l := range lines {
				if d := s.drift(); d.changes() {
					l = append(d.apply(bytes.TrimRight(l, "\r\n")), l[len(bytes.TrimRight(l, "\r\n")):]...)
				}
				if _, err := w.Write(l); err != nil {
					return
				}
			}
			if over {
				_ = flush.Flush()
				return
			}
			if len(lines) > 0 {
				if flush.Flush() != nil {
					return
				}
				beat.Reset(s.opts.Heartbeat)
			}
		} else if over {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-c.wake:
		case <-beat.C:
			s.mu.Lock()
			stalled = c.stalled
			s.mu.Unlock()
			if !stalled {
				if _, err := w.Write([]byte("\r\n")); err != nil || flush.Flush() != nil {
					return
				}
			}
			beat.Reset(s.opts.Heartbeat)
		}
	}
}

// detach ends a connection, once.
func (s *Sim) detach(c *connection, reason string) {
	if c.gone.IsZero() {
		c.gone, c.reason = s.now(), reason
		c.poke()
	}
}

// BreakStreams makes every open activity stream go wrong, and tells how many
// there were.
func (s *Sim) BreakStreams(how StreamFault) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.streams {
		if !c.gone.IsZero() {
			continue
		}
		switch how {
		case StreamDrop:
			s.detach(c, "dropped")
		case StreamDisconnect:
			c.lines = append(c.lines, line(object{{"errors", []object{{
				{"title", "operational-disconnect"}, {"disconnect_type", "UpstreamOperationalDisconnect"},
				{"detail", "This stream has been disconnected for operational reasons."},
				{"type", "https://api.x.com/2/problems/operational-disconnect"},
			}}}}))
			s.detach(c, "operational disconnect")
		case StreamError:
			c.lines = append(c.lines, line(object{{"errors", []object{{
				{"title", "Internal Error"}, {"detail", "An event could not be written."},
				{"type", "https://api.x.com/2/problems/internal-error"}, {"status", http.StatusInternalServerError},
			}}}}))
		case StreamStall:
			c.stalled = true
		case StreamTorn:
			c.lines = append(c.lines, []byte(`{"data":{"event_uuid":"12`))
			s.detach(c, "torn")
		case StreamGarbage:
			c.lines = append(c.lines, []byte("<html>Over capacity</html>\r\n"))
		default:
			return 0, fmt.Errorf("xsim: no stream fault %q", how)
		}
		n++
		c.poke()
	}
	if n == 0 {
		switch how {
		case StreamDrop, StreamDisconnect, StreamError, StreamStall, StreamTorn, StreamGarbage:
			return 0, errors.New("xsim: no stream is open")
		}
		return 0, fmt.Errorf("xsim: no stream fault %q", how)
	}
	return n, nil
}

func line(o object) []byte {
	b, err := marshal(o)
	if err != nil { // objects hold strings, numbers and objects only
		return nil
	}
	return append(b, '\r', '\n')
}

// streamed is an event as lines of the stream: one, or none where nothing is
// subscribed to it.
func (s *Sim) streamed(h happened) [][]byte {
	if !s.opts.Strict {
		return [][]byte{append(bytes.Clone(h.body), '\r', '\n')}
	}
	var lines [][]byte
	for _, sub := range s.subscriptions {
		if sub.covers(h) {
			lines = append(lines, append(sub.tagged(h), '\r', '\n'))
		}
	}
	return lines
}

// listConnections shows the streams that are open, or were.
func (s *Sim) listConnections(r *request) answer {
	want := r.URL.Query().Get("status")
	if want == "" {
		want = "active"
	}
	if want != "active" && want != "inactive" && want != "all" {
		return badRequest("status is active, inactive or all")
	}
	list := []object{}
	for _, c := range s.streams {
		if open := c.gone.IsZero(); open && want == "inactive" || !open && want == "active" {
			continue
		}
		o := object{{"id", c.id}, {"endpoint_name", "activity_stream"}, {"connected_at", stamp(c.at)}}
		if !c.gone.IsZero() {
			o = append(o, field{"disconnected_at", stamp(c.gone)}, field{"disconnect_reason", c.reason})
		}
		list = append(list, append(o, field{"client_ip", c.from}))
	}
	return answer{status: http.StatusOK, body: object{{"data", list}, {"meta", object{{"result_count", len(list)}}}}}
}

// closeConnections ends every stream of the app.
func (s *Sim) closeConnections(*request) answer {
	results := []object{}
	for _, c := range s.streams {
		if c.gone.IsZero() {
			s.detach(c, "closed by DELETE /2/connections/all")
			results = append(results, object{{"success", true}, {"uuid", c.id}})
		}
	}
	return answer{status: http.StatusOK, body: object{{"data", object{
		{"successful_kills", len(results)}, {"failed_kills", 0}, {"results", results},
	}}}}
}
