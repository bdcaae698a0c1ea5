package obs

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	metricName  = regexp.MustCompile(`^beckon(_[a-z0-9]+)+$`)
	counterName = regexp.MustCompile(`_(total|sum|count)$`)
	labelName   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	labelValue  = regexp.MustCompile(`^[a-z0-9_.-]+$`)
)

// field is one metric with its labels and the way to read it.
type field struct {
	name string
	desc *prometheus.Desc
	kind prometheus.ValueType
	unit float64 // what one count is worth
	read func() float64
	hist func() (count uint64, sum float64, buckets map[float64]uint64) // nil: no histogram
}

// histogram is a field that counts by bounds: how many, their sum, and how many
// were at most each bound.
type histogram interface {
	Histogram() (count uint64, sum float64, buckets map[float64]uint64)
}

// fieldsOf reads the tags of the struct that s points to.
func fieldsOf(s any) ([]field, error) {
	v := reflect.ValueOf(s)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("register %T: want a pointer to a struct", s)
	}
	v = v.Elem()
	if v.NumField() == 0 {
		return nil, fmt.Errorf("register %T: no fields", s)
	}
	var out []field
	seen := map[string]string{} // metric and labels to the field
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		where := v.Type().String() + "." + sf.Name
		if !sf.IsExported() {
			return nil, fmt.Errorf("%s: not exported", where)
		}
		n, ok := v.Field(i).Addr().Interface().(*atomic.Int64)
		h, spread := v.Field(i).Addr().Interface().(histogram)
		if !ok && !spread {
			return nil, fmt.Errorf("%s: want atomic.Int64, got %s", where, sf.Type)
		}
		tag := sf.Tag
		f, err := newField(tag.Get("metric"), tag.Get("help"), tag.Get("labels"), tag.Get("type"), tag.Get("unit"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		id := f.desc.String()
		if seen[id] != "" {
			return nil, fmt.Errorf("%s: same metric and labels as %s", where, seen[id])
		}
		seen[id] = sf.Name
		if spread {
			if f.kind == prometheus.CounterValue {
				return nil, fmt.Errorf("%s: %s is the name of a counter, and it is a histogram", where, f.name)
			}
			f.hist = h.Histogram
		} else {
			f.read = func() float64 { return float64(n.Load()) * f.unit }
		}
		out = append(out, f)
	}
	return out, nil
}

func newField(name, help, labels, kind, unit string) (field, error) {
	f := field{name: name, unit: 1}
	switch {
	case name == "":
		return f, errors.New(`no tag metric:"…"`)
	case !metricName.MatchString(name):
		return f, fmt.Errorf("metric name %q: want beckon_ and lower-case words", name)
	case help == "":
		return f, errors.New(`no tag help:"…"`)
	}
	f.kind = prometheus.GaugeValue
	named := "gauge"
	if counterName.MatchString(name) {
		f.kind, named = prometheus.CounterValue, "counter"
	}
	if kind != "" && kind != named {
		return f, fmt.Errorf("type %q, but %s is the name of a %s: counters, and only they, end in _total, _sum or _count", kind, name, named)
	}
	switch unit {
	case "":
	case "seconds":
		f.unit = time.Nanosecond.Seconds()
	default:
		return f, fmt.Errorf("unit %q: want seconds or none", unit)
	}
	set, err := parseLabels(labels)
	f.desc = prometheus.NewDesc(name, help, nil, set)
	return f, err
}

// parseLabels reads "outcome=ok,kind=dm". Values are fixed in the source, so
// every label is of a closed set; names that would ask for an id are refused.
func parseLabels(s string) (prometheus.Labels, error) {
	set := prometheus.Labels{}
	if s == "" {
		return set, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		k, v, _ := strings.Cut(part, "=")
		switch {
		case !labelName.MatchString(k) || !labelValue.MatchString(v):
			return nil, fmt.Errorf("labels %q: want name=value, separated by commas", s)
		case slices.Contains([]string{"user", "post", "event", "interaction", "action"}, k):
			return nil, fmt.Errorf("labels %q: %s is an id, not a closed set", s, k)
		}
		if _, twice := set[k]; twice {
			return nil, fmt.Errorf("labels %q: %s twice", s, k)
		}
		set[k] = v
	}
	return set, nil
}

func (f field) metric() (prometheus.Metric, error) {
	if f.hist == nil {
		return prometheus.NewConstMetric(f.desc, f.kind, f.read())
	}
	count, sum, buckets := f.hist()
	return prometheus.NewConstHistogram(f.desc, count, sum, buckets)
}

// collector reads its fields at every scrape.
type collector []field

func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range c {
		ch <- f.desc
	}
}

func (c collector) Collect(ch chan<- prometheus.Metric) {
	for _, f := range c {
		m, err := f.metric()
		if err != nil {
			m = prometheus.NewInvalidMetric(f.desc, err)
		}
		ch <- m
	}
}
