package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// healthWithin is how long the database may take to answer a probe.
const healthWithin = 5 * time.Second

// health says that the process lives and the database answers.
func (s *server) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), healthWithin)
	defer cancel()
	probe(w, s.Store.Read(ctx, func(tx db.Tx) error {
		_, err := tx.Switch(db.AllBots)
		return err
	}))
}

// readiness says whether the host takes events now.
func (s *server) readiness(w http.ResponseWriter, _ *http.Request) { probe(w, s.Ready()) }

func probe(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintln(w, "ok")
}
