package admin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Export is the body by which a command tells of what it is about to give to
// somebody. The host keeps of Users, Items and Bots their keyed hashes, by which
// it finds the export when one of them has to be deleted.
type Export struct {
	By       string   `json:"by"`
	For      string   `json:"for"`
	What     string   `json:"what"`
	File     string   `json:"file,omitempty"`     // its name, without folders
	IDs      int64    `json:"ids,omitempty"`      // ids of X in it
	Hydrated int64    `json:"hydrated,omitempty"` // whole posts or users in it
	Users    []string `json:"users,omitempty"`    // ids of whom it holds, under pseudonyms too
	Items    []string `json:"items,omitempty"`    // ids of posts and DMs, likewise
	Bots     []string `json:"bots,omitempty"`
	ID       string   `json:"id,omitempty"` // of the answer; in a request: more of an export that is recorded
}

// Given is an export as the host knows it.
type Given struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	For  string    `json:"for"`
	What string    `json:"what"`
	File string    `json:"file,omitempty"`
	By   string    `json:"by"`
}

// Recall is an export that has to be removed.
type Recall struct {
	Given
	Cause string    `json:"cause"` // id of a duty or of a receipt
	DueAt time.Time `json:"due_at"`
	// DoneAt is when a person said that it is gone.
	DoneAt time.Time `json:"done_at,omitzero"`
}

func givenOf(r db.Redistribution) Given {
	return Given{ID: r.ID, At: r.At, For: r.Recipient, What: r.What, File: r.File, By: r.By}
}

// Marks are the keyed hashes of what an export holds. Whoever wipes an account
// asks for its exports, or for all.
func Marks(key event.Key, users, items, bots []string) (marks []string) {
	for what, ids := range map[db.DutyWhat][]string{db.DutyUser: users, db.DutyPost: items, db.DutyAccount: append(slices.Clip(bots), db.AllBots)} {
		for _, id := range ids {
			marks = append(marks, compliance.Hash(key, what, id))
		}
	}
	slices.Sort(marks)
	return slices.Compact(marks)
}

// recordExport records something that is about to leave, or refuses it.
func (s *server) recordExport(r *http.Request) (any, error) {
	var in Export
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	c := Change{By: in.By}
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := checkFile(in.File); err != nil {
		return nil, err
	}
	marks := Marks(s.Desk.Key, in.Users, in.Items, in.Bots)
	if in.ID != "" {
		return in, s.Store.Write(r.Context(), func(tx db.Tx) error {
			if _, err := tx.Redistribution(in.ID); err != nil {
				return err
			}
			return tx.PutExportMarks(in.ID, marks)
		})
	}
	if len(in.Users)+len(in.Items)+len(in.Bots) == 0 {
		marks = nil
	}
	id, err := audit.Give(r.Context(), s.Store, s.Now(), db.Redistribution{
		Recipient: in.For, What: in.What, File: in.File, IDs: in.IDs, Hydrated: in.Hydrated, By: in.By,
	}, marks...)
	if errors.Is(err, audit.ErrUnnamed) || errors.Is(err, audit.ErrCap) {
		return nil, badRequest(err.Error())
	}
	if err != nil {
		return nil, fmt.Errorf("record the export: %w", err)
	}
	s.did(r.Context(), c.By, "export", "export", id, "what", in.What, "ids", in.IDs, "objects", in.Hydrated)
	in.ID, in.Users, in.Items = id, nil, nil
	return in, nil
}

// checkFile refuses what is no name of a file.
func checkFile(name string) error {
	if len(name) > maxWhy || !plain(name) || strings.ContainsAny(name, `/\`) {
		return badRequest("file: a name of one line, without folders")
	}
	return nil
}

// exportGone takes a person's word that an export, and every copy, is removed.
func (s *server) exportGone(r *http.Request) (any, error) {
	c, err := readChange(r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	var out []Recall
	err = s.Store.Write(r.Context(), func(tx db.Tx) error {
		given, err := tx.Redistribution(id)
		if err != nil {
			return err
		}
		n, err := tx.EndRecalls(id, c.By, s.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			return Refusal{fmt.Errorf("nobody asks for export %s back", id)}
		}
		out = []Recall{{Given: givenOf(given), DoneAt: s.Now().UTC()}}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), c.By, "export removed", "export", id)
	return out[0], nil
}

// exportsWith lists what was given away of a user.
func (s *server) exportsWith(tx db.Tx, user string) ([]Given, error) {
	held, err := tx.ExportsWith(compliance.Hash(s.Desk.Key, db.DutyUser, user))
	out := make([]Given, len(held))
	for i, r := range held {
		out[i] = givenOf(r)
	}
	return out, err
}

// recallsOf lists what was asked back for a cause.
func recallsOf(tx db.Tx, cause string) ([]Given, error) {
	list, err := tx.RecallsOf(cause)
	if err != nil {
		return nil, err
	}
	all, err := recalls(tx, list)
	var out []Given
	for _, r := range all {
		out = append(out, r.Given)
	}
	return out, err
}

func recalls(tx db.Tx, list []db.Recall) (out []Recall, err error) {
	for _, r := range list {
		given, err := tx.Redistribution(r.Export)
		if err != nil {
			return nil, err
		}
		out = append(out, Recall{givenOf(given), r.Cause, r.DueAt, r.DoneAt})
	}
	return out, nil
}
