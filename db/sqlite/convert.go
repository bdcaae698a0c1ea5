package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// millis of a time; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// bytesOf reads a JSON column; an empty one is nil.
func bytesOf(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// blob makes a value for a BLOB column, where nil would be NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// orNil is the other way round: an empty BLOB is nothing.
func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// found turns the driver's word for no row into ours.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return db.ErrNotFound
	}
	return err
}

// encodeSends writes "dm@1767225600000 reply@1767225660000": a third of the
// size of JSON, an eighth of its time, and readable in sqlite3.
func encodeSends(sends []conversation.Send) (string, error) {
	var b strings.Builder
	b.Grow(24 * len(sends))
	var digits [20]byte
	for i, s := range sends {
		if s.Kind == "" || strings.ContainsAny(string(s.Kind), "@ ") {
			return "", fmt.Errorf("send of kind %q", s.Kind)
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(s.Kind))
		b.WriteByte('@')
		b.Write(strconv.AppendInt(digits[:0], millis(s.At), 10))
	}
	return b.String(), nil
}

func decodeSends(text string) ([]conversation.Send, error) {
	if text == "" {
		return nil, nil
	}
	sends := make([]conversation.Send, 0, conversation.RingSize)
	for more := true; more; {
		var word string
		word, text, more = strings.Cut(text, " ")
		kind, at, _ := strings.Cut(word, "@")
		ms, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("send %q: %w", word, err)
		}
		sends = append(sends, conversation.Send{At: timeOf(ms), Kind: kindOf(kind)})
	}
	return sends, nil
}

// kindOf saves the ring from keeping the whole row's text alive.
func kindOf(s string) event.ActionKind {
	switch s {
	case string(event.DM):
		return event.DM
	case string(event.Reply):
		return event.Reply
	}
	return event.ActionKind(strings.Clone(s))
}
