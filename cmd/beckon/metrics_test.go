package main

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestMetricNames: the names of a host's metrics are an interface. Dashboards
// and alerts may use those in testdata/metrics.txt, and a host shows them all.
func TestMetricNames(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	h := s.open()
	names := h.metrics.Names()
	golden(t, "testdata/metrics.txt", []byte(strings.Join(names, "\n")+"\n"))

	defer s.serve(h)()
	addr, err := os.ReadFile(s.data(adminAddrFile))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get("http://" + strings.TrimSpace(string(addr)) + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.Contains(string(body), "\n# TYPE "+name+" ") {
			t.Errorf("/metrics does not show %s", name)
		}
	}
}
