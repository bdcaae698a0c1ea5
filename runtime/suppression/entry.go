package suppression

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// version of the entries.
const version = 1

// entry is what stands under the keyed hash of a user (S15).
type entry struct {
	V        int       `json:"v"`
	OptedOut bool      `json:"opted_out"`
	At       time.Time `json:"at,omitzero"`        // the user's own time of the act that stands
	By       string    `json:"by,omitempty"`       // how it was said: hard, phrase, operator, blocked or start
	ErasedAt time.Time `json:"erased_at,omitzero"` // when the user was erased last
}

// restored stands for the event behind an act that was taken from the copy. The
// event itself, should the bus have it still, goes before.
const restored = "restored"

// encode makes the value of an entry.
func encode(s conversation.Suppression) ([]byte, error) {
	return json.Marshal(entry{version, s.OptedOut, s.At, string(s.Tier), s.ErasedAt})
}

// decode reads an entry; nothing there is the zero record with its key set. What
// is damaged is an error and a stop without a time: somebody said something, and
// it must not be guessed that it was START.
func decode(e bus.Entry) (conversation.Suppression, error) {
	s := conversation.Suppression{UserHash: e.Key}
	if e.Rev == 0 {
		return s, nil
	}
	damaged := conversation.Suppression{UserHash: e.Key, OptedOut: true, EventID: restored, Tier: conversation.TierOperator}
	var v entry
	if err := json.Unmarshal(e.Value, &v); err != nil {
		return damaged, fmt.Errorf("entry %s of the copy: %w", e.Key, err)
	}
	if v.V > version {
		return damaged, fmt.Errorf("entry %s of the copy has version %d, this Beckon reads %d, run the newer one: %w", e.Key, v.V, version, db.ErrNewer)
	}
	if v.V < 1 || !v.OptedOut && v.At.IsZero() && v.ErasedAt.IsZero() {
		return damaged, fmt.Errorf("entry %s of the copy says nothing", e.Key)
	}
	s.OptedOut, s.At, s.ErasedAt, s.Tier = v.OptedOut, ms(v.At), ms(v.ErasedAt), conversation.Tier(v.By)
	switch {
	case s.OptedOut && !s.Tier.OptsOut():
		s.Tier = conversation.TierOperator
	case !s.OptedOut && s.At.IsZero():
		s.Tier = "" // of an erasure only
		return s, nil
	case !s.OptedOut:
		s.Tier = conversation.TierStart
	}
	s.EventID = restored
	return s, nil
}

// dated gives a stop without a time the time by which it was known: else no
// START could end it for the copy, which cannot tell what came last.
func dated(s conversation.Suppression, now time.Time) conversation.Suppression {
	if s.OptedOut && s.At.IsZero() {
		s.At = ms(now)
	}
	return s
}

// ms is a time as the database keeps it.
func ms(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

// same reports whether the two say the same of the user.
func same(a, b conversation.Suppression) bool {
	return a.OptedOut == b.OptedOut && a.At.Equal(b.At) && a.ErasedAt.Equal(b.ErasedAt)
}

// isHash reports whether a key is one that event.Key.User makes.
func isHash(key string) bool {
	b, err := hex.DecodeString(key)
	return err == nil && len(b) == 16 && key == strings.ToLower(key)
}

// hostKey is the key of the one entry that is no user's: whose hashes the others
// are.
const hostKey = "host_key"

type owner struct {
	V     int       `json:"v"`
	Check string    `json:"host_key"`       // check value of the key, not the key
	Whole time.Time `json:"whole,omitzero"` // when the copy had all of the database first
}

var errOtherHost = errors.New("the bus keeps the opt-outs of another host: they are hashed with another data_dir/host.key, and nobody in this database would be found in them. " +
	"Put back the bus directory that belongs to this host.key. If there is none, move this one away: what users said since the backup is lost then")

// claim marks the copy as this host's, or refuses one that is another's (S17).
// whole: from now on it has everything that the database stored.
func (k *Keeper) claim(ctx context.Context, now time.Time, whole bool) (o owner, err error) {
	for {
		e, err := k.Bucket.Get(ctx, hostKey)
		if err != nil {
			return o, err
		}
		if o, err = k.owner(e); err != nil {
			return o, err
		}
		if e.Rev > 0 && (!whole || !o.Whole.IsZero()) {
			return o, nil
		}
		if whole && o.Whole.IsZero() {
			o.Whole = ms(now)
		}
		if e.Value, err = json.Marshal(o); err != nil {
			return o, err
		}
		if err := k.Bucket.Put(ctx, e); !errors.Is(err, bus.ErrChanged) {
			return o, err
		}
	}
}

// owner reads whose copy it is; of a new one it is this host.
func (k *Keeper) owner(e bus.Entry) (o owner, err error) {
	check := k.Desk.Key.Check()
	if e.Rev == 0 {
		return owner{V: version, Check: check}, nil
	}
	if err := json.Unmarshal(e.Value, &o); err != nil {
		return o, fmt.Errorf("the copy does not say whose it is: %w", err)
	}
	if o.V > version {
		return o, fmt.Errorf("the copy has version %d, this Beckon reads %d, run the newer one: %w", o.V, version, db.ErrNewer)
	}
	if o.Check != check {
		return o, fmt.Errorf("%w: %w", db.ErrWrongKey, errOtherHost)
	}
	return o, nil
}
