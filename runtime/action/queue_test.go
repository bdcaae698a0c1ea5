package action

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

func (d *desk) queue(bot string) Queue {
	d.t.Helper()
	q, err := d.operator().Queue(d.t.Context(), d.now, bot)
	if err != nil {
		d.t.Fatal(err)
	}
	return q
}

// What waits, for what, and when the last of it goes: two bots share the app's
// DMs of the day, each has its own quarter of an hour.
func TestQueue(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 15 {
		d.drafted(d.dm(fmt.Sprint("u", i), fmt.Sprint("m1", i), "hello"), event.Pending)
	}
	d.run()
	d.now = nine.Add(2 * time.Minute)
	for i := range 31 { // two windows full and one more
		d.drafted(d.dm(fmt.Sprint("v", i), fmt.Sprint("m2", i), "hello"), event.Pending)
		d.now = d.now.Add(time.Second)
	}
	for i := range 2 {
		e := d.dm(fmt.Sprint("g", i), fmt.Sprint("m3", i), "hello")
		e.Bot = "globex"
		d.drafted(e, event.Pending)
	}
	d.drafted(d.mention("w1", "p1", "a refund?"), event.Hold)
	if err := d.operator().Pause(t.Context(), d.now, "globex", "olga", "holiday", true); err != nil {
		t.Fatal(err)
	}
	d.x.script = append(slices.Repeat([]reaction{{made: true}}, 15), reaction{class: event.Transient})
	d.drafted(d.mention("w2", "p2", "hello"), event.Pending)
	before := d.queue(db.AllBots)
	d.run()
	want := Queue{Cap: db.Cap{Owner: db.App}, Waiting: []Waiting{
		{Bot: "acme", Endpoint: "create_post", Cause: ForPerson, N: 1, Oldest: d.now, Why: "Money is promised by a person."},
		{Bot: "acme", Endpoint: "create_post", Cause: ForRetry, N: 1, Oldest: d.now, Next: d.now.Add(firstRetry), Last: d.now.Add(firstRetry)},
		{Bot: "acme", Endpoint: "send_dm", Cause: ForWindow, Why: "X's limit of 15 in 15 minutes is used up", N: 31,
			Oldest: nine.Add(2 * time.Minute), Next: nine.Add(15 * time.Minute), Last: nine.Add(45 * time.Minute),
			Window: &db.RateWindow{Endpoint: "send_dm", Owner: "acme", Span: 15 * time.Minute, Most: 15, ResetsAt: nine.Add(15 * time.Minute)}},
		{Bot: "globex", Endpoint: "send_dm", Cause: ForResume, Why: "globex is paused by olga: holiday", N: 2, Oldest: d.now},
	}}
	got := d.queue(db.AllBots)
	if why := got.Waiting[1].Why; !strings.Contains(why, "as the script says") {
		t.Errorf("the retry waits because %q", why)
	}
	got.Waiting[1].Why = ""
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// What a claim would find was known before any looked.
	want.Waiting[1].Cause, want.Waiting[1].Next, want.Waiting[1].Last = ForSender, d.now, d.now
	before.Waiting[1].Why = ""
	if diff := cmp.Diff(want, before, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("before the sender looked, -want +got:\n%s", diff)
	}
	if one := d.queue("globex"); len(one.Waiting) != 1 || one.Waiting[0].Bot != "globex" {
		t.Errorf("of globex: %+v", one.Waiting)
	}

	// It ends when it was said to end.
	if err := d.operator().Pause(t.Context(), d.now, "globex", "olga", "", false); err != nil {
		t.Fatal(err)
	}
	for at := nine.Add(15 * time.Minute); !at.After(nine.Add(45 * time.Minute)); at = at.Add(15 * time.Minute) {
		d.now = at.Add(-time.Second)
		d.run()
		if left := d.queue("acme").Waiting; len(left) != 2 {
			t.Fatalf("at %s %+v waits, want the held one and DMs", d.now, left)
		}
		d.now = at
		d.run()
	}
	if left := d.queue(db.AllBots).Waiting; len(left) != 1 || left[0].Cause != ForPerson {
		t.Errorf("at %s %+v waits, want the held one", d.now, left)
	}
}

// A cap is the cause of all that waits, and who expires before their turn is
// counted.
func TestQueueUnderACap(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{class: event.UsageCapped}, {class: event.UsageCapped}}
	for i := range 16 {
		d.drafted(d.dm(fmt.Sprint("u", i), fmt.Sprint("m", i), "hello"), event.Pending)
	}
	d.run()
	q := d.queue(db.AllBots)
	if !q.Cap.Since.Equal(nine) || len(q.Waiting) != 1 {
		t.Fatalf("got %+v, want a cap and one line", q)
	}
	w := q.Waiting[0]
	if w.Cause != ForCap || w.N != 16 || !strings.Contains(w.Why, "as the script says") || !w.Next.Equal(nine.Add(cappedRetry)) || w.Window != nil {
		t.Errorf("got %+v", w)
	}
	// The answers expire at nine tomorrow.
	d.now = nine.Add(24*time.Hour - 10*time.Minute)
	d.run()
	if w := d.queue(db.AllBots).Waiting[0]; w.Late != 16 {
		t.Errorf("%d of 16 come too late, want all: the next try is after their end", w.Late)
	}
}
