package main

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// A type, a handle or an id of a recorded log writes no line of its own, and
// nothing to the terminal but what it shows.
func TestSayRecordIsOneLine(t *testing.T) {
	t.Parallel()
	const nasty = "x\n2026-03-02 09:00:00  dm\x1b[31m\u202e\r\u0085"
	for _, e := range []event.Event{{Type: nasty}, {Type: event.DMReceived, Name: nasty}, {}} {
		got := sayRecord(e, gate.Record{At: time.Unix(0, 0), User: nasty, Decision: gate.None, Say: "Nothing of " + nasty})
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%+v: %q", e, got)
		}
	}
}
