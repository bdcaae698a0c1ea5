package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Fate answers why a bot did not answer a post or a DM.
type Fate struct {
	State   FateState `json:"state"`
	Say     string    `json:"say"`
	Actions []Action  `json:"actions,omitempty"` // what came of it, newest first
}

// FateState is where a post or DM stands.
type FateState string

// The states.
const (
	FateDecided FateState = "decided" // the decisions say it
	FateAsked   FateState = "asked"   // a handler outside of the host has not answered yet
	FateWaiting FateState = "waiting" // its event is on the bus, and was not taken in yet
	FateDead    FateState = "dead"    // its event could not be used
	FateGone    FateState = "gone"    // it is gone from X, or had to be deleted
	FateTaken   FateState = "taken"   // it was taken in, and no decision about it is kept
	FateNever   FateState = "never"   // no event about it ever came, as far as anybody can tell
)

// early is how far the host's clock may be behind X's.
const early = time.Hour

// decisionsOn lists the decisions on one post or DM, and says what became of it.
func (s *server) decisionsOn(ctx context.Context, f db.DecisionFilter, post string, most int, denied bool) (any, error) {
	if !userID(post) { // ids of all things have one form
		return nil, badRequest(fmt.Sprintf("post: X's id of a post or DM, which is digits, not %q", post))
	}
	if at, ok := event.Snowflake(post); ok && f.Since.IsZero() && at.Before(s.Now()) {
		f.Since = at.Add(-early) // nothing was decided before it was written
	}
	out := Decisions{Decisions: []Decided{}, Post: &Fate{}}
	var acts []conversation.Interaction
	err := s.Store.Read(ctx, func(tx db.Tx) (err error) {
		if acts, err = tx.ActsWith(post); err != nil {
			return err
		}
		acts = slices.DeleteFunc(acts, func(i conversation.Interaction) bool { return f.Bot != "" && i.Bot != f.Bot })
		keys := []string{post}
		for _, i := range acts { // an edited post is known by its first id
			if !slices.Contains(keys, i.Key) {
				keys = append(keys, i.Key)
			}
		}
		any := 0
		for _, key := range keys {
			f.Mark = mark("interaction", key)
			found, err := find(tx, f, most, func(d Decided) bool {
				if d.Interaction != key {
					return false
				}
				any++
				return !denied || d.Decision == deny
			})
			if err != nil {
				return err
			}
			out.Decisions = append(out.Decisions, found...)
		}
		slices.SortStableFunc(out.Decisions, func(a, b Decided) int { return b.At.Compare(a.At) })
		out.Decisions = out.Decisions[:min(most, len(out.Decisions))]
		*out.Post, err = s.stored(tx, post, acts, any > 0)
		return err
	})
	if err != nil || out.Post.State != FateNever {
		return out, err
	}
	*out.Post, err = s.onBus(ctx, f.Bot, post)
	return out, err
}

// stored is what the database knows of a post.
func (s *server) stored(tx db.Tx, post string, acts []conversation.Interaction, decided bool) (Fate, error) {
	gone, err := compliance.Hidden(tx, s.Desk.Key, conversation.Interaction{Key: post, Message: post})
	if err != nil {
		return Fate{}, err
	}
	f := Fate{State: FateNever}
	for _, i := range acts {
		rows, err := tx.ActionsOf(i.Bot, i.Key)
		if err != nil {
			return f, err
		}
		for _, a := range rows {
			f.Actions = append(f.Actions, rowOf(a))
		}
		open, err := tx.OpenQuestionsTo(i.User)
		if err != nil {
			return f, err
		}
		for _, q := range open {
			if q.Bot == i.Bot && q.Interaction == i.Key {
				f.State, f.Say = FateAsked, fmt.Sprintf("the handler %s outside of the host was asked about it, and has until %s to answer", q.Handler, q.Deadline.UTC().Format(time.RFC3339))
			}
		}
	}
	slices.SortStableFunc(f.Actions, func(a, b Action) int { return b.CreatedAt.Compare(a.CreatedAt) })
	switch {
	case gone:
		return Fate{State: FateGone, Say: "it is gone from X, or had to be deleted: it is neither kept nor answered", Actions: f.Actions}, nil
	case f.State == FateAsked:
		return f, nil
	case decided:
		f.State, f.Say = FateDecided, "what was decided on it, the newest first"
		return f, nil
	}
	letter, err := letterOn(tx, post)
	switch {
	case err != nil:
		return f, err
	case letter != "":
		f.State, f.Say = FateDead, "its event could not be used: `beckon actions dead "+letter+"` says why"
	case len(acts) > 0:
		f.State, f.Say = FateTaken, "it was taken in; decisions on it are kept no more (retention.decisions)"
	}
	return f, nil
}

const everyLetter = 1 << 30

// letterOn is the id of a dead letter about a post; "": there is none.
func letterOn(tx db.Tx, post string) (id string, err error) {
	all, err := tx.ListDeadLetters(everyLetter)
	if err != nil {
		return "", err
	}
	for _, l := range all {
		body, err := event.Open(l.Raw)
		if err != nil {
			return "", err
		}
		if tells(body, post) {
			return l.ID, nil
		}
	}
	return "", nil
}

// tells reports whether a body is about a post. What cannot be read is where it
// has the id.
func tells(body []byte, post string) bool {
	if !names(body, post) {
		return false
	}
	events, err := event.Decode(body)
	if err != nil { // the host's own messages are among these: a short number can be anything
		_, ok := event.Snowflake(post)
		return ok
	}
	return slices.ContainsFunc(events, func(e event.Event) bool { return e.Message == post || e.Interaction == post })
}

// names reports whether a body has an id that is no part of a longer one.
func names(body []byte, id string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(body) && '0' <= body[i] && body[i] <= '9' }
	for from := 0; ; {
		at := bytes.Index(body[from:], []byte(id))
		if at < 0 {
			return false
		}
		if at += from; !digit(at-1) && !digit(at+len(id)) {
			return true
		}
		from = at + 1
	}
}

// errSeen ends a look through the bus.
var errSeen = errors.New("seen")

// onBus says whether an event about a post waits on the bus, or was there.
func (s *server) onBus(ctx context.Context, bot, post string) (Fate, error) {
	never := Fate{State: FateNever, Say: "no event about it came here, as far back as anything is kept. " +
		"Either X told nobody (it names no bot of this host, or a subscription is missing: `beckon subscribe --dry`), or it was pruned since"}
	if s.Heard == nil {
		return never, nil
	}
	had := false
	err := s.Heard(ctx, bot, "", func(body []byte, taken bool) error {
		if !tells(body, post) {
			return nil
		}
		if had = true; taken {
			return nil
		}
		return errSeen
	})
	switch {
	case errors.Is(err, errSeen):
		return Fate{State: FateWaiting, Say: "its event came and waits to be taken in; where no host runs, it waits for one"}, nil
	case err != nil:
		return Fate{}, fmt.Errorf("look for post %s on the bus: %w", post, err)
	case had:
		return Fate{State: FateTaken, Say: "its event was taken in, and nothing was to be decided: it turned to no bot of this host"}, nil
	}
	return never, nil
}
