package compliance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/event"
)

const everything = "post act dm ben waits answered hash slots letter decisions question flow link ref-post ref-dm h1 h2 h3 waits-with-post ben-waits bus1 bus2 bus3 bus4"

// wiped is what is left of all: the desk has to be told, by words that name nobody.
const wiped = "-h1.user -h2.user -h3.user"

// kinds of duties: what each leaves in the world, and how many receipts.
func kinds() map[string]struct {
	duty     db.Duty
	left     string
	receipts int
} {
	told := Told{By: "job", Reason: "deleted", Since: nine.Add(-time.Hour)}
	ordered := Account(key, nine, "acme", Told{By: "olga"})
	ordered.StartAt = time.Time{}
	edited := event.Event{ID: "e9", Type: "post.mention.create", Bot: "acme", User: ann, Interaction: post, Message: "x", Version: 1, At: nine}
	return map[string]struct {
		duty     db.Duty
		left     string
		receipts int
	}{
		"post":    {Item(key, nine, db.DutyPost, post, told), "act dm ben answered hash decisions ref-dm h2 h3 -h1.post ben-waits bus2 bus3", 1},
		"own":     {Item(key, nine, db.DutyPost, mine, told), strings.ReplaceAll(everything, "hash ", ""), 1},
		"dm":      {Item(key, nine, db.DutyDM, dm, told), "post act ben waits answered hash letter decisions question link ref-post h1 h3 -h2.dm waits-with-post ben-waits bus1 bus3 bus4", 1},
		"geo":     {Item(key, nine, db.DutyGeo, post, told), "post act dm ben waits answered hash slots decisions question flow link ref-post ref-dm h1 h2 h3 waits-with-post ben-waits bus2 bus3", 1},
		"edit":    {Edited(key, nine, edited), "post act dm ben waits answered hash slots decisions flow link ref-dm h1 h2 h3 waits-with-post ben-waits bus2 bus3 bus4", 1},
		"posts":   {User(key, nine, db.DutyPosts, ann, told), "act dm ben answered hash decisions ref-dm h2 h3 -h1.post ben-waits bus2 bus3", 1},
		"user":    {User(key, nine, db.DutyUser, ann, told), "ben answered h3 -h1.user -h2.user ben-waits bus3 bus4", 2},
		"account": {ordered, wiped, 2},
		"nothing": {Item(key, nine, db.DutyPost, "19000000000000000777", told), everything, 1},
	}
}

// TestK11EachStepUnderFaults lets each write of each kind of duty fail in each
// way, and starts anew: it is done, once, and nothing else is lost.
func TestK11EachStepUnderFaults(t *testing.T) {
	t.Parallel()
	for kind, tt := range kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if got := w.left(); got != everything {
				t.Fatalf("to begin with: %s", got)
			}
			w.carry(tt.duty)
			whole := dbtest.Faulty(w.below)
			if _, err := w.officer(whole).Step(context.Background(), nine); err != nil {
				t.Fatal(err)
			}
			w.judge(tt.duty, tt.left, tt.receipts)
			switch kind {
			case "post", "user", "account": // the others go the first one's way
			default:
				return
			}
			for n := 1; n <= whole.Writes(); n++ {
				for name, fault := range dbtest.Table() {
					t.Run(fmt.Sprintf("%s, write %d", name, n), func(t *testing.T) {
						t.Parallel()
						w := newWorld(t)
						w.carry(tt.duty)
						s := dbtest.Faulty(w.below)
						s.At(n, fault)
						for range 3 { // as far as it comes
							_, _ = w.officer(s).Step(context.Background(), nine)
						}
						if s.Struck() != 1 {
							t.Fatal("the fault was not met")
						}
						if _, err := w.officer(w.below).Step(context.Background(), nine); err != nil { // the next start
							t.Fatal(err)
						}
						w.judge(tt.duty, tt.left, tt.receipts)
					})
				}
			}
		})
	}
}

