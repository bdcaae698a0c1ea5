package desk

import (
	"context"
	"errors"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db/dbtest"
)

// publish is the bus of the world.
func (w *world) publish(_ context.Context, e Event) error {
	if w.full {
		return errors.New("full")
	}
	w.onBus = append(w.onBus, e)
	return nil
}

func (w *world) ids() (ids []string) {
	for _, e := range w.onBus {
		ids = append(ids, e.ID)
	}
	return ids
}

// What is on the bus is what the webhook reads, but its attempts.
func TestOnTheBusAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.teller.o.URL, w.teller.o.Publish = "", w.publish
	w.put(handed("h-1", "7", "42"))
	w.step(nine)
	want := `{"form":"beckon.handoff/v1","id":"h-1","bot":"acme","user":"7","interaction":"41","why":"the user asked for a person","link":"https://x.com/i/web/status/42","post":{"attribution":"on X","id":"42","author":{"id":"7"},"no_text":"A desk is told no words: beckon conversations show acme 7","link":"https://x.com/i/web/status/42"},"at":"2026-03-02T09:00:00Z"}`
	if len(w.onBus) != 1 || string(w.onBus[0].Body) != want || len(w.got) != 0 || w.notice("7").ID != "" || w.met.Published.Load() != 1 {
		t.Errorf("%+v; posted %d; kept %+v", w.onBus, len(w.got), w.notice("7"))
	}
}

// N11: one way that fails does not tell the desk again by the other.
func TestN11EachWayOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.teller.o.Publish = w.publish
	w.put(handed("h-1", "7", ""), handed("h-2", "8", ""))
	w.status = http.StatusBadGateway
	w.step(nine)
	if n := w.notice("7"); !n.OnBus || n.Posted || n.Reason != "the desk answered 502" {
		t.Fatalf("%+v", n)
	}
	w.restart()
	w.teller.o.Publish = w.publish
	w.status = http.StatusOK
	w.step(nine.Add(time.Minute))
	if d := cmp.Diff([]string{"h-1", "h-2"}, w.ids()); d != "" || len(w.got) != 4 || w.notice("8").ID != "" {
		t.Errorf("on the bus (-want +got):\n%s; %d posts", d, len(w.got))
	}

	w.put(handed("h-3", "9", ""))
	w.full = true
	w.step(nine)
	if n := w.notice("9"); n.OnBus || !n.Posted || n.Reason != "the bus: full" || w.met.Unpublished.Load() != 1 {
		t.Fatalf("%+v", n)
	}
	w.full = false
	w.step(nine.Add(time.Minute))
	if d := cmp.Diff([]string{"h-1", "h-2", "h-3"}, w.ids()); d != "" || len(w.got) != 5 || w.notice("9").ID != "" {
		t.Errorf("on the bus (-want +got):\n%s; %d posts", d, len(w.got))
	}
}

// N11: a crash between the event and the mark tells it again, under its id.
func TestN11CrashBetweenEventAndMark(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		w := newWorld(t)
		w.teller.o.URL, w.teller.o.Publish = "", w.publish
		w.put(handed("h-1", "7", ""))
		w.store.At(2, fault) // the first is before it is told (N13)
		if _, err := w.teller.Step(t.Context(), nine); err == nil {
			t.Fatalf("%s: the fault was not noticed", name)
		}
		w.restart()
		w.teller.o.URL, w.teller.o.Publish = "", w.publish
		w.step(nine.Add(time.Minute))
		want := []string{"h-1", "h-1"}
		if fault == dbtest.ReportedFailed || fault == dbtest.KilledAfter {
			want = want[:1]
		}
		if d := cmp.Diff(want, w.ids()); d != "" || w.notice("7").ID != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// The page for the desk names every field of both forms, and no other.
func TestREADMEFields(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	rest := string(page)
	for _, form := range []reflect.Type{reflect.TypeFor[Handoff](), reflect.TypeFor[Removal]()} {
		var table string
		_, rest, _ = strings.Cut(rest, "|---|---|\n")
		table, rest, _ = strings.Cut(rest, "\n\n")
		var got, want []string
		for line := range strings.Lines(table) {
			got = append(got, strings.Split(line, "`")[1])
		}
		for i := range form.NumField() {
			name, _, _ := strings.Cut(form.Field(i).Tag.Get("json"), ",")
			want = append(want, name)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("fields of %s (-want +got):\n%s", form, d)
		}
	}
}
