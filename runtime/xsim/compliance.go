package xsim

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// compliance is a batch compliance job.
type compliance struct {
	id, name, kind string
	resumable      bool
	created        time.Time
	uploaded       time.Time
	polls          int // since the upload
	fails          bool
	base           string // of its addresses
	lines          []byte // the answer
}

const (
	uploadLife   = 15 * time.Minute
	downloadLife = 7 * window24
)

// status is what a poll sees: the first one after the upload finds the job at
// work, the next one its end.
func (c *compliance) status(now time.Time) string {
	switch {
	case c.uploaded.IsZero() && now.Sub(c.created) >= uploadLife, !c.uploaded.IsZero() && now.Sub(c.created) >= downloadLife:
		return "expired"
	case c.uploaded.IsZero():
		return "created"
	case c.polls < 2:
		return "in_progress"
	case c.fails:
		return "failed"
	}
	return "complete"
}

func (c *compliance) wire(now time.Time) object {
	o := object{
		{"id", c.id}, {"type", c.kind}, {"status", c.status(now)}, {"resumable", c.resumable}, {"created_at", stamp(c.created)},
		{"upload_url", c.base + "/upload"}, {"upload_expires_at", stamp(c.created.Add(uploadLife))},
		{"download_url", c.base + "/download"}, {"download_expires_at", stamp(c.created.Add(downloadLife))},
	}
	if c.name != "" {
		o = append(o, field{"name", c.name})
	}
	return o
}

func (s *Sim) createCompliance(r *request) answer {
	var in struct {
		Type      string `json:"type"`
		Name      string `json:"name"`
		Resumable bool   `json:"resumable"`
	}
	if err := strict(r, &in); err != nil {
		return badRequest(err.Error())
	}
	switch {
	case in.Type != "tweets" && in.Type != "users":
		return badRequest("type is tweets or users")
	case len([]rune(in.Name)) > 64:
		return badRequest("name has at most 64 characters")
	}
	for _, c := range s.compliance {
		if st := c.status(r.now); c.kind == in.Type && (st == "created" || st == "in_progress") {
			return refuse(http.StatusConflict, "", "One job of a type can run at a time.")
		}
	}
	c := &compliance{id: s.newID(r.now), name: in.Name, kind: in.Type, resumable: in.Resumable, created: r.now}
	// The address is the right to use it, as on X.
	c.base = fmt.Sprintf("http://%s/_storage/%s-%016x", r.Host, c.id, sum(s.opts.Seed, "compliance", c.id))
	if s.failCompliance > 0 {
		s.failCompliance--
		c.fails = true
	}
	s.compliance = append(s.compliance, c)
	return answer{status: http.StatusOK, made: c.id, body: object{{"data", c.wire(r.now)}}}
}

func (s *Sim) complianceByID(r *request) answer {
	for _, c := range s.compliance {
		if c.id == r.PathValue("id") {
			if !c.uploaded.IsZero() {
				c.polls++
			}
			return answer{status: http.StatusOK, body: object{{"data", c.wire(r.now)}}}
		}
	}
	return answer{status: http.StatusNotFound, body: notFound("compliance_job", r.PathValue("id"))}
}

func (s *Sim) listCompliance(r *request) answer {
	q := r.URL.Query()
	if kind := q.Get("type"); kind != "tweets" && kind != "users" {
		return badRequest("type is tweets or users")
	}
	list := []object{}
	for _, c := range s.compliance {
		if st := c.status(r.now); c.kind == q.Get("type") && (q.Get("status") == "" || q.Get("status") == st) {
			list = append(list, c.wire(r.now))
		}
	}
	return answer{status: http.StatusOK, body: object{{"data", list}, {"meta", object{{"result_count", len(list)}}}}}
}

// FailCompliance makes the next n compliance jobs end as failed.
func (s *Sim) FailCompliance(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failCompliance = n
}

// storage serves the addresses of compliance jobs: no token, the address is
// the right.
func (s *Sim) storage(mux *http.ServeMux) {
	find := func(w http.ResponseWriter, r *http.Request, life time.Duration) *compliance {
		for _, c := range s.compliance {
			if strings.HasSuffix(c.base, "/_storage/"+r.PathValue("job")) {
				if s.now().Sub(c.created) < life {
					return c
				}
				http.Error(w, "the address has expired", http.StatusForbidden)
				return nil
			}
		}
		http.NotFound(w, r)
		return nil
	}
	mux.HandleFunc("PUT /_storage/{job}/upload", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 32<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		c := find(w, r, uploadLife)
		switch {
		case c == nil:
		case !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain"):
			http.Error(w, "content-type must be text/plain", http.StatusBadRequest)
		case !c.uploaded.IsZero() && !c.resumable:
			http.Error(w, "uploaded already", http.StatusConflict)
		default:
			c.uploaded, c.polls = s.now(), 0
			c.lines = s.judged(c, string(body))
		}
	})
	mux.HandleFunc("GET /_storage/{job}/download", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		c := find(w, r, downloadLife)
		switch {
		case c == nil:
		case c.status(s.now()) != "complete":
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(c.lines) // a client that left may come again
		}
	})
}

// judged is a line for each id that is not as it was; an id that is absent is
// still valid.
func (s *Sim) judged(c *compliance, ids string) []byte {
	var out []byte
	for id := range strings.FieldsSeq(ids) {
		reason, made := "", s.now()
		since, ok := s.redacted[id]
		author := id
		if c.kind == "tweets" {
			p := s.posts[id]
			if p == nil || p.Deleted {
				reason = "deleted"
			}
			if p != nil {
				author, made = p.Author, p.At
			}
			if at, gone := s.redacted[author]; !ok && gone {
				since, ok = at, true
			}
			if reason == "" && s.scrubbed[id] {
				reason = "scrub_geo"
			}
		}
		u, known := s.users[author]
		switch {
		case reason != "":
		case c.kind == "users" && !known:
			reason = "deleted"
		case u.Gone && c.kind == "users":
			reason = "deactivated"
		case u.Gone:
			reason = "deleted"
		case u.Suspended:
			reason = "suspended"
		case u.Protected:
			reason = "protected"
		default:
			continue
		}
		if !ok {
			since = c.uploaded
		}
		b, err := marshal(object{
			{"id", id}, {"action", "delete"}, {"created_at", stamp(made)}, {"redacted_at", stamp(since)}, {"reason", reason},
		})
		if err != nil { // objects hold strings only
			return nil
		}
		out = append(append(out, b...), '\n')
	}
	return out
}