// The desk's program loses what it has not taken yet, or the duty is not done.
func TestK23HandoffsThatCannotBeReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.carry(kinds()["post"].duty)
	o, woken, errBus := w.officer(w.below), 0, errors.New("no bus")
	o.Told = func() { woken++ }
	o.Unpost = func(context.Context, []db.Duty) ([]int64, error) { return nil, errBus }
	if _, err := o.Step(context.Background(), nine); !errors.Is(err, errBus) || woken == 0 {
		t.Errorf("%v, who tells the desk was woken %d times", err, woken)
	}
	if got := w.left(); !strings.Contains(got, "waits-with-post") || !strings.Contains(got, "-h1.post") {
		t.Errorf("left: %s", got)
	}
	o.Unpost = w.bus.unpost
	if _, err := o.Step(context.Background(), nine); err != nil {
		t.Fatal(err)
	}
	w.judge(kinds()["post"].duty, kinds()["post"].left, 1)
	if d := w.duties()[0]; !strings.Contains(d.Counts, `"desk_told":1`) || !strings.Contains(d.Counts, `"handoffs":1`) {
		t.Errorf("counts: %s", d.Counts)
	}
}

func (w *world) carry(d db.Duty) {
	w.t.Helper()
	w.write(func(tx db.Tx) error { _, err := tx.OpenDuty(d); return err })
}

// judge holds that the duty is done, and what is left.
func (w *world) judge(d db.Duty, left string, receipts int) {
	w.t.Helper()
	all := w.duties()
	if len(all) != 1 || all[0].Step != db.DutyDone || all[0].Target != "" || all[0].Owner != "" || all[0].DoneAt.IsZero() || all[0].Problem != "" {
		w.t.Fatalf("%+v, want one that is done and tells of nobody", all)
	}
	if got := w.left(); got != left {
		w.t.Errorf("left: %s\nwant: %s", got, left)
	}
	w.read(func(tx db.Tx) error {
		rs, err := tx.ListReceipts(time.Time{}, nine.AddDate(1, 0, 0))
		n := 0
		for _, r := range rs {
			if strings.HasPrefix(r.ID, "r-"+d.ID) && r.Cause == string(d.Cause) && r.DueAt.Equal(all[0].DueAt) {
				n++
			}
		}
		if n < receipts {
			w.t.Errorf("%d receipts of its cause and clock among %+v, want %d", n, rs, receipts)
		}
		out, err2 := tx.Suppression("somebody")
		if !out.OptedOut || err2 != nil {
			w.t.Errorf("an opt-out is gone: %v", err2)
		}
		return err
	})
}

// TestK11WaitsForACall: an answer that is being sent is not touched, and the duty
// is done after it.
func TestK11WaitsForACall(t *testing.T) {
	t.Parallel()
	for kind, duty := range map[string]db.Duty{"post": kinds()["post"].duty, "account": kinds()["account"].duty} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			under := db.Action{ID: "under way", Bot: "acme", Interaction: post, Kind: event.Quote, Purpose: event.Answer, User: ann, State: event.Attempting, CreatedAt: nine}
			w.write(func(tx db.Tx) error { return dbtest.PutAction(tx, under) })
			w.carry(duty)
			o := w.officer(w.below)
			next, err := o.Step(t.Context(), nine)
			if d := w.duties()[0]; err != nil || d.Step != db.DutyRows || next.After(nine.Add(again)) {
				t.Fatalf("at step %s, next %s, %v", d.Step, next, err)
			}
			under.State, under.RemoteID = event.Sent, "r9"
			w.write(func(tx db.Tx) error { return tx.UpdateAction(under, event.Attempting) })
			if _, err := o.Step(t.Context(), nine.Add(again)); err != nil || w.duties()[0].Step != db.DutyDone {
				t.Errorf("after X answered: %+v, %v", w.duties()[0], err)
			}
		})
	}
}

// TestK12DispatchHasItFirst: what dispatch has not had stays on the bus until it
// has, since it may say stop.
func TestK12DispatchHasItFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bus.held[0].Taken = false
	w.carry(kinds()["post"].duty)
	o := w.officer(w.below)
	if _, err := o.Step(t.Context(), nine); err != nil {
		t.Fatal(err)
	}
	if d := w.duties()[0]; d.Step != db.DutyBus || !strings.Contains(d.Problem, "taken in: 1;") || len(w.bus.held) != 3 {
		t.Fatalf("%+v, %d on the bus", d, len(w.bus.held))
	}
	w.bus.held[0].Taken = true
	if _, err := o.Step(t.Context(), nine); err != nil || w.duties()[0].Step != db.DutyDone || len(w.bus.held) != 2 {
		t.Errorf("%+v, %v", w.duties()[0], err)
	}
	var n map[string]int64
	if err := json.Unmarshal([]byte(w.duties()[0].Counts), &n); err != nil || n["events"] != 2 {
		t.Errorf("counted %v, %v", n, err)
	}
}

