package action

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// Unit is the work of one transaction: what happens to actions, and the state
// that counts them, change together or not at all. State is read once, kept
// here, seen by whatever follows in the same transaction, and written by Flush.
type Unit struct {
	Tx   db.Tx
	Key  event.Key
	Book *budget.Book // nil: the shipped one
	Now  time.Time

	conversations map[pair]*kept[conversation.Conversation]
	interactions  map[pair]*kept[conversation.Interaction]
	suppressions  map[string]*kept[conversation.Suppression]
	switches      map[string]*kept[db.Switch]
	restore       *db.Restore       // nil: not read
	hashes        map[string]string // of users, by id
	money         ledger
	posts         map[string]*posted       // by bot
	lanes         map[lane][]db.RateWindow // as this transaction left them
	cap           *db.Cap
	counts        map[db.Count]int64
}

type pair struct{ bot, key string }

type kept[T any] struct {
	value T
	dirty bool
}

// NewUnit begins the work of a transaction.
func NewUnit(tx db.Tx, key event.Key, book *budget.Book, now time.Time) *Unit {
	return &Unit{
		Tx: tx, Key: key, Book: book, Now: now,
		conversations: map[pair]*kept[conversation.Conversation]{},
		interactions:  map[pair]*kept[conversation.Interaction]{},
		suppressions:  map[string]*kept[conversation.Suppression]{},
		switches:      map[string]*kept[db.Switch]{},
		hashes:        map[string]string{},
		money:         newLedger(),
		posts:         map[string]*posted{},
		lanes:         map[lane][]db.RateWindow{},
		counts:        map[db.Count]int64{},
	}
}

// Transact runs fn as the work of one transaction, and writes the state that it
// left.
func Transact(ctx context.Context, store db.Store, key event.Key, book *budget.Book, now time.Time, fn func(*Unit) error) error {
	return store.Write(ctx, func(tx db.Tx) error {
		u := NewUnit(tx, key, book, now)
		if err := fn(u); err != nil {
			return err
		}
		return u.Flush()
	})
}

// State reads the three records of a user's act, as this transaction left
// them. An empty interaction key reads an empty interaction.
func (u *Unit) State(bot, user, interaction string) (conversation.State, error) {
	var s conversation.State
	c, err := read(u.conversations, pair{bot, user}, func() (conversation.Conversation, error) {
		return u.Tx.Conversation(bot, user)
	})
	if err != nil {
		return s, fmt.Errorf("read conversation of %s with %s: %w", bot, user, err)
	}
	s.Conversation = c.value
	hash := u.hash(user)
	p, err := read(u.suppressions, hash, func() (conversation.Suppression, error) {
		return u.Tx.Suppression(hash)
	})
	if err != nil {
		return s, fmt.Errorf("read opt-out of user %s: %w", user, err)
	}
	s.Suppression = p.value
	if interaction == "" {
		s.Interaction.Bot = bot
		return s, nil
	}
	i, err := read(u.interactions, pair{bot, interaction}, func() (conversation.Interaction, error) {
		return u.Tx.Interaction(bot, interaction)
	})
	if err != nil {
		return s, fmt.Errorf("read interaction %s of %s: %w", interaction, bot, err)
	}
	s.Interaction = i.value
	return s, nil
}

// hash is the key of a user's opt-out, made once.
func (u *Unit) hash(user string) string {
	h, ok := u.hashes[user]
	if !ok {
		h = u.Key.User(user)
		u.hashes[user] = h
	}
	return h
}

// Keep takes over a state that a reducer returned; Flush writes it.
func (u *Unit) Keep(s conversation.State) {
	keep(u.conversations, pair{s.Conversation.Bot, s.Conversation.User}, s.Conversation, s.Conversation.User != "")
	keep(u.interactions, pair{s.Interaction.Bot, s.Interaction.Key}, s.Interaction, s.Interaction.Key != "")
	if k, ok := u.suppressions[s.Suppression.UserHash]; ok && k.value != s.Suppression {
		k.value, k.dirty = s.Suppression, true
	}
}

// Reduce reads a state, applies in, and keeps the result.
func (u *Unit) Reduce(bot, user, interaction string, in conversation.Input) (conversation.State, []conversation.Effect, error) {
	s, err := u.State(bot, user, interaction)
	if err != nil {
		return s, nil, err
	}
	s, effects := conversation.Reduce(s, in)
	u.Keep(s)
	return s, effects, nil
}

// Insert adds an action in state pending or hold, with its text, counts it and
// reserves its cost. It returns db.ErrConflict where the key is taken (I2); then nothing has
// changed.
func (u *Unit) Insert(a db.Action, text string) error {
	a.CreatedAt, a.UpdatedAt, a.Turn = u.Now, u.Now, u.Now
	if err := u.Tx.InsertAction(a); err != nil {
		return fmt.Errorf("insert action %s: %w", a.ID, err)
	}
	if err := u.Tx.PutActionText(a.ID, event.Seal([]byte(text))); err != nil {
		return fmt.Errorf("store text of action %s: %w", a.ID, err)
	}
	u.reserve(a.Bot, a.Cost)
	_, _, err := u.Reduce(a.Bot, partner(a), a.Interaction,
		conversation.Drafted{Kind: a.Kind, Purpose: a.Purpose, Aside: aside(a), Later: a.Part > 0, State: a.State, At: a.CreatedAt})
	return err
}

