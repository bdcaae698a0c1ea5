package desk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const secret = "a secret of the desk's"

// world is a desk that answers as it is told to, and what it got.
type world struct {
	t      *testing.T
	below  *sqlite.Store
	store  *dbtest.Faults
	met    Metrics
	teller *Teller
	status int // 0: no connection
	onBus  []Event
	full   bool // the bus takes nothing
	got    []*http.Request
	bodies []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "beckon.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, below: store, status: http.StatusOK}
	w.restart()
	return w
}

// restart is a new process on the same database.
func (w *world) restart() {
	w.store = dbtest.Faulty(w.below)
	w.teller = New(Options{Store: w.store, HTTP: &http.Client{Transport: w}, URL: "https://desk.example/in?token=tok", Secret: []byte(secret), Metrics: &w.met})
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.got, w.bodies = append(w.got, r), append(w.bodies, string(b))
	if w.status == 0 {
		return nil, errors.New("no route")
	}
	return &http.Response{StatusCode: w.status, Body: io.NopCloser(strings.NewReader("thanks")), Request: r}, nil
}

func (w *world) put(ns ...db.DeskNotice) {
	w.t.Helper()
	err := w.below.Write(w.t.Context(), func(tx db.Tx) (err error) {
		for _, n := range ns {
			err = errors.Join(err, tx.PutDeskNotice(n))
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// notice is what is kept of the user; the zero value: nothing.
func (w *world) notice(user string) (n db.DeskNotice) {
	w.t.Helper()
	err := w.below.Read(w.t.Context(), func(tx db.Tx) (err error) {
		n, err = tx.DeskNotice("acme", user)
		return err
	})
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) step(now time.Time) (next time.Time) {
	w.t.Helper()
	next, err := w.teller.Step(w.t.Context(), now)
	if err != nil {
		w.t.Fatal(err)
	}
	return next
}

func handed(id, user, post string) db.DeskNotice {
	return db.DeskNotice{ID: id, Bot: "acme", User: user, Interaction: "41", Post: post, Why: "the user asked for a person", At: nine, NextAt: nine}
}

// What the desk reads, and that the signature is over just that.
func TestWhatTheDeskReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(handed("h-1", "7", "42"), handed("h-2", "8", ""))
	if next := w.step(nine.Add(time.Second)); !next.IsZero() {
		t.Errorf("next at %s, want when somebody is handed off", next)
	}
	want := []string{
		`{"form":"beckon.handoff/v1","id":"h-1","bot":"acme","user":"7","interaction":"41","why":"the user asked for a person","link":"https://x.com/i/web/status/42","post":{"attribution":"on X","id":"42","author":{"id":"7"},"no_text":"A desk is told no words: beckon conversations show acme 7","link":"https://x.com/i/web/status/42"},"at":"2026-03-02T09:00:00Z","attempt":1,"sent":1772442001}`,
		`{"form":"beckon.handoff/v1","id":"h-2","bot":"acme","user":"8","interaction":"41","why":"the user asked for a person","link":"https://x.com/messages/compose?recipient_id=8","post":{"attribution":"Direct Message on X","id":"41","author":{"id":"8"},"no_text":"A desk is told no words: beckon conversations show acme 8"},"at":"2026-03-02T09:00:00Z","attempt":1,"sent":1772442001}`,
	}
	if d := cmp.Diff(want, w.bodies); d != "" {
		t.Fatalf("bodies (-want +got):\n%s", d)
	}
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(want[0]))
	r := w.got[0]
	for name, want := range map[string]string{
		HeaderSignature: "sha256=" + hex.EncodeToString(m.Sum(nil)), HeaderTimestamp: "1772442001", HeaderKey: "h-1", "Content-Type": "application/json",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if r.Method != http.MethodPost || r.URL.String() != "https://desk.example/in?token=tok" {
		t.Errorf("%s %s", r.Method, r.URL)
	}
	if w.notice("7").ID != "" || w.notice("8").ID != "" || w.met.Told.Load() != 2 {
		t.Error("what was told still waits")
	}
	if a, b := Sign([]byte(secret), []byte("x")), Sign([]byte("other"), []byte("x")); a == b {
		t.Error("the secret does not count")
	}
}

// N12: a desk that never answers is told ever more slowly, for a day, and then
// not any more; an operator sees why.
func TestN12GivenUpAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(handed("h-1", "7", "42"))
	var pauses []time.Duration
	now := nine
	for i, status := range []int{0, 500, 302, 404} {
		w.status = status
		next := w.step(now)
		n := w.notice("7")
		if n.Attempts != i+1 || !n.NextAt.Equal(next) {
			t.Fatalf("after attempt %d: %+v, next %s", i+1, n, next)
		}
		if why := map[int]string{0: "no route"}[status]; status == 0 && n.Reason != why || status != 0 && n.Reason != "the desk answered "+strconv.Itoa(status) {
			t.Errorf("after %d the reason is %q", status, n.Reason)
		}
		if again := w.step(next.Add(-time.Millisecond)); !again.Equal(next) || len(w.got) != i+1 {
			t.Fatalf("told before its time: %d requests", len(w.got))
		}
		pauses, now = append(pauses, next.Sub(now)), next
	}
	if d := cmp.Diff([]time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second}, pauses); d != "" {
		t.Errorf("pauses (-want +got):\n%s", d)
	}
	for range 100 {
		next := w.step(now)
		if next.IsZero() {
			break
		}
		if next.Sub(now) > time.Hour {
			t.Fatalf("a pause of %s", next.Sub(now))
		}
		now = next
	}
	n := w.notice("7")
	if !n.NextAt.IsZero() || now.After(nine.Add(GiveUp)) || now.Before(nine.Add(GiveUp-time.Hour)) || w.met.Dead.Load() != 1 {
		t.Errorf("given up at %s: %+v", now, n)
	}
	told := len(w.got)
	if w.step(nine.Add(Keep)); len(w.got) != told {
		t.Error("told after it was given up")
	}
	for _, body := range w.bodies {
		var h Handoff
		if err := json.Unmarshal([]byte(body), &h); err != nil || h.ID != "h-1" {
			t.Fatalf("another id: %s, %v", body, err)
		}
	}
	// A later failure forgets what was given up long ago.
	late := handed("h-2", "8", "")
	late.At, late.NextAt = nine.Add(2*Keep), nine.Add(2*Keep)
	w.put(late)
	if w.step(late.At); w.notice("7").ID != "" || w.notice("8").Attempts != 1 {
		t.Errorf("old: %+v, new: %+v", w.notice("7"), w.notice("8"))
	}
}

// A notice that waited while the host was down is told once before it is given
// up.
func TestOldNoticeIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(handed("h-1", "7", ""))
	if w.step(nine.Add(48 * time.Hour)); len(w.got) != 1 || w.notice("7").ID != "" {
		t.Errorf("%d requests, %+v", len(w.got), w.notice("7"))
	}
}

