package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// SuppressionBucket has what runtime/suppression keeps there. No erasure goes
// through it, and nothing in it is sealed: it names nobody.
const SuppressionBucket = "BECKON_SUPPRESSIONS"

// ErrChanged is returned by Put where the key has another revision than the
// writer read.
var ErrChanged = errors.New("the entry has changed since it was read")

// Entry is what a bucket has under a key.
type Entry struct {
	Key   string
	Value []byte
	Rev   uint64 // 0: there is nothing
}

// Bucket is a key-value store beside the stream: the newest value of each key,
// without a limit of age. It is safe for concurrent use.
type Bucket struct {
	bus    *JetStream
	kv     jetstream.KeyValue
	stream jetstream.Stream // the same, as it is stored
	prefix string           // of its subjects
}

// Bucket opens the bucket of that name, and makes it if there is none.
func (b *JetStream) Bucket(ctx context.Context, name string) (*Bucket, error) {
	if err := b.enter(); err != nil {
		return nil, err
	}
	defer b.mu.RUnlock()
	kv, err := b.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: name, History: 1, Storage: jetstream.FileStorage})
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", name, err)
	}
	// To list by kv's own watcher would need a consumer, and a round of its
	// heartbeats: the stream is asked as Remove does.
	stream, err := b.js.Stream(ctx, "KV_"+name)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", name, err)
	}
	return &Bucket{bus: b, kv: kv, stream: stream, prefix: "$KV." + name + "."}, nil
}

// All shows each entry there is, the one that was put last at the end. An error
// of see's ends it.
func (k *Bucket) All(ctx context.Context, see func(Entry) error) error {
	if err := k.bus.enter(); err != nil {
		return err
	}
	defer k.bus.mu.RUnlock()
	for next := uint64(1); ; {
		raw, err := k.stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(k.prefix+">"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read bucket %s: %w", k.kv.Bucket(), err)
		}
		next = raw.Sequence + 1
		if raw.Header.Get("KV-Operation") != "" {
			continue // somebody deleted the key
		}
		if err := see(Entry{strings.TrimPrefix(raw.Subject, k.prefix), raw.Data, raw.Sequence}); err != nil {
			return err
		}
	}
}

// Get reads one entry; Rev is 0 if there is none.
func (k *Bucket) Get(ctx context.Context, key string) (Entry, error) {
	if err := k.bus.enter(); err != nil {
		return Entry{}, err
	}
	defer k.bus.mu.RUnlock()
	e, err := k.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) { // a deleted one too
		return Entry{Key: key}, nil
	}
	if err != nil {
		return Entry{}, fmt.Errorf("read %s in bucket %s: %w", key, k.kv.Bucket(), err)
	}
	return Entry{key, e.Value(), e.Revision()}, nil
}

// Put stores e.Value where the key still has the revision e.Rev. Nil means that
// it is on disk; after any error but ErrChanged it may be.
func (k *Bucket) Put(ctx context.Context, e Entry) error {
	if err := k.bus.enter(); err != nil {
		return err
	}
	defer k.bus.mu.RUnlock()
	var err error
	if e.Rev == 0 {
		_, err = k.kv.Create(ctx, e.Key, e.Value)
	} else {
		_, err = k.kv.Update(ctx, e.Key, e.Value, e.Rev)
	}
	switch {
	case errors.Is(err, jetstream.ErrKeyExists), errors.Is(err, jetstream.ErrKeyRevisionMismatch):
		err = ErrChanged
	case err == nil:
		return nil
	}
	return fmt.Errorf("put %s in bucket %s: %w", e.Key, k.kv.Bucket(), err)
}
