package desk

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/display"
)

// takeBack is a duty, carried out a minute after nine.
func (w *world) takeBack(what db.DutyWhat, target string) {
	w.t.Helper()
	err := w.below.Write(w.t.Context(), func(tx db.Tx) error {
		if err := tx.UnpostDeskNotice("acme", "41"); err != nil {
			return err
		}
		_, err := tx.TakeBack(what, "", target, nine.Add(time.Minute), nine.Add(24*time.Hour))
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) removals() (all []db.DeskRemoval) {
	w.t.Helper()
	err := w.below.Read(w.t.Context(), func(tx db.Tx) (err error) {
		all, err = tx.ListDeskRemovals(99)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// What the desk reads once the post of a handoff is gone, by both ways.
func TestN14WhatIsRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.teller.o.Publish = w.publish
	w.put(handed("h-1", "7", "42"), handed("h-2", "8", ""))
	w.step(nine)
	w.bodies, w.onBus, w.got = nil, nil, nil
	w.takeBack(db.DutyPost, "42")
	if next := w.step(nine.Add(2 * time.Minute)); !next.IsZero() {
		t.Errorf("next %s", next)
	}
	const rest = `"id":"h-1.post","handoff":"h-1","bot":"acme","what":"post","at":"2026-03-02T09:01:00Z","due":"2026-03-03T09:00:00Z"`
	if d := cmp.Diff([]string{`{"form":"beckon.removal/v1",` + rest + `,"attempt":1,"sent":1772442120}`}, w.bodies); d != "" {
		t.Errorf("posted (-want +got):\n%s", d)
	}
	if len(w.onBus) != 1 || string(w.onBus[0].Body) != `{"form":"beckon.removal/v1",`+rest+`}` || w.onBus[0].Type != RemovalType || w.onBus[0].User != "" {
		t.Errorf("on the bus: %+v", w.onBus)
	}
	r := w.got[0]
	if r.Header.Get(HeaderKey) != "h-1.post" || r.Header.Get(HeaderSignature) != Sign([]byte(secret), []byte(w.bodies[0])) {
		t.Errorf("headers: %v", r.Header)
	}
	if len(w.removals()) != 0 || w.met.Removals.Load() != 2 {
		t.Errorf("still waits: %+v", w.removals())
	}
	// The user is erased after that: the same handoff, and everything of it.
	w.takeBack(db.DutyUser, "7")
	w.step(nine.Add(3 * time.Minute))
	if got := w.bodies[len(w.bodies)-1]; !strings.Contains(got, `"id":"h-1.user"`) || strings.Contains(got, `"7"`) || strings.Contains(got, `"42"`) {
		t.Errorf("got %s", got)
	}
	// Of what the desk was never told nothing is taken back.
	told := len(w.bodies)
	w.takeBack(db.DutyUser, "9")
	if w.step(nine.Add(4 * time.Minute)); len(w.bodies) != told {
		t.Errorf("told %s", w.bodies[told:])
	}
}

// A desk that does not answer is told for seven days, past the time that X gives,
// and an operator sees it until then and after.
func TestN14GivenUpAfterAWeek(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(handed("h-1", "7", "42"))
	w.step(nine)
	w.takeBack(db.DutyPost, "42")
	w.status = http.StatusBadGateway
	now := nine.Add(time.Minute)
	for range 1000 {
		next := w.step(now)
		if next.IsZero() {
			break
		}
		if next.Sub(now) > time.Hour || !next.After(now) {
			t.Fatalf("a pause of %s", next.Sub(now))
		}
		now = next
	}
	all := w.removals()
	if len(all) != 1 || !all[0].NextAt.IsZero() || all[0].Reason != "the desk answered 502" || now.Before(nine.Add(GiveUpRemoval-time.Hour)) || w.met.Dead.Load() != 1 {
		t.Errorf("at %s: %+v", now, all)
	}
}

// Wherever the host is killed while it tells of a handoff, its post is taken back:
// either the desk was not told of it, or it is told to remove it.
func TestN13TakenBackAfterACrash(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		for write := 1; write <= 2; write++ {
			for _, status := range []int{http.StatusOK, http.StatusServiceUnavailable} {
				w := newWorld(t)
				w.put(handed("h-1", "7", "42"))
				w.status = status
				w.store.At(write, fault)
				if _, err := w.teller.Step(t.Context(), nine); err == nil {
					t.Fatalf("%s, write %d: the fault was not noticed", name, write)
				}
				w.takeBack(db.DutyPost, "42") // before the next start, or in it
				w.restart()
				w.status = http.StatusOK
				w.step(nine.Add(time.Hour))
				w.step(nine.Add(2 * time.Hour))
				knows, removed := false, false
				for _, body := range w.bodies {
					if strings.Contains(body, RemovalForm) {
						removed = true
					} else if strings.Contains(body, `/42"`) {
						knows, removed = true, false
					}
				}
				if knows && !removed || !knows && write == 2 {
					t.Errorf("%s, write %d, %d: knows %t, was told to remove it %t:\n%s", name, write, status, knows, removed, strings.Join(w.bodies, "\n"))
				}
			}
		}
	}
}

// One that became void, or lost its post, while it was read is told as it stands.
func TestN13ToldAsItStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(handed("h-1", "7", "42"))
	stale := w.notice("7")
	w.takeBack(db.DutyPost, "42")
	if n, void, err := w.teller.ahead(t.Context(), stale); void || err != nil || n.Post != "" || n.Interaction != "" {
		t.Errorf("%+v %t %v", n, void, err)
	}
	w.put(handed("h-2", "7", "43"))
	if _, void, err := w.teller.ahead(t.Context(), stale); !void || err != nil {
		t.Errorf("another handoff of the user: %t %v", void, err)
	}
	if err := w.below.Write(t.Context(), func(tx db.Tx) error { return tx.DropDeskNotices("acme", "7") }); err != nil {
		t.Fatal(err)
	}
	if _, void, err := w.teller.ahead(t.Context(), stale); !void || err != nil {
		t.Errorf("released: %t %v", void, err)
	}
}

// N11: whatever becomes of the write after a removal, the desk hears it, under one
// id.
func TestN11RemovalCrash(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		w := newWorld(t)
		w.put(handed("h-1", "7", "42"))
		w.step(nine)
		w.takeBack(db.DutyPost, "42")
		w.got = nil
		w.store.Next(fault)
		if _, err := w.teller.Step(t.Context(), nine.Add(time.Hour)); err == nil {
			t.Fatalf("%s: the fault was not noticed", name)
		}
		w.restart()
		w.step(nine.Add(2 * time.Hour))
		if len(w.removals()) != 0 || len(w.got) == 0 || slices.ContainsFunc(w.got, func(r *http.Request) bool { return r.Header.Get(HeaderKey) != "h-1.post" }) {
			t.Errorf("%s: %d requests, %+v", name, len(w.got), w.removals())
		}
	}
}

// A handoff that waits on the bus loses what a duty is about, and nothing else.
func TestUnpost(t *testing.T) {
	t.Parallel()
	public, err := json.Marshal(handoff(handed("h-1", "7", "42")))
	dm, err2 := json.Marshal(handoff(handed("h-2", "7", "")))
	bare, err3 := json.Marshal(removal(db.DeskRemoval{ID: "h-1.post", Handoff: "h-1", Bot: "acme", What: db.DutyPost}))
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	older := strings.Replace(string(public), `"post":`, `"was":`, 1) // of a version before
	for _, tt := range []struct {
		name string
		body string
		d    db.Duty
		goes bool
	}{
		{"the post", string(public), db.Duty{What: db.DutyPost, Target: "42"}, true},
		{"its first version", string(public), db.Duty{What: db.DutyPost, Target: "41"}, true},
		{"told by an older version", older, db.Duty{What: db.DutyPost, Target: "42"}, true},
		{"another", string(public), db.Duty{What: db.DutyPost, Target: "4"}, false},
		{"of another bot", string(public), db.Duty{What: db.DutyPost, Target: "42", Bot: "other"}, false},
		{"no target", string(public), db.Duty{What: db.DutyPost}, false},
		{"an edit", string(public), db.Duty{What: db.DutyEdit, Target: "42"}, false},
		{"the user's posts", string(public), db.Duty{What: db.DutyPosts, Target: "7"}, true},
		{"another's posts", string(public), db.Duty{What: db.DutyPosts, Target: "8"}, false},
		{"a DM is no post", string(dm), db.Duty{What: db.DutyPosts, Target: "7"}, false},
		{"the DM", string(dm), db.Duty{What: db.DutyDM, Target: "41"}, true},
		{"a removal", string(bare), db.Duty{What: db.DutyPost, Target: "42"}, false},
	} {
		n := make([]int64, 2)
		out, err := UnpostAll([]db.Duty{{What: db.DutyPost, Target: "99"}, tt.d}, n)([]byte(tt.body))
		if err != nil || (out != nil) != tt.goes || n[1] != map[bool]int64{true: 1}[tt.goes] || n[0] != 0 {
			t.Errorf("%s: %s, %v, %d", tt.name, out, err, n)
			continue
		}
		if !tt.goes {
			continue
		}
		var h Handoff
		if err := json.Unmarshal(out, &h); err != nil || h.User != "7" || h.Why == "" || h.ID == "" || h.Post != nil || strings.Contains(string(out), "41") || strings.Contains(string(out), "42") {
			t.Errorf("%s: left %s, %v", tt.name, out, err)
		}
	}
	if _, err := Unpost([]byte("{"), db.Duty{What: db.DutyPost, Target: "1"}); err == nil {
		t.Error("what is no handoff is passed over")
	}
	if p := handoff(handed("h", "7", "42")).Post; p.Text != "" || p.Link != display.Link("", "42") || p.Attribution != display.OnX {
		t.Errorf("shown: %+v", p)
	}
	if p := handoff(db.DeskNotice{ID: "h", Bot: "acme", User: "7"}).Post; p != nil {
		t.Errorf("by an operator: %+v", p)
	}
}