// N11: whatever becomes of the write after the post, the desk hears it, under one
// id.
func TestN11CrashBetweenPostAndMark(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		for _, status := range []int{http.StatusOK, http.StatusServiceUnavailable} {
			t.Run(name+" "+strconv.Itoa(status), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.put(handed("h-1", "7", "42"))
				w.status = status
				w.store.At(2, fault) // the first is before it is told (N13)
				if _, err := w.teller.Step(t.Context(), nine); err == nil {
					t.Fatal("the fault was not noticed")
				}
				stored := fault == dbtest.ReportedFailed || fault == dbtest.KilledAfter
				w.status = http.StatusOK
				w.restart()
				w.step(nine.Add(time.Minute))
				want := 2
				if stored && status == http.StatusOK { // it is gone already
					want = 1
				}
				if len(w.got) != want || w.notice("7").ID != "" {
					t.Errorf("%d requests, want %d; kept: %+v", len(w.got), want, w.notice("7"))
				}
				for _, r := range w.got {
					if r.Header.Get(HeaderKey) != "h-1" {
						t.Errorf("id %s", r.Header.Get(HeaderKey))
					}
				}
			})
		}
	}
}

// A host that stops in a call has made no attempt.
func TestStopInACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(handed("h-1", "7", ""))
	ctx, cancel := context.WithCancel(t.Context())
	w.teller.o.HTTP = &http.Client{Transport: stopping{cancel}}
	if _, err := w.teller.Step(ctx, nine); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if n := w.notice("7"); n.Attempts != 0 || !n.NextAt.Equal(nine) {
		t.Errorf("%+v", n)
	}
}

type stopping struct{ cancel func() }

func (s stopping) RoundTrip(r *http.Request) (*http.Response, error) {
	s.cancel()
	return nil, r.Context().Err()
}
