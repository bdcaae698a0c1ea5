package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/erasure"
)

// Forget is the body of a request to erase one user.
type Forget struct {
	By   string `json:"by"`
	User string `json:"user"`
	Bot  string `json:"bot,omitempty"` // "": every bot
	Dry  bool   `json:"dry,omitempty"` // count, and change nothing
}

// Receipt says what an erasure removed. It tells of nobody.
type Receipt struct {
	ID      string           `json:"id,omitempty"` // none of a dry run
	Bot     string           `json:"bot,omitempty"`
	By      string           `json:"by"`
	AskedAt time.Time        `json:"asked_at"`
	DoneAt  time.Time        `json:"done_at,omitzero"` // zero: it is under way
	Step    string           `json:"step,omitempty"`
	Removed map[string]int64 `json:"removed"` // by kind of record
	// Exports hold the user: a person has to remove them.
	Exports []Given `json:"exports,omitempty"`
}

// Receipts is a list of them.
type Receipts struct {
	Receipts []Receipt `json:"receipts"`
}

func receiptOf(e db.Erasure) (Receipt, error) {
	r := Receipt{ID: e.ID, Bot: e.Bot, By: e.By, AskedAt: e.AskedAt, DoneAt: e.DoneAt, Step: string(e.Step), Removed: map[string]int64{}}
	if e.Counts == "" {
		return r, nil
	}
	if err := json.Unmarshal([]byte(e.Counts), &r.Removed); err != nil {
		return r, fmt.Errorf("read the receipt of %s: %w", e.ID, err)
	}
	return r, nil
}

var errNoEraser = errors.New("nobody can be erased here")

// forget erases a user, and answers when it is done. What is begun goes on where
// the caller does not wait for it.
func (s *server) forget(r *http.Request) (any, error) {
	var in Forget
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	who := Change{By: in.By}
	if err := who.check(); err != nil && !(in.Dry && in.By == "") { // a dry run changes nothing
		return nil, err
	}
	switch {
	case s.Eraser == nil:
		return nil, errNoEraser
	case in.Bot != "" && !slices.Contains(s.Bots, in.Bot):
		return nil, badRequest(fmt.Sprintf("bot: one of %s, not %q", strings.Join(s.Bots, ", "), in.Bot))
	case !userID(in.User):
		return nil, badUser(in.User)
	}
	ask := erasure.Request{Bot: in.Bot, User: in.User, By: in.By}
	if in.Dry {
		actOf(r.Context()).did = "forget, a dry run"
		counts, err := s.Eraser.Dry(r.Context(), s.Now(), ask)
		if err != nil {
			return nil, err
		}
		plan := Receipt{Bot: in.Bot, By: in.By, AskedAt: s.Now().UTC(), Removed: counts}
		return &plan, s.Store.Read(r.Context(), func(tx db.Tx) (err error) {
			plan.Exports, err = s.exportsWith(tx, in.User)
			return err
		})
	}
	e, err := s.Eraser.Begin(r.Context(), s.Now(), ask)
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), in.By, "forget", "bot", in.Bot, "receipt", e.ID) // the log does not name whom
	s.Stir()
	if e, err = s.Eraser.Finish(r.Context(), s.Now, e.ID); err != nil {
		return nil, err
	}
	done, err := receiptOf(e)
	if err != nil {
		return nil, err
	}
	return &done, s.Store.Read(r.Context(), func(tx db.Tx) (err error) {
		done.Exports, err = recallsOf(tx, e.ID)
		return err
	})
}

func (s *server) receipts(r *http.Request) (any, error) {
	max, err := readMax(r)
	if err != nil {
		return nil, err
	}
	out := Receipts{Receipts: []Receipt{}}
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		all, err := tx.ListErasures(max)
		if err != nil {
			return err
		}
		for _, e := range all {
			one, err := receiptOf(e)
			if err == nil {
				one.Exports, err = recallsOf(tx, e.ID)
			}
			if err != nil {
				return err
			}
			out.Receipts = append(out.Receipts, one)
		}
		return nil
	})
	return out, err
}
