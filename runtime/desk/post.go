package desk

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/display"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/match"
)

// Form stands in every body.
const Form = "beckon.handoff/v1"

// Headers of a request to the desk.
const (
	HeaderSignature = "Beckon-Signature" // sha256= and the hex HMAC-SHA256 of the body, by the secret
	HeaderTimestamp = "Beckon-Timestamp" // of this attempt, in seconds; the body has it too, as sent
	HeaderKey       = "Idempotency-Key"  // the id of the handoff, or of the removal
)

// Handoff is what the desk reads. A program reads it, so that it has ids and no
// words of anybody's; a person reads those by `beckon conversations show`.
// X rule: by API or automation ids only (facts.md, read 2026-11-25)
type Handoff struct {
	Form        string `json:"form"`
	ID          string `json:"id"` // the same in every attempt
	Bot         string `json:"bot"`
	User        string `json:"user"` // X user id
	Interaction string `json:"interaction,omitempty"`
	Why         string `json:"why"`
	Link        string `json:"link"` // the post on X, or the conversation

	// Post is the post or DM that led to it, as it is shown (runtime/display); nil:
	// none did.
	Post *display.Post `json:"post,omitempty"`

	At      time.Time `json:"at"`
	Attempt int       `json:"attempt,omitempty"` // from 1; not on the bus
	Sent    int64     `json:"sent,omitempty"`    // of this attempt, in seconds since 1970: the signature covers it; not on the bus

	// Matches are the user's references outside of X, for the purposes that the desk
	// is configured for; never on the bus, which would keep them.
	Matches []match.Given `json:"matches,omitempty"`
}

// Sign is the signature of a body.
func Sign(secret, body []byte) string {
	m := hmac.New(sha256.New, secret)
	m.Write(body)
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

func handoff(n db.DeskNotice) Handoff {
	h := Handoff{
		Form: Form, ID: n.ID, Bot: n.Bot, User: n.User, Interaction: n.Interaction, Why: n.Why, Link: event.DMLink(n.User),
		At: n.At.UTC(),
	}
	noWords := "A desk is told no words: beckon conversations show " + n.Bot + " " + n.User
	switch {
	case n.Post != "":
		p := display.Unread(n.Post, n.User, noWords)
		h.Post, h.Link = &p, p.Link
	case n.Interaction != "":
		p := display.UnreadDM(n.Interaction, n.User, noWords)
		h.Post = &p
	}
	return h
}

// EventType is the CloudEvents type of a handoff on the bus.
const EventType = "beckon.handoff"

// Event is a handoff or a removal on its way to the bus.
type Event struct {
	ID, Type, Bot string
	User          string // "" of a removal
	At            time.Time
	Body          []byte // the Handoff or the Removal as JSON
}

// publish gives the bus something once.
func (t *Teller) publish(ctx context.Context, e Event, body any) (err error) {
	if e.Body, err = json.Marshal(body); err != nil {
		return err
	}
	if err := t.o.Publish(ctx, e); err != nil {
		return fmt.Errorf("the bus: %w", err)
	}
	return nil
}

// matches reads what the desk may know of the user, as it stands at this attempt.
func (t *Teller) matches(ctx context.Context, n db.DeskNotice, now time.Time) (out []match.Given, err error) {
	if len(t.o.Purposes) == 0 {
		return nil, nil
	}
	err = t.o.Store.Write(ctx, func(tx db.Tx) (err error) {
		out, err = match.Give(tx, n.Bot, n.User, "desk", t.o.Purposes, now)
		return err
	})
	return out, err
}

// maxRead is how much of an answer is read, so that the connection can be used
// again. What it says does not matter.
const maxRead = 64 << 10

// post tells the desk once. Its error names no address: that may hold a token.
func (t *Teller) post(ctx context.Context, id string, v any, now time.Time) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.o.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("desk.url is no address")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "beckon (handoffs)")
	req.Header.Set(HeaderSignature, Sign(t.o.Secret, body))
	req.Header.Set(HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(HeaderKey, id)
	resp, err := t.o.HTTP.Do(req)
	if err != nil {
		if u := (*neturl.Error)(nil); errors.As(err, &u) {
			err = u.Err
		}
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxRead)) // it was taken, whatever it says
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("the desk answered %d", resp.StatusCode)
	}
	return nil
}
