package event

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// agree fails the test unless Scan and Decode say the same of a body.
func agree(t *testing.T, in []byte) {
	t.Helper()
	head, scanErr := Scan(in)
	events, err := Decode(in)
	if scanErr != nil {
		if err == nil {
			t.Fatalf("Scan refuses what Decode takes: %v\n%s", scanErr, in)
		}
		return
	}
	if err != nil || len(events) == 0 {
		return // Decode reads more, and so may find a double that Scan passed over
	}
	e := events[0]
	want := Head{ID: e.ID, Type: e.Type, BotUser: e.BotUser, User: e.User, Keyword: e.Keyword, App: e.App}
	if head != want {
		t.Fatalf("Scan: want what Decode says, %+v, got %+v\n%s", want, head, in)
	}
}

func TestScanAgreesWithDecode(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, f := range files {
		in, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Scan(in); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		agree(t, in)
		for cut := range in { // every body that breaks off
			agree(t, in[:cut])
		}
		// Keys in another order: what is read must not depend on it.
		var tree map[string]map[string]any
		if err := json.Unmarshal(in, &tree); err != nil {
			t.Fatal(err)
		}
		sorted, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, sorted)
		before, _ := Scan(in)
		if after, _ := Scan(sorted); before != after {
			t.Errorf("%s: the order of keys matters: %+v, then %+v", f, before, after)
		}
	}
}

func TestScanFirstMessage(t *testing.T) {
	t.Parallel()
	got, err := Scan(sample(t, "dm_two"))
	want := Head{ID: "-4711000000000000007", Type: DMReceived, BotUser: bot, User: user}
	if err != nil || got != want {
		t.Errorf("Scan: %+v, %v; want %+v, nil", got, err, want)
	}
}

func TestScanErrors(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		`{`:                                      ErrSyntax,
		`{"data":{}}`:                            ErrEnvelope,
		`{"replay_job_status":{}}`:               ErrReplayStatus,
		`{"data":{"event_type":"x"},"data":{}}`:  ErrDuplicate,
		`{"data":{"event_type":"x","payload":0}`: ErrSyntax,
	} {
		if got, err := Scan([]byte(in)); !errors.Is(err, want) || got != (Head{}) {
			t.Errorf("Scan(%s): %+v, %v; want nothing, %v", in, got, err, want)
		}
	}
}

// seeds are the samples and the shapes that broke readers before.
func seeds(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	older, _ := filepath.Glob("testdata/aaa/*.json")
	for _, name := range append(files, older...) {
		in, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(in)
	}
	for _, in := range []string{
		``, `{}`, `[]`, `"`, `{"data":`, `{"data":{"event_type":"\ud800\udc00\u0000"}}`, "{\"data\":{\"event_type\":\"\xff\"}}",
		`{"for_user_id":"1","tweet_create_events":[{"id_str":"2","user":{"id":3}},5,[],{"id":1,"id":2}]}`, `{"user_event":{"revoke":{}},"x_events":[0]}`,
		`{"for_user_id_str":"1","direct_message_events":[{"message_create":{}},{"message_create":{"sender_id":"1","target":{"recipient_id":2}}}],"users":{"2":{}}}`,
		`{"data":{"event_type":"x","_str":1,"event_type_str":{}}}`, `{"data":{"event_type":"dm.sent","payload":{"direct_message_events":[1,[],{}]}}}`,
		`{"data":{"event_type":"post.create","payload":{"id":1e5,"author_id":-0.5,"display_text_range":[1,2,3]}}}`,
	} {
		f.Add([]byte(in))
	}
}

func FuzzScan(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		before := slices.Clone(in)
		agree(t, in)
		if !slices.Equal(before, in) {
			t.Fatal("the body was changed")
		}
	})
}

func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		events, err := Decode(in)
		switch valid := json.Valid(in); {
		case valid && errors.Is(err, ErrSyntax):
			t.Fatalf("valid JSON refused: %v", err)
		case !valid && err == nil:
			t.Fatal("invalid JSON accepted")
		}
		for i, e := range events {
			if e.ID == "" || e.Type == "" || e.Index != i && !strings.HasPrefix(e.ID, "aaa.") || e.Kind == "" || e.Automated == "" {
				t.Fatalf("event %d lacks what every event has: %+v", i, e)
			}
			if e.Addresses() && (e.User == "" || e.User == e.BotUser || e.Interaction == "") {
				t.Fatalf("event %d addresses us, but from whom? %+v", i, e)
			}
			if e.Known != e.Type.Known() {
				t.Fatalf("event %d: Known %v", i, e.Known)
			}
		}
		Salvage(in)
	})
}

// FuzzUnescape compares strings with encoding/json.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{`a`, `\n\t\b\f\r\"\\\/`, `\ud83d\ude00`, `\ud83d\u0041`, `\udc00`, `é`, "\xff", "\xc3\xdc", `\u00`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, inside []byte) {
		quoted := append(append([]byte{'"'}, inside...), '"')
		l := lexer{in: quoted}
		got := l.value().text()
		ok := l.err == nil && l.pos == len(quoted)
		var want string
		if err := json.Unmarshal(quoted, &want); (err == nil) != ok {
			t.Fatalf("%q: encoding/json says %v, the lexer %v", quoted, err, l.err)
		}
		if ok && got != want {
			t.Fatalf("%q: want %q, got %q", quoted, want, got)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	perBody(b, func(in []byte) error { _, err := Decode(in); return err })
}

func BenchmarkScan(b *testing.B) {
	perBody(b, func(in []byte) error { _, err := Scan(in); return err })
}

// BenchmarkValid is the peer: the standard library's syntax check alone.
func BenchmarkValid(b *testing.B) {
	perBody(b, func(in []byte) error {
		if !json.Valid(in) {
			return ErrSyntax
		}
		return nil
	})
}

// perBody runs f over bodies of about 1 and 2 KB, without white space as X
// sends them.
func perBody(b *testing.B, f func([]byte) error) {
	for _, name := range []string{"dm", "mention"} {
		in := compact(b, sample(b, name))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if err := f(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func compact(tb testing.TB, in []byte) []byte {
	tb.Helper()
	var tree any
	if err := json.Unmarshal(in, &tree); err != nil {
		tb.Fatal(err)
	}
	out, err := json.Marshal(tree)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}
