package dial

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		addr string
		want bool
	}{
		{"93.184.216.34", true}, {"8.8.8.8", true}, {"2606:4700::1111", true}, {"172.32.0.1", true}, {"100.128.0.1", true},
		{"127.0.0.1", false}, {"127.8.8.8", false}, {"::1", false}, {"0.0.0.0", false}, {"0.1.2.3", false}, {"::", false},
		{"10.1.2.3", false}, {"172.16.0.1", false}, {"192.168.1.1", false}, {"169.254.169.254", false}, {"100.64.0.1", false},
		{"fc00::1", false}, {"fd00:ec2::254", false}, {"fe80::1", false}, {"fe80::1%eth0", false}, {"ff02::1", false},
		{"224.0.0.1", false}, {"255.255.255.255", false}, {"240.0.0.1", false}, {"198.18.0.1", false}, {"192.0.2.1", false},
		{"::ffff:127.0.0.1", false}, {"::ffff:10.0.0.1", false}, {"::ffff:8.8.8.8", true},
		{"64:ff9b::7f00:1", false}, {"2002:7f00:1::", false}, {"2001:0:7f00:1::", false}, {"2001:db8::1", false}, {"::7f00:1", false},
	} {
		if got := Public(netip.MustParseAddr(c.addr)); got != c.want {
			t.Errorf("%s: public is %v, want %v", c.addr, got, c.want)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// server answers, and counts who came.
func server(t *testing.T, h http.HandlerFunc) (url string, hits *int) {
	t.Helper()
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n++; h(w, r) }))
	t.Cleanup(s.Close)
	return s.URL, &n
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }

// N1: the resolved address counts, whatever the name is.
func TestN1NamesThatResolveInside(t *testing.T) {
	t.Parallel()
	url, hits := server(t, ok)
	for _, at := range []string{url, strings.Replace(url, "127.0.0.1", "localhost", 1), strings.Replace(url, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		resp, err := Client(Options{}).Get(at)
		if err == nil {
			resp.Body.Close()
		}
		if !errors.Is(err, ErrInside) {
			t.Errorf("%s: %v, want %v", at, err, ErrInside)
		}
	}
	if *hits != 0 {
		t.Errorf("%d requests reached what is inside", *hits)
	}
	resp, err := Client(Options{Inside: true}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// N2: a proxy would be asked to reach what we must not.
func TestN2NoProxyOfTheEnvironment(t *testing.T) {
	proxy, asked := server(t, ok)
	t.Setenv("HTTP_PROXY", proxy)
	t.Setenv("http_proxy", proxy)
	if _, err := Client(Options{}).Get("http://192.168.1.1/"); !errors.Is(err, ErrInside) {
		t.Errorf("%v, want %v", err, ErrInside)
	}
	if *asked != 0 {
		t.Error("the proxy was asked")
	}
}

// N3: redirects count, and neither leave https nor lead inside.
func TestN3Redirects(t *testing.T) {
	t.Parallel()
	end, _ := server(t, ok)
	hop, _ := server(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, end, http.StatusFound) })
	far, _ := server(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, hop, http.StatusFound) })
	ftp, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "ftp://example.com/", http.StatusFound)
	})
	for _, c := range []struct {
		name, at string
		o        Options
		want     error
	}{
		{"one of one", hop, Options{Inside: true, Redirects: 1}, nil},
		{"one of none", hop, Options{Inside: true}, ErrRedirect},
		{"two of one", far, Options{Inside: true, Redirects: 1}, ErrRedirect},
		{"two of two", far, Options{Inside: true, Redirects: 2}, nil},
		{"another scheme", ftp, Options{Inside: true, Redirects: 5}, ErrRedirect},
	} {
		resp, err := Client(c.o).Get(c.at)
		if err == nil {
			resp.Body.Close()
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	r, err := http.NewRequest(http.MethodGet, "http://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := redirect(Options{Redirects: 1}, r, 1); !errors.Is(err, ErrRedirect) {
		t.Errorf("from https to http: %v", err)
	}
}
