package erasure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	ann = "700100200300400500"
	ben = "700100200300400501"
)

var (
	nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	key  = event.Key("a key for tests, 32 bytes long...")
)

// world is a database and a bus with two users.
type world struct {
	t     *testing.T
	below *sqlite.Store
	bus   *bus.Memory
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(t.TempDir(), "x.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w := &world{t: t, below: s, bus: bus.NewMemory(bus.MemoryOptions{})}
	w.write(func(tx db.Tx) error {
		for _, user := range []string{ann, ben} {
			for _, st := range []event.State{event.Hold, event.Pending, event.Sent, event.Unsettled} {
				a := db.Action{
					ID: user + string(st), Bot: "acme", Interaction: "i" + user + string(st), Kind: event.DM, Purpose: event.Answer,
					User: user, State: st, CreatedAt: nine.Add(-time.Hour), Draft: []byte(`{}`), Decision: []byte(`{}`),
				}
				if st == event.Sent {
					a.RemoteID = "r" + user
				}
				if err := dbtest.PutAction(tx, a); err != nil {
					return err
				}
			}
			err := errors.Join(
				tx.PutActionText(user+"hold", []byte("a text")),
				tx.PutSlot("acme", user, "order", []byte("42")),
				tx.PutSlot("globex", user, "order", []byte("43")),
				tx.PutConversation(conversation.Conversation{Bot: "acme", User: user, LastEventAt: nine.Add(-time.Hour)}),
				tx.PutInteraction(conversation.Interaction{Bot: "acme", Key: "i" + user, User: user}),
				tx.PutDeskTold(db.DeskTold{ID: "h" + user, Bot: "acme", User: user, At: nine.Add(-time.Hour)}),
				tx.AppendDeadLetter(db.DeadLetter{ID: "l" + user, Bot: "acme", Raw: fmt.Appendf(nil, `{"x":{"sender_id":%q}}`, user)}),
			)
			if err != nil {
				return err
			}
			for i := range 3 {
				err := tx.AppendDecision(db.Decision{ID: fmt.Sprint(user, i), Bot: "acme", Record: fmt.Appendf(nil, `{"id":"%d","user":%q}`, i, user)})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	w.publish(ann, "hello")
	w.publish(ben, "hello")
	return w
}

func (w *world) publish(user, text string) {
	w.t.Helper()
	body := fmt.Sprintf(`{"data":{"event_uuid":"e-%[1]s-%[2]s","event_type":"dm.received","filter":{"user_id":"900"},"payload":{
		"direct_message_events":[{"type":"message_create","id":"2100000000000000001","created_timestamp":"%[3]d","message_create":{
		"target":{"recipient_id":"900"},"sender_id":%[1]q,"message_data":{"text":%[2]q}}}]}}}`, user, text, nine.Add(-time.Minute).UnixMilli())
	err := w.bus.Publish(context.Background(), bus.Message{
		ID: "e-" + user + text, Type: "dm.received", Source: "/x/webhook", Time: nine, Bot: "acme", User: user, Data: []byte(body),
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(fn func(tx db.Tx) error) {
	w.t.Helper()
	if err := w.below.Write(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) eraser(s db.Store) *Eraser {
	return &Eraser{Store: s, Bus: w.bus, Scrub: w.below.Scrub, Key: key, Log: slog.New(slog.DiscardHandler)}
}

// kept counts what there is of a user, and names how their actions stand.
func (w *world) kept(user string) (n map[string]int64, states map[event.State]int) {
	w.t.Helper()
	n, err := w.eraser(w.below).Dry(context.Background(), nine, Request{User: user, By: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	states = map[event.State]int{}
	err = w.below.Read(context.Background(), func(tx db.Tx) error {
		all, err := tx.ListActions(db.ActionFilter{User: key.User(user)})
		for _, a := range all {
			states[a.State]++
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n, states
}

// TestZ1EachStepUnderFaults lets each write of an erasure fail in each way, and
// starts anew: it is done, once, and nobody else has lost anything.
func TestZ1EachStepUnderFaults(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		for n := 1; n <= 6; n++ {
			t.Run(fmt.Sprintf("%s, write %d", name, n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				bens, _ := w.kept(ben)
				s := dbtest.Faulty(w.below)
				s.At(n, fault)
				ctx := context.Background()
				_, err := w.eraser(s).Begin(ctx, nine, Request{User: ann, By: "bob"})
				if err == nil {
					_ = w.eraser(s).All(ctx, nine) // as far as it comes
				}
				open := w.receipts()
				if len(open) == 0 { // it was not begun, and the operator was told so
					if err == nil {
						t.Fatal("begun, and nothing is known of it")
					}
					if _, err := w.eraser(w.below).Begin(ctx, nine, Request{User: ann, By: "bob"}); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.eraser(w.below).All(ctx, nine); err != nil { // the next start
					t.Fatal(err)
				}
				done := w.receipts()
				if len(done) != 1 || done[0].Step != db.EraseDone || done[0].User != "" {
					t.Fatalf("erasures: %+v, want one that is done", done)
				}
				counts, err := read(done[0].Counts)
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]int64{"actions": 4, "cancelled": 2, "conversations": 1, "dead_letters": 1, "decisions": 3, "desk_told": 1, "interactions": 1, "slots": 2}
				delete(counts, "events") // removed once; a crash before it is stored loses the number
				if d := cmp.Diff(want, counts); d != "" {
					t.Errorf("receipt (-want +got):\n%s", d)
				}
				if err := w.below.Read(ctx, func(tx db.Tx) error {
					told, err := tx.ListDeskRemovals(9)
					if len(told) != 1 || told[0].Handoff != "h"+ann || told[0].What != db.DutyUser || !told[0].DueAt.Equal(nine.Add(Within)) {
						t.Errorf("the desk is to remove %+v", told)
					}
					return err
				}); err != nil {
					t.Fatal(err)
				}
				left, states := w.kept(ann)
				if len(left) > 0 {
					t.Errorf("still kept: %v", left)
				}
				if d := cmp.Diff(map[event.State]int{event.Cancelled: 2, event.Sent: 1, event.Failed: 1}, states); d != "" {
					t.Errorf("what is left of the actions (-want +got):\n%s", d)
				}
				if now, _ := w.kept(ben); cmp.Diff(bens, now) != "" {
					t.Errorf("the other user lost something: %v, had %v", now, bens)
				}
				gone, err := w.bus.Erase(ctx, "", ann, func(bus.Message) error { return nil })
				if gone != 0 || err != nil {
					t.Errorf("%d events left on the bus, error %v", gone, err)
				}
			})
		}
	}
}

func (w *world) receipts() (all []db.Erasure) {
	w.t.Helper()
	err := w.below.Read(context.Background(), func(tx db.Tx) (err error) {
		all, err = tx.ListErasures(10)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// TestZ1OneBot erases what one bot has.
func TestZ1OneBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.eraser(w.below)
	x, err := e.Begin(context.Background(), nine, Request{Bot: "globex", User: ann, By: "bob"})
	if err == nil {
		x, err = e.Finish(context.Background(), func() time.Time { return nine }, x.ID)
	}
	if err != nil || x.Counts != `{"slots":1}` {
		t.Errorf("removed %s, error %v; want the one slot", x.Counts, err)
	}
}

// TestZ1WaitsForACall: a row that is being sent is not touched until X answered.
func TestZ1WaitsForACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	under := db.Action{ID: "under way", Bot: "acme", Interaction: "i9", Kind: event.DM, Purpose: event.Answer, User: ann, State: event.Attempting, CreatedAt: nine}
	w.write(func(tx db.Tx) error { return dbtest.PutAction(tx, under) })
	e := w.eraser(w.below)
	ctx := context.Background()
	if _, err := e.Begin(ctx, nine, Request{User: ann, By: "bob"}); err != nil {
		t.Fatal(err)
	}
	if err := e.All(ctx, nine); err != nil {
		t.Fatal(err)
	}
	if x := w.receipts()[0]; x.Step != db.EraseDecisions {
		t.Fatalf("at step %s while X is being called, want %s", x.Step, db.EraseDecisions)
	}
	under.State, under.RemoteID = event.Sent, "r9"
	w.write(func(tx db.Tx) error { return tx.UpdateAction(under, event.Attempting) })
	if err := e.All(ctx, nine); err != nil {
		t.Fatal(err)
	}
	if x := w.receipts()[0]; x.Step != db.EraseDone {
		t.Errorf("at step %s after X answered", x.Step)
	}
	if left, _ := w.kept(ann); len(left) > 0 {
		t.Errorf("still kept: %v", left)
	}
}

// TestZ3AStopOnTheBusCounts: what dispatch had not had yet says stop.
func TestZ3AStopOnTheBusCounts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		before conversation.Suppression
		want   bool
	}{
		"nothing known":     {conversation.Suppression{UserHash: key.User(ann)}, true},
		"an opt-out stands": {conversation.Suppression{UserHash: key.User(ann), OptedOut: true, At: nine, EventID: "x", Tier: conversation.TierHard}, true},
		"a later START":     {conversation.Suppression{UserHash: key.User(ann), At: nine, EventID: "x", Tier: conversation.TierStart}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publish(ann, "STOP")
			w.write(func(tx db.Tx) error { return tx.PutSuppression(tt.before) })
			e := w.eraser(w.below)
			ctx := context.Background()
			_, err := e.Begin(ctx, nine, Request{User: ann, By: "bob"})
			if err := errors.Join(err, e.All(ctx, nine)); err != nil {
				t.Fatal(err)
			}
			err = w.below.Read(ctx, func(tx db.Tx) error {
				s, err := tx.Suppression(key.User(ann))
				if s.OptedOut != tt.want || !s.ErasedAt.Equal(nine) {
					t.Errorf("opt-out %+v, want opted out %v and erased at %s", s, tt.want, nine)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
