package xapi

import (
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

func TestMetricsCountEachClassOnce(t *testing.T) {
	t.Parallel()
	for _, class := range []event.Class{
		event.OK, event.Transient, event.RateLimited, event.UsageCapped, event.Refused,
		event.Auth, event.Gone, event.UnknownOutcome, event.Bug,
	} {
		want := "class=" + string(class)
		if class == event.OK {
			want = "class=ok"
		}
		m := &Metrics{}
		m.count(class, time.Second)
		v := reflect.ValueOf(m).Elem()
		for i := range v.NumField() {
			n := v.Field(i).Addr().Interface().(*atomic.Int64).Load()
			labels := v.Type().Field(i).Tag.Get("labels")
			if counted := n == 1; labels != "" && counted != (labels == want) {
				t.Errorf("class %q: %s is %d", class, labels, n)
			}
		}
		if m.Took.Load() != int64(time.Second) {
			t.Errorf("class %q: took %d", class, m.Took.Load())
		}
	}
}
