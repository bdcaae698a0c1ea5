package xsim

import (
	"errors"
	"io"
	"net/http"
)

// people serves the pages for people; the README lists them.
func (s *Sim) people(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sim/seen", func(w http.ResponseWriter, _ *http.Request) {
		s.show(w, http.StatusOK, object{{"calls", s.Seen()}, {"posts", s.Posts()}, {"dms", s.DMs()}})
	})
	mux.HandleFunc("GET /_sim/usage", func(w http.ResponseWriter, _ *http.Request) {
		s.show(w, http.StatusOK, object{{"usage", s.Usage()}})
	})
	mux.HandleFunc("POST /_sim/{command}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20))
		if err != nil {
			s.show(w, http.StatusBadRequest, object{{"error", err.Error()}})
			return
		}
		o, err := s.command(r.Context(), r.PathValue("command"), body, s.now())
		status := http.StatusOK
		if err != nil {
			status = http.StatusBadRequest
			var d *deliveryError
			if errors.As(err, &d) {
				status = http.StatusBadGateway
			}
			o = append(o, field{"error", err.Error()})
		}
		s.show(w, status, o)
	})
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