// TestK12Gone: what a duty was about is named gone when X tells of it again, and
// is a duty again.
func TestK12Gone(t *testing.T) {
	t.Parallel()
	before, after := nine.Add(-time.Hour), nine.Add(time.Hour)
	e := func(kind event.Kind, message, user string, version int, at time.Time) event.Event {
		return event.Event{ID: "e1", Type: "t", Kind: kind, Bot: "acme", Message: message, Interaction: post, User: user, Version: version, At: at}
	}
	for name, tt := range map[string]struct {
		duty   db.Duty
		done   bool
		event  event.Event
		gone   bool
		opened bool
	}{
		"the post":                        {kinds()["post"].duty, true, e(event.KindPost, post, ann, 0, before), true, true},
		"a later version of it":           {kinds()["post"].duty, true, e(event.KindPost, "77", ann, 1, before), true, true},
		"the post, while it is under way": {kinds()["post"].duty, false, e(event.KindPost, post, ann, 0, before), true, false},
		"another post":                    {kinds()["own"].duty, true, e(event.KindPost, post, ann, 0, before), false, false},
		"a like":                          {kinds()["post"].duty, true, e(event.KindOther, post, ann, 0, before), false, false},
		"an older version":                {kinds()["edit"].duty, true, e(event.KindPost, post, ann, 0, before), false, true},
		"the newer version":               {kinds()["edit"].duty, true, e(event.KindPost, "x", ann, 1, before), false, false},
		"its place":                       {kinds()["geo"].duty, true, e(event.KindPost, post, ann, 0, before), false, true},
		"the user, before":                {kinds()["user"].duty, true, e(event.KindDM, post, ann, 0, before), false, true},
		"the user, after":                 {kinds()["user"].duty, true, e(event.KindDM, post, ann, 0, after), false, false},
		"a protected user's post, before": {kinds()["posts"].duty, true, e(event.KindPost, post, ann, 0, before), true, true},
		"a protected user's post, after":  {kinds()["posts"].duty, true, e(event.KindPost, post, ann, 0, after), false, false},
		"a protected user's DM":           {kinds()["posts"].duty, true, e(event.KindDM, post, ann, 0, before), false, false},
		"a wiped account, before":         {kinds()["account"].duty, true, e(event.KindPost, post, ann, 0, before), true, true},
		"a wiped account, after":          {kinds()["account"].duty, true, e(event.KindPost, post, ann, 0, after), false, false},
		"an account that waits":           {Account(key, nine, "acme", Told{By: "oauth.revoke"}), false, e(event.KindPost, post, ann, 0, before), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tt.done {
				tt.duty.Step, tt.duty.DoneAt, tt.duty.Target, tt.duty.Owner = db.DutyDone, nine, "", ""
			}
			w.carry(tt.duty)
			var v, twice Verdict
			w.write(func(tx db.Tx) (err error) {
				if v, err = Gone(tx, key, nine, tt.event, 7); err != nil {
					return err
				}
				twice, err = Gone(tx, key, nine, tt.event, 7) // the same delivery, after a crash
				return err
			})
			if (v.Why != "") != tt.gone || v.Opened != tt.opened || twice.Opened {
				t.Errorf("%+v, then %+v; want gone %v, opened %v, and once", v, twice, tt.gone, tt.opened)
			}
		})
	}
}

// TestK15SomebodyIsTold at half of the time and at its end, once each, wherever
// the host is started anew.
func TestK15SomebodyIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.scrub = errX
	w.carry(kinds()["post"].duty)
	steps := []struct {
		after time.Duration
		told  int
	}{{0, 0}, {12*time.Hour - time.Second, 0}, {12 * time.Hour, 1}, {13 * time.Hour, 1}, {24 * time.Hour, 2}, {30 * time.Hour, 2}}
	for _, s := range steps {
		o := w.officer(w.below) // a new process each time
		if _, err := o.Step(t.Context(), nine.Add(s.after)); err == nil {
			t.Fatal("it went through")
		}
		told := strings.Count(w.told.String(), "half of the time for a deletion is over") + strings.Count(w.told.String(), "a deletion is late")
		if told != s.told {
			t.Errorf("after %s told %d times, want %d:\n%s", s.after, told, s.told, w.told.String())
		}
		if o.Metrics.Open.Load() != 1 || o.Metrics.Oldest.Load() != int64(s.after) || o.Metrics.Late.Load() != int64(max(0, s.told-1)) {
			t.Errorf("after %s: open %d, late %d, oldest %d", s.after, o.Metrics.Open.Load(), o.Metrics.Late.Load(), o.Metrics.Oldest.Load())
		}
	}
	if strings.Contains(w.told.String(), post) || strings.Contains(w.told.String(), ann) {
		t.Error("the log names what is to be deleted")
	}
	w.scrub = nil
	if _, err := w.officer(w.below).Step(t.Context(), nine.Add(31*time.Hour)); err != nil || w.duties()[0].Step != db.DutyDone {
		t.Errorf("%+v, %v", w.duties()[0], err)
	}
}

