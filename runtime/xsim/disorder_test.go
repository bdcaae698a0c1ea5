package xsim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestX1DisorderIsSeeded: with the same seed the same events come twice, late,
// or not at all; none is lost for good.
func TestX1DisorderIsSeeded(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (order []string, kept int) {
		h := &hook{}
		w := hooked(t, h, func(o *Options) { o.Seed = seed })
		if status, _, body := w.call("POST", "/_sim/disorder", "", `{"duplicates":30,"losses":20,"delays":30,"most":"5s"}`); status != 200 {
			t.Fatal(status, body)
		}
		for i := range 40 {
			if status, _, body := w.call("POST", "/_sim/dm", "", fmt.Sprintf(`{"from":"ann","to":"HelpDesk","text":"message %02d"}`, i)); status != 200 {
				t.Fatal(status, body)
			}
			w.wait(time.Second)
			if err := w.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.wait(5 * time.Second)
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, b := range h.bodies {
			_, rest, _ := strings.Cut(b, "message ")
			order = append(order, rest[:2])
		}
		return order, len(w.history)
	}
	order, kept := run(1)
	again, _ := run(1)
	if diff := cmp.Diff(order, again); diff != "" {
		t.Errorf("two runs differ: %s", diff)
	}
	if other, _ := run(2); cmp.Equal(order, other) {
		t.Error("the seed changes nothing")
	}
	times := map[string]int{}
	late := 0
	for i, m := range order {
		times[m]++
		if i > 0 && m < order[i-1] {
			late++
		}
	}
	twice := 0
	for _, n := range times {
		twice += n - 1
	}
	if kept != 40 || len(times) >= 40 || len(times) < 20 || late == 0 || twice == 0 {
		t.Errorf("of 40 events %d are kept, %d arrived, %d twice, %d after later ones", kept, len(times), twice, late)
	}
	w := newWorld(t, nil)
	for _, d := range []Disorder{{Losses: 101}, {Duplicates: -1}, {Delays: 5}} {
		if w.SetDisorder(d) == nil {
			t.Errorf("%+v was taken", d)
		}
	}
}
