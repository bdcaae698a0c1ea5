package bus

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/beckon-bot/beckon/runtime/event"
)

func TestUserToken(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for user, want := range map[string]string{
		"_":                     "_",
		"2244994945":            "2244994945",
		"007":                   "007",
		"7":                     "7",
		"-6870275393148932045":  "bfu3dqnzqgi3tkmzzgmytiobzgmzdanbv",
		"b":                     "bmi",
		"a.b":                   "bmexge",
		"*":                     "bfi",
		">":                     "bhy",
		"__":                    "bl5pq",
		"":                      "b",
		strings.Repeat("9", 64): strings.Repeat("9", 64),
	} {
		if got := userToken(user); got != want {
			t.Errorf("userToken(%q): got %q, want %q", user, got, want)
		}
	}
	for _, user := range []string{"7", "07", "b7", "h7", "_", "__", strings.Repeat("7", 65), strings.Repeat("7", 66), strings.Repeat("é", 3000)} {
		got := userToken(user)
		if len(got) > maxToken || strings.ContainsAny(got, ".*> \r\n") {
			t.Errorf("userToken of %d bytes: %q is not a token", len(user), got)
		}
		if seen[got] != "" {
			t.Errorf("%q and %q share the token %q", seen[got], user, got)
		}
		seen[got] = user
	}
}

func TestSubject(t *testing.T) {
	t.Parallel()
	for _, m := range []Message{{Bot: "acme", User: "2244994945"}, {Bot: NoBot, User: NoUser}, {Bot: "0-x", User: "a b"}} {
		want := fmt.Sprintf("beckon.v1.event.%s.%d.%s", m.Bot, event.Partition(m.User), userToken(m.User))
		if got := subject(m); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The stored form is CloudEvents: anything that speaks its NATS binding can
// read the stream.
func TestEncode(t *testing.T) {
	t.Parallel()
	m := Message{
		ID: "-687", Type: "dm.received", Source: "/x/webhook", Bot: "acme", User: "22 44",
		Time: time.Date(2026, 3, 2, 9, 0, 0, 5, time.UTC), Dead: "100% \"no\"\u00e9", Data: []byte{0, 1},
	}
	got := encode(m, event.Seal(m.Data))
	want := nats.Header{
		"ce-specversion": {"1.0"},
		"ce-id":          {"-687"},
		"ce-source":      {"/x/webhook"},
		"ce-type":        {"dm.received"},
		"ce-time":        {"2026-03-02T09:00:00.000000005Z"},
		"ce-subject":     {"22%2044"},
		"ce-beckonbot":   {"acme"},
		"ce-beckondead":  {"100%25%20%22no%22%C3%A9"},
		"content-type":   {"application/json"},
	}
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(event.Seal(m.Data), got.Data); diff != "" {
		t.Errorf("data is not sealed (-want +got):\n%s", diff)
	}
	small := encode(Message{ID: "1", Type: "t", Source: "s", Bot: NoBot, User: NoUser}, []byte("{}"))
	for _, name := range []string{"ce-subject", "ce-beckonbot", "ce-beckondead", "ce-time", nats.MsgIdHdr} {
		if v, ok := small.Header[name]; ok {
			t.Errorf("header %s is there: %q", name, v)
		}
	}
}

// Nothing is dropped: what cannot be read comes out as a dead letter.
func TestDecodeKeepsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	good := func() nats.Header {
		return encode(Message{ID: "1", Type: "t", Source: "s", Bot: "acme", User: "7"}, nil).Header
	}
	for name, tc := range map[string]struct {
		change   func(nats.Header)
		data     []byte
		wantID   string
		wantDead string
	}{
		"good":                {func(nats.Header) {}, []byte("{}"), "1", ""},
		"no headers":          {func(h nats.Header) { clear(h) }, []byte("{}"), "stream-42", "CloudEvents version"},
		"a later version":     {func(h nats.Header) { h.Set(hdrSpec, "2.0") }, []byte("{}"), "1", `version "2.0"`},
		"no id":               {func(h nats.Header) { h.Del(hdrID) }, []byte("{}"), "stream-42", "no CloudEvents id"},
		"bad time":            {func(h nats.Header) { h.Set(hdrTime, "yesterday") }, []byte("{}"), "1", "yesterday"},
		"bad escape":          {func(h nats.Header) { h.Set(hdrType, "%zz") }, []byte("{}"), "1", "header ce-type"},
		"sealed by a later":   {func(nats.Header) {}, []byte{3, 'x'}, "1", "sealed"},
		"dead said already":   {func(h nats.Header) { h.Set(hdrDead, "why"); h.Set(hdrTime, "x") }, []byte("{}"), "1", "why"},
		"extension attribute": {func(h nats.Header) { h.Set("ce-other", "x") }, []byte("{}"), "1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := good()
			tc.change(h)
			got := decode(h, tc.data, 42, event.Open)
			if got.ID != tc.wantID || !strings.Contains(got.Dead, tc.wantDead) || (tc.wantDead == "") != (got.Dead == "") {
				t.Errorf("got id %q, dead %q; want %q, %q", got.ID, got.Dead, tc.wantID, tc.wantDead)
			}
			if string(got.Data) != string(tc.data) {
				t.Errorf("data: got %q, want %q", got.Data, tc.data)
			}
			if got.Bot == "" || got.User == "" {
				t.Errorf("got bot %q, user %q", got.Bot, got.User)
			}
		})
	}
}

func FuzzHeaderEscape(f *testing.F) {
	for _, s := range []string{"", "a b", "%", "%41", "\r\n\x00\xff", "ünï", `"`, " x "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := Message{ID: "1" + s, Type: "t", Source: "s", Bot: NoBot, User: "u" + s, Dead: s}
		got := decode(encode(m, nil).Header, nil, 1, event.Open)
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestB1DurableRefusesUnsynced(t *testing.T) {
	t.Parallel()
	if err := durable(&server.JetStreamConfig{SyncAlways: true}); err != nil {
		t.Errorf("sync always: %v", err)
	}
	for name, c := range map[string]*server.JetStreamConfig{
		"no JetStream":   nil,
		"the default":    {},
		"every interval": {SyncInterval: time.Second},
	} {
		if err := durable(c); err == nil {
			t.Errorf("%s: taken for durable", name)
		}
	}
}