// TestK16Resumed: an account that is resumed before its time is not wiped; one
// that nobody resumes is, by itself; one that is ordered is at once.
func TestK16Resumed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		resumed, ordered bool
		at               time.Duration
		want             db.DutyStep
		left             string
	}{
		"nobody says anything": {false, false, 13 * 24 * time.Hour, db.DutyRows, everything},
		"its time has come":    {false, false, 14 * 24 * time.Hour, db.DutyDone, wiped},
		"resumed":              {true, false, time.Hour, db.DutyVoid, everything},
		"ordered":              {false, true, time.Hour, db.DutyDone, wiped},
		"ordered and resumed":  {true, true, time.Hour, db.DutyDone, wiped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write(func(tx db.Tx) error { return tx.PutSwitch(db.Switch{Bot: "acme", Paused: true, At: nine}) })
			w.carry(Account(key, nine, "acme", Told{By: "oauth.revoke"}))
			now := nine.Add(tt.at)
			o := w.officer(w.below)
			if tt.ordered {
				if _, err := o.Wipe(t.Context(), now, "acme", "olga", time.Time{}); err != nil {
					t.Fatal(err)
				}
			}
			if tt.resumed {
				w.write(func(tx db.Tx) error { return tx.PutSwitch(db.Switch{Bot: "acme", At: now}) })
			}
			if _, err := o.Step(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			if d := w.duties(); len(d) != 1 || d[0].Step != tt.want || d[0].DoneAt.After(d[0].DueAt) {
				t.Errorf("%+v, want %s in time", d, tt.want)
			}
			if got := w.left(); got != tt.left {
				t.Errorf("left: %s\nwant: %s", got, tt.left)
			}
			w.read(func(tx db.Tx) error {
				s, err1 := tx.Switch("acme")
				login, err := tx.Token("acme")
				if wiped := tt.want == db.DutyDone; wiped != (len(login.Sealed) == 0) || wiped && !s.Paused || err1 != nil {
					t.Errorf("login %+v, switch %+v", login, s)
				}
				return err
			})
		})
	}
}

// TestK16Plan counts what a wipe removes, and changes nothing.
func TestK16Plan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.officer(w.below)
	would, err := o.Plan(t.Context(), nine, "acme")
	if err != nil || w.left() != everything || len(w.duties()) != 0 {
		t.Fatalf("%v, left %s", err, w.left())
	}
	ids, err := o.Wipe(t.Context(), nine, db.AllBots, "olga", time.Time{})
	if err == nil {
		err = o.Finish(t.Context(), func() time.Time { return nine }, ids, 0)
	}
	if err != nil || len(ids) != 2 || w.left() != wiped {
		t.Fatalf("%v, %v, left %s", ids, err, w.left())
	}
	did := counts{}
	for _, d := range w.duties() {
		var n counts
		if err := json.Unmarshal([]byte(d.Counts), &n); d.Step != db.DutyDone || err != nil {
			t.Fatalf("%+v, %v", d, err)
		}
		for what, k := range n {
			did.add(what, k)
		}
	}
	delete(did, "events")
	if d := cmp.Diff(would, map[string]int64(did)); d != "" {
		t.Errorf("planned and done differ:\n%s", d)
	}
}

func TestBusinessDays(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"2026-03-02T09:00:00Z": "2026-03-17", // a Monday
		"2026-03-06T23:59:59Z": "2026-03-21", // a Friday: its tenth is a Friday
		"2026-03-07T00:00:00Z": "2026-03-21", // a Saturday
		"2026-03-08T12:00:00Z": "2026-03-21", // a Sunday
	} {
		at, err := time.Parse(time.RFC3339, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := BusinessDays(at, 10).Format(time.DateOnly); got != want {
			t.Errorf("ten business days after %s end at the beginning of %s, want %s", from, got, want)
		}
	}
}
