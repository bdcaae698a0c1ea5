// Package bus carries events from ingest to dispatch, durably and in order.
//
// What it owns: the stream, its subjects and partitions, and the CloudEvents
// form of a message. What it refuses: to look into a payload, to drop, to
// reorder, to Nak.
//
//   - B1 Publish returns nil only when every message is on disk.
//   - B2 Next hands out messages in the order in which they were stored.
//   - B3 what was not acknowledged before a stop is handed out again after the
//     next start, in its old order and before anything newer.
//   - B4 whoever connects from outside hears the questions to its own handler and
//     publishes that handler's answers, or takes the handoffs that the desk is
//     told: no event, no other handler's questions, and nothing onto the stream.
//   - B5 a bucket has the newest value of each key, on disk, for good: nothing
//     replaces a value that its writer has not read, and no erasure of events
//     and no age takes one away.
//   - B6 a consumer that is put back hands out everything after that position
//     again, in order; it is never put forward, so that nothing is passed over.
//
// NATS is transport: opt-outs, conversations and the action log live in the
// database, and a bus that is lost can be begun anew. After the database was
// brought back from a backup the bus is what knows more.
package bus

import (
	"context"
	"errors"
	"strings"
	"time"
)

// ErrClosed is returned by every method after Close.
var ErrClosed = errors.New("bus is closed")

// ErrFull is returned by Publish where the bus has no room left; nothing was
// stored, and the sender should try again later.
var ErrFull = errors.New("bus is full")

// NoBot is the Bot of a message that belongs to no bot of this host.
const NoBot = "_"

// NoUser is the User of a message that has no other side.
const NoUser = "_"

// Message is one body on its way from ingest to dispatch: a CloudEvent in
// binary mode, the attributes in headers.
type Message struct {
	ID     string    // CloudEvents id: X's event_uuid, or a hash of the body where it has none
	Type   string    // CloudEvents type: X's event_type, "unknown" where it has none
	Source string    // CloudEvents source: the way in, such as "/x/webhook"
	Time   time.Time // CloudEvents time: when the host took it in, UTC
	Bot    string    // the bot's configured name, or NoBot
	User   string    // X user id of the other side, or NoUser
	Dead   string    // why the body can only be kept as a dead letter; "" for a good one
	Data   []byte    // X's own bytes

	// Of what was handed out:
	Key    string // id of the key that Data was sealed with; "": none
	Erased bool   // that key was destroyed, and Data with it
}

// Private reports whether the message is a DM, whose key is its own.
func (m Message) Private() bool {
	return strings.HasPrefix(m.Type, "dm.") || strings.HasPrefix(m.Type, "chat.")
}

// Sealer seals what is stored and opens what is handed out.
type Sealer interface {
	// Seal returns the data of the messages, sealed, once the keys are kept.
	Seal(ctx context.Context, msgs []Message) ([][]byte, error)
	// Open returns the id of the key too. A destroyed key is ErrErased.
	Open(ctx context.Context, sealed []byte) (plain []byte, key string, err error)
}

// ErrErased is returned by a Sealer for what was sealed with a key that is
// destroyed.
var ErrErased = errors.New("its key was destroyed: it is erased")

// Delivery is a message handed out, to be acknowledged after its commit.
type Delivery struct {
	Message
	Seq uint64 // position in the stream, growing
}

// Bus is the way from ingest to dispatch. Publish may be called from many
// goroutines; Next and Ack from one.
type Bus interface {
	// Publish stores the messages in the order given. After an error some of
	// them may be stored: the sender sends all again, dispatch drops doubles.
	Publish(ctx context.Context, msgs ...Message) error
	// Next blocks for the first message and returns it with what else is queued
	// already, up to max. It never waits to fill a batch.
	Next(ctx context.Context, max int) ([]Delivery, error)
	// Ack forgets deliveries. A lost Ack is harmless: they come again.
	Ack(ds []Delivery) error
	Close() error
}
