package obs

import (
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type sampleMetrics struct {
	OK       atomic.Int64 `metric:"beckon_sample_requests_total" help:"Requests." labels:"outcome=ok" type:"counter"`
	Refused  atomic.Int64 `metric:"beckon_sample_requests_total" help:"Requests." labels:"outcome=refused"`
	Queue    atomic.Int64 `metric:"beckon_sample_queue" help:"Waiting."`
	SendSum  atomic.Int64 `metric:"beckon_sample_send_seconds_sum" help:"Time in sends." type:"counter" unit:"seconds"`
	SendSeen atomic.Int64 `metric:"beckon_sample_send_seconds_count" help:"Sends timed." type:"counter"`
}

func newMetrics(t *testing.T) *Metrics {
	t.Helper()
	m, err := NewMetrics()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMetricsServed(t *testing.T) {
	t.Parallel()
	m := newMetrics(t)
	var s sampleMetrics
	if err := m.Register(&s); err != nil {
		t.Fatal(err)
	}
	ready := 1.0
	if err := m.Gauge("beckon_ready", "Whether the host is ready.", func() float64 { return ready }); err != nil {
		t.Fatal(err)
	}
	s.OK.Add(3)
	s.Queue.Store(-2)
	s.SendSum.Add(int64(1500 * time.Millisecond))
	s.SendSeen.Add(1)

	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	var got []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "beckon_") || strings.HasPrefix(line, "# TYPE beckon_") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := []string{
		"# TYPE beckon_ready gauge",
		"beckon_ready 1",
		"# TYPE beckon_sample_queue gauge",
		"beckon_sample_queue -2",
		"# TYPE beckon_sample_requests_total counter",
		`beckon_sample_requests_total{outcome="ok"} 3`,
		`beckon_sample_requests_total{outcome="refused"} 0`,
		"# TYPE beckon_sample_send_seconds_count counter",
		"beckon_sample_send_seconds_count 1",
		"# TYPE beckon_sample_send_seconds_sum counter",
		"beckon_sample_send_seconds_sum 1.5",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !strings.Contains(w.Body.String(), "\ngo_goroutines ") {
		t.Error("Go's own metrics are missing")
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	want := []string{"beckon_sample_queue", "beckon_sample_requests_total", "beckon_sample_send_seconds_count", "beckon_sample_send_seconds_sum"}
	got, err := Names(&sampleMetrics{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := Names(&struct{ X atomic.Int64 }{}); err == nil {
		t.Error("Names took a field without a tag")
	}
}

// Two hosts in one process do not meet.
func TestMetricsAreNotGlobal(t *testing.T) {
	t.Parallel()
	a, b := newMetrics(t), newMetrics(t)
	if err := a.Register(&sampleMetrics{}); err != nil {
		t.Fatal(err)
	}
	if err := b.Register(&sampleMetrics{}); err != nil {
		t.Errorf("second host: %v", err)
	}
	if err := a.Register(&sampleMetrics{}); err == nil {
		t.Error("the same metrics twice in one host")
	}
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		want string
		s    any
	}{
		{"want a pointer to a struct", sampleMetricsByValue{}},
		{"want a pointer to a struct", (*sampleMetrics)(nil)},
		{"want a pointer to a struct", nil},
		{"no fields", &struct{}{}},
		{`no tag metric`, &struct{ X atomic.Int64 }{}},
		{"no tag help", &struct {
			X atomic.Int64 `metric:"beckon_x_total" type:"counter"`
		}{}},
		{"not exported", &struct {
			x atomic.Int64 `metric:"beckon_x_total" help:"X." type:"counter"`
		}{}},
		{"want atomic.Int64, got int64", &struct {
			X int64 `metric:"beckon_x_total" help:"X." type:"counter"`
		}{}},
		{`metric name "x_total"`, &struct {
			X atomic.Int64 `metric:"x_total" help:"X." type:"counter"`
		}{}},
		{`type "histogram"`, &struct {
			X atomic.Int64 `metric:"beckon_x" help:"X." type:"histogram"`
		}{}},
		{"beckon_x is the name of a gauge", &struct {
			X atomic.Int64 `metric:"beckon_x" help:"X." type:"counter"`
		}{}},
		{"beckon_x_total is the name of a counter", &struct {
			X atomic.Int64 `metric:"beckon_x_total" help:"X." type:"gauge"`
		}{}},
		{`unit "ms"`, &struct {
			X atomic.Int64 `metric:"beckon_x" help:"X." type:"gauge" unit:"ms"`
		}{}},
		{`labels "outcome"`, &struct {
			X atomic.Int64 `metric:"beckon_x" help:"X." type:"gauge" labels:"outcome"`
		}{}},
		{"user is an id", &struct {
			X atomic.Int64 `metric:"beckon_x" help:"X." type:"gauge" labels:"user=1"`
		}{}},
		{"kind twice", &struct {
			X atomic.Int64 `metric:"beckon_x" help:"X." type:"gauge" labels:"kind=dm,kind=dm"`
		}{}},
		{"same metric and labels as X", &struct {
			X atomic.Int64 `metric:"beckon_x" help:"X." type:"gauge"`
			Y atomic.Int64 `metric:"beckon_x" help:"X." type:"gauge"`
		}{}},
		{"inconsistent label names or help strings", &struct {
			X atomic.Int64 `metric:"beckon_x" help:"X." type:"gauge" labels:"kind=dm"`
			Y atomic.Int64 `metric:"beckon_x" help:"Y." type:"gauge" labels:"kind=reply"`
		}{}},
	} {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			m := newMetrics(t)
			err := m.Register(tt.s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if got := m.Names(); len(got) > 0 {
				t.Errorf("registered %v", got)
			}
		})
	}
	if err := newMetrics(t).Gauge("beckon_x", "", func() float64 { return 0 }); err == nil {
		t.Error("a gauge without help")
	}
}

type sampleMetricsByValue struct {
	X int `metric:"beckon_x"`
}
