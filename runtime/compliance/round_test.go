package compliance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/event"
)

// result is what X says of the world: ann's post was deleted, ben's lost its
// place, and ben's posts are no longer public. Action says which job's line it is.
func result() []event.Redaction {
	at := nine.Add(-time.Hour)
	return []event.Redaction{
		{ID: post, Action: event.JobPosts, Reason: "deleted", At: at},
		{ID: bens, Action: event.JobPosts, Reason: "scrub_geo", At: at},
		{ID: ben, Action: event.JobUsers, Reason: "protected", At: at},
	}
}

// rounds lets rounds about posts and users go until nothing is to be done, as a
// host does that is started anew with each step.
func (w *world) rounds(s db.Store, from time.Time) (end time.Time) {
	w.t.Helper()
	now := from
	for range 60 {
		o := w.officer(s)
		o.Every = Every
		next, _ := o.Step(context.Background(), now) // what went wrong is repeated
		if s != db.Store(w.below) && w.killed(s) {
			return now
		}
		if next.Sub(now) > 4*time.Minute {
			return now
		}
		now = next
	}
	w.t.Fatal("it does not come to an end")
	return now
}

func (w *world) killed(s db.Store) bool {
	return s.Read(context.Background(), func(db.Tx) error { return nil }) == dbtest.ErrKilled
}

// wantRounds holds that each round was asked for once, and each line is one duty
// that is done.
func (w *world) wantRounds() {
	w.t.Helper()
	about := map[string]int{}
	for _, j := range w.x.jobs {
		about[j.Type]++
	}
	if d := cmp.Diff(map[string]int{event.JobPosts: 1, event.JobUsers: 1}, about); d != "" {
		w.t.Errorf("jobs on X (-want +got):\n%s", d)
	}
	for _, kind := range []string{event.JobPosts, event.JobUsers} {
		w.read(func(tx db.Tx) error {
			j, err := tx.LastComplianceJob(kind)
			if j.Step != db.JobDone || j.DoneAt.IsZero() || j.Found == 0 || j.Problem != "" {
				w.t.Errorf("round about %s: %+v", kind, j)
			}
			return err
		})
	}
	var got []string
	for _, d := range w.duties() {
		got = append(got, fmt.Sprintf("%s %s %s %s", d.What, d.Reason, d.ToldBy, d.Step))
	}
	slices.Sort(got)
	want := []string{"geo scrub_geo job done", "post deleted job done", "posts protected job done"}
	if d := cmp.Diff(want, got); d != "" {
		w.t.Errorf("duties (-want +got):\n%s", d)
	}
	if got, want := w.left(), "act dm answered hash decisions ref-dm h2 -h1.post -h3.post bus2"; got != want {
		w.t.Errorf("left: %s\nwant: %s", got, want)
	}
}

// TestK13RoundUnderFaults lets each write and each call of a round fail in each
// way, and starts anew: X is asked once, and each line is one duty.
func TestK13RoundUnderFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.x.lines = result()
	whole := dbtest.Faulty(w.below)
	w.rounds(whole, nine)
	w.wantRounds()
	if d := cmp.Diff(map[string][]string{event.JobPosts: {post, mine, bens}, event.JobUsers: {ann, ben}}, sorted(w.x.ids)); d != "" {
		t.Errorf("asked about (-want +got):\n%s", d)
	}
	for n := 1; n <= whole.Writes(); n++ {
		for name, fault := range dbtest.Table() {
			t.Run(fmt.Sprintf("%s, write %d", name, n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.x.lines = result()
				s := dbtest.Faulty(w.below)
				s.At(n, fault)
				now := w.rounds(s, nine)
				if s.Struck() != 1 {
					t.Fatal("the fault was not met")
				}
				w.rounds(w.below, now)
				w.wantRounds()
			})
		}
	}
	for _, method := range []string{"Jobs", "CreateJob", "Job", "Upload", "Download"} {
		for _, how := range []string{"before", "after"} {
			t.Run(fmt.Sprintf("%s fails %s X had it", method, how), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.x.lines, w.x.bad = result(), map[string]string{method: how}
				w.rounds(w.below, nine)
				w.wantRounds()
			})
		}
	}
}

func sorted(m map[string][]string) map[string][]string {
	for k := range m {
		m[k] = slices.DeleteFunc(m[k], func(id string) bool { return id == dm })
		slices.Sort(m[k])
	}
	return m
}

