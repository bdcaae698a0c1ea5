package obs

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics collects the metric structs of one host. Two hosts in one process
// have one each.
type Metrics struct {
	reg *prometheus.Registry

	mu    sync.Mutex
	names map[string]bool
}

// NewMetrics returns a collection that holds only the metrics of the process
// and of Go's runtime.
func NewMetrics() (*Metrics, error) {
	m := &Metrics{reg: prometheus.NewRegistry(), names: map[string]bool{}}
	process := collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})
	if err := errors.Join(m.reg.Register(collectors.NewGoCollector()), m.reg.Register(process)); err != nil {
		return nil, fmt.Errorf("register process metrics: %w", err)
	}
	return m, nil
}

// Register adds every field of the structs that the pointers point to. A field
// is an exported atomic.Int64 with tags:
//
//	Accepted atomic.Int64 `metric:"beckon_ingest_requests_total" help:"Webhook requests." labels:"outcome=ok"`
//
// or of a type that counts by bounds, with a method Histogram. Counters, and only they, end in _total, _sum or _count; a tag type:"counter"
// or type:"gauge" is checked against that. Fields of one name share their help
// and differ by labels. With
// unit:"seconds" the field counts nanoseconds and is shown as seconds; a mean
// duration is a pair of counters, …_seconds_sum and …_seconds_count. An error
// names the field; the struct is then not registered at all.
func (m *Metrics) Register(structs ...any) error {
	for _, s := range structs {
		fields, err := fieldsOf(s)
		if err != nil {
			return err
		}
		if err := m.add(collector(fields)); err != nil {
			return fmt.Errorf("register %T: %w", s, err)
		}
	}
	return nil
}

// Gauge adds a gauge that is read by calling f at every scrape. f must be safe
// for concurrent use and quick.
func (m *Metrics) Gauge(name, help string, f func() float64) error {
	fd, err := newField(name, help, "", "gauge", "")
	if err != nil {
		return fmt.Errorf("register gauge %s: %w", name, err)
	}
	fd.read = f
	if err := m.add(collector{fd}); err != nil {
		return fmt.Errorf("register gauge %s: %w", name, err)
	}
	return nil
}

func (m *Metrics) add(c collector) error {
	if err := m.reg.Register(c); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range c {
		m.names[f.name] = true
	}
	return nil
}

// Names returns the names registered through Register and Gauge, sorted, each
// once.
func (m *Metrics) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := make([]string, 0, len(m.names))
	for n := range m.names {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Handler serves the metrics in Prometheus's text form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{})
}

// Names returns the metric names that the structs declare, sorted, each once;
// for the golden list. A struct that Register would refuse is an error.
func Names(structs ...any) ([]string, error) {
	m := &Metrics{reg: prometheus.NewRegistry(), names: map[string]bool{}}
	if err := m.Register(structs...); err != nil {
		return nil, err
	}
	return m.Names(), nil
}
