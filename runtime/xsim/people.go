package xsim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// people serves the pages for people; the package comment lists them.
func (s *Sim) people(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sim/seen", func(w http.ResponseWriter, _ *http.Request) {
		s.show(w, http.StatusOK, object{{"calls", s.Seen()}, {"posts", s.Posts()}, {"dms", s.DMs()}})
	})
	mux.HandleFunc("POST /_sim/fault", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		if !s.read(w, r, &f) {
			return
		}
		if err := s.Fault(f); err != nil {
			s.complain(w, err)
			return
		}
		s.show(w, http.StatusOK, object{{"fault", string(f.Kind)}})
	})
	mux.HandleFunc("POST /_sim/raw", func(w http.ResponseWriter, r *http.Request) { s.pass(w, r, s.Sign) })
	mux.HandleFunc("POST /_sim/forge", func(w http.ResponseWriter, r *http.Request) {
		s.pass(w, r, func(body []byte) string { return s.Sign(append(bytes.Clone(body), ' ')) })
	})
	mux.HandleFunc("POST /_sim/{act}", func(w http.ResponseWriter, r *http.Request) {
		var a Act
		if !s.read(w, r, &a) {
			return
		}
		a.Kind = Kind(r.PathValue("act"))
		done, err := s.Do(a)
		if err != nil {
			s.complain(w, err)
			return
		}
		o := object{{"id", done.ID}, {"events", len(done.Bodies)}}
		if err := s.Deliver(r.Context(), done.Bodies...); err != nil {
			s.show(w, http.StatusBadGateway, append(o, field{"error", err.Error()}))
			return
		}
		s.show(w, http.StatusOK, o)
	})
}

// pass posts a body to the webhook as it is, and shows the status.
func (s *Sim) pass(w http.ResponseWriter, r *http.Request, sign func([]byte) string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20))
	if err != nil {
		s.complain(w, err)
		return
	}
	status, err := s.DeliverAs(r.Context(), body, sign(body))
	if err != nil {
		s.show(w, http.StatusBadGateway, object{{"error", err.Error()}})
		return
	}
	s.show(w, http.StatusOK, object{{"webhook", status}})
}

// read decodes what a person sent; a wrong key is told, not ignored. curl -d
// sends another content type, so any will do.
func (s *Sim) read(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		s.complain(w, err)
		return false
	}
	return true
}

func (s *Sim) complain(w http.ResponseWriter, err error) {
	s.show(w, http.StatusBadRequest, object{{"error", err.Error()}})
}

func (s *Sim) show(w http.ResponseWriter, status int, o object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	b, err := marshal(o)
	if err != nil {
		s.opts.Log.Error("page cannot be written as JSON", "err", err)
		return
	}
	if _, err := w.Write(append(b, '\n')); err != nil {
		s.opts.Log.Debug("client left", "err", err)
	}
}