// Move stores a's new state and counts it. The row must still be in state
// from, else db.ErrStale. Text of an action that has ended is dropped, and its
// cost is spent or released (I11).
func (u *Unit) Move(a db.Action, from event.State) error {
	held, before := a.Cost, a.UpdatedAt
	if a.State.Terminal() && a.State != event.Sent {
		a.Cost = db.Cost{}
	}
	a.UpdatedAt = u.Now
	if err := u.Tx.UpdateAction(a, from); err != nil {
		return fmt.Errorf("move action %s from %s to %s: %w", a.ID, from, a.State, err)
	}
	if a.State.Terminal() {
		if err := u.Tx.DropActionText(a.ID); err != nil {
			return fmt.Errorf("drop text of action %s: %w", a.ID, err)
		}
		if a.User != "" {
			if _, err := u.Tx.DropHeldTextKeys(a.Bot, a.User); err != nil { // of the DM that it answered (vault, K6)
				return fmt.Errorf("end action %s: %w", a.ID, err)
			}
		}
	}
	if err := u.forget(a); err != nil {
		return err
	}
	if a.State == from {
		return nil
	}
	u.closeAccount(a.Bot, held, a.State)
	if err := u.uncountPost(a, from, before); err != nil {
		return err
	}
	if err := u.search(a, from); err != nil {
		return err
	}
	_, effects, err := u.Reduce(a.Bot, partner(a), a.Interaction, conversation.Moved{
		Kind: a.Kind, Aside: aside(a), Later: a.Part > 0, From: from, To: a.State, DraftedAt: a.CreatedAt, Refused: a.Class == event.Refused,
		At: u.Now, ID: a.ID,
	})
	if err != nil {
		return err
	}
	if _, err = u.CarryOut(a.User, effects); err != nil {
		return err
	}
	return u.follow(a)
}

// aside is gate.Facts.Aside of the action's draft.
func aside(a db.Action) bool {
	switch {
	case a.Kind != event.DM:
		return false
	case a.Purpose != event.Notice:
		return a.Purpose == event.OptOutConfirmation
	}
	f, err := gate.ParseFacts(a.Draft)
	return err == nil && f.Aside()
}

// partner is the user whose conversation counts the action. Only who writes to
// the bot has one: nothing is kept of people whose posts it likes or quotes.
func partner(a db.Action) string {
	if a.Kind == event.Reply || a.Kind == event.DM {
		return a.User
	}
	return ""
}

// Cancel ends an action that still waits. A part that ended with one before it,
// since it was read, is left as it is: whoever goes through rows need not know.
func (u *Unit) Cancel(a db.Action, reason string) error {
	if ended, err := u.ended(a); err != nil || ended {
		return err
	}
	from := a.State
	a.State, a.Reason = event.Cancelled, reason
	return u.Move(a, from)
}

// EndAll ends actions, by id, that X is not being asked for right now: those that
// wait, and those of which nobody knows. It returns how many waited.
func (u *Unit) EndAll(ids []string, reason string) (waited int64, err error) {
	for _, id := range ids {
		a, err := u.Tx.Action(id)
		if err != nil {
			return waited, err
		}
		switch a.State {
		case event.Hold, event.Pending:
			waited++
			err = u.Cancel(a, reason)
		case event.Unsettled:
			a.State, a.Reason = event.Failed, "nobody knows what became of it, and "+reason
			err = u.Move(a, event.Unsettled)
		}
		if err != nil {
			return waited, err
		}
	}
	return waited, nil
}

// CancelOpenTo cancels those actions that still wait to go to the user, of
// whatever bot, which the function picks.
func (u *Unit) CancelOpenTo(user, reason string, pick func(db.Action) bool) ([]db.Action, error) {
	open, err := u.Tx.OpenActionsTo(user)
	if err != nil {
		return nil, fmt.Errorf("find what waits for user %s: %w", user, err)
	}
	open = slices.DeleteFunc(open, func(a db.Action) bool { return !pick(a) })
	for _, a := range open {
		if err := u.Cancel(a, reason); err != nil {
			return nil, err
		}
	}
	return open, nil
}

// Flush writes every state that changed, in order of key.
func (u *Unit) Flush() error {
	for _, k := range dirty(u.conversations) {
		if err := u.Tx.PutConversation(u.conversations[k].value); err != nil {
			return fmt.Errorf("write conversation of %s with %s: %w", k.bot, k.key, err)
		}
	}
	for _, k := range dirty(u.interactions) {
		if err := u.Tx.PutInteraction(u.interactions[k].value); err != nil {
			return fmt.Errorf("write interaction %s of %s: %w", k.key, k.bot, err)
		}
	}
	for hash, k := range u.suppressions {
		if !k.dirty {
			continue
		}
		if err := u.Tx.PutSuppression(k.value); err != nil {
			return fmt.Errorf("write opt-out %s: %w", hash, err)
		}
	}
	if err := u.flushCounts(); err != nil {
		return err
	}
	return u.flushMoney()
}

func read[K comparable, T any](m map[K]*kept[T], key K, load func() (T, error)) (*kept[T], error) {
	if k, ok := m[key]; ok {
		return k, nil
	}
	v, err := load()
	if err != nil {
		return nil, err
	}
	k := &kept[T]{value: v}
	m[key] = k
	return k, nil
}

func keep[T any](m map[pair]*kept[T], key pair, value T, named bool) {
	if !named {
		return
	}
	k, ok := m[key]
	if !ok {
		k = &kept[T]{}
		m[key] = k
	}
	k.value, k.dirty = value, true
}

func dirty[T any](m map[pair]*kept[T]) []pair {
	keys := make([]pair, 0, len(m))
	for k, v := range m {
		if v.dirty {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.bot, b.bot), cmp.Compare(a.key, b.key))
	})
	return keys
}