// TestK13AnotherJob: X runs one job of a type at a time; another host's is waited
// for.
func TestK13AnotherJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.x.lines = result()
	w.x.jobs = []event.Job{{ID: "9", Type: event.JobPosts, Name: "somebody else's", Status: event.JobCreated}}
	o := w.officer(w.below)
	if err := o.Ask(t.Context(), nine); err == nil || !strings.Contains(err.Error(), "job 9 is under way") {
		t.Fatalf("%v", err)
	}
	if slices.Contains(w.x.calls[:2], "CreateJob") {
		t.Errorf("asked for one all the same: %v", w.x.calls)
	}
	w.x.jobs[0].Status = event.JobComplete
	w.rounds(w.below, nine.Add(time.Minute))
	if w.x.jobs = w.x.jobs[1:]; len(w.x.jobs) != 2 {
		t.Fatalf("%+v", w.x.jobs)
	}
	w.wantRounds()
}

// TestK13FailedJob: a job that X gives up, or that expired, is followed by
// another one, soon.
func TestK13FailedJob(t *testing.T) {
	t.Parallel()
	for _, status := range []event.JobStatus{event.JobFailed, event.JobExpired} {
		w := newWorld(t)
		w.x.lines = result()
		o := w.officer(w.below)
		o.Every = Every
		if _, err := o.Step(t.Context(), nine); err != nil {
			t.Fatal(err)
		}
		for i := range w.x.jobs {
			w.x.jobs[i].Status = status
		}
		now := w.rounds(w.below, nine.Add(time.Minute))
		if len(w.duties()) != 0 {
			t.Fatalf("%+v", w.duties())
		}
		w.rounds(w.below, now.Add(retryMost))
		if w.x.jobs = w.x.jobs[2:]; len(w.x.jobs) != 2 {
			t.Fatalf("%s: %+v", status, w.x.jobs)
		}
		w.wantRounds()
	}
}

// TestK14SaidAgain: what X says in every round is one duty.
func TestK14SaidAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.x.lines = result()
	now := w.rounds(w.below, nine)
	for i := range 3 {
		for j := range w.x.lines { // however X dates it
			w.x.lines[j].At = w.x.lines[j].At.Add(time.Duration(i) * time.Minute)
		}
		now = w.rounds(w.below, now.Add(Every))
	}
	if len(w.x.jobs) != 8 || len(w.duties()) != 3 {
		t.Errorf("%d jobs, %d duties", len(w.x.jobs), len(w.duties()))
	}
}

// TestK14Reasons: X's reason counts, not its action, and one that nobody knows
// deletes.
func TestK14Reasons(t *testing.T) {
	t.Parallel()
	for about, reasons := range map[string]map[string]db.DutyWhat{
		event.JobPosts: {"deleted": db.DutyPost, "suspended": db.DutyPost, "protected": db.DutyPost, "bounced": db.DutyPost, "scrub_geo": db.DutyGeo, "new": db.DutyPost, "": db.DutyPost},
		event.JobUsers: {"deleted": db.DutyUser, "suspended": db.DutyUser, "deactivated": db.DutyUser, "protected": db.DutyPosts, "new": db.DutyUser},
	} {
		for reason, want := range reasons {
			w := newWorld(t)
			o := w.officer(w.below)
			w.write(func(tx db.Tx) error {
				return o.take(tx, nine, about, event.Redaction{ID: post, Action: "keep", Reason: reason, At: nine.Add(-time.Hour)})
			})
			d := w.duties()
			if len(d) != 1 || d[0].What != want || d[0].Cause != db.CauseX || !d[0].DueAt.Equal(nine.Add(24*time.Hour)) || !d[0].Since.Equal(nine.Add(-time.Hour)) {
				t.Errorf("%s, %q: %+v, want %s", about, reason, d, want)
			}
		}
	}
}

// TestNobodyAsked: nothing is kept, so X is asked nothing; without the app's own
// token X cannot be asked.
func TestNobodyAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.officer(w.below)
	if ids, err := o.Wipe(t.Context(), nine, db.AllBots, "olga", time.Time{}); err != nil || o.Finish(t.Context(), func() time.Time { return nine }, ids, 0) != nil {
		t.Fatal(err)
	}
	if err := o.Ask(t.Context(), nine); err != nil || len(w.x.calls) != 0 {
		t.Errorf("%v, %v", w.x.calls, err)
	}
	o.X = nil
	if err := o.Ask(t.Context(), nine); err != ErrNotAsked {
		t.Error(err)
	}
}
