package xsim

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestX4InvalidWebhookGetsNothing: how a webhook becomes invalid, and that it
// gets nothing until it is validated again.
func TestX4InvalidWebhookGetsNothing(t *testing.T) {
	t.Parallel()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	gone := func(err error) http.RoundTripper { return refusing{err} }
	for name, tc := range map[string]struct {
		check http.RoundTripper // what answers the hourly CRC
		hours int               // until it is invalid
	}{
		"a wrong token":     {Direct(&hook{wrongCRC: true}), 1},
		"a 2xx of no JSON":  {Direct(status(200)), 1},
		"another 2xx":       {Direct(status(204)), 1},
		"a redirect":        {Direct(status(302)), 1},
		"a bad certificate": {gone(&tls.CertificateVerificationError{Err: errors.New("expired")}), 1},
		"a TLS alert":       {gone(tls.AlertError(40)), 1},
		"a 404":             {Direct(status(404)), 28},
		"a 503":             {Direct(status(503)), 28},
		"nobody there":      {gone(errors.New("connection refused")), 28},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &hook{}
			way := &switched{RoundTripper: Direct(h)}
			w := newWorld(t, func(o *Options) {
				o.WebhookURL, o.Client = "https://bot.test/x/webhook", &http.Client{Transport: way}
			})
			say := func() error {
				return w.Deliver(t.Context(), w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"}).Bodies...)
			}
			if err := say(); err != nil {
				t.Fatal(err)
			}
			for hour := 1; hour <= tc.hours; hour++ {
				way.RoundTripper = tc.check
				w.wait(time.Hour)
				w.CheckWebhooks(t.Context())
				way.RoundTripper = Direct(h)
				if err := say(); (err != nil) != (hour == tc.hours) {
					t.Fatalf("after %d hours: %v", hour, err)
				}
			}
			bodies := len(h.bodies)
			if _, _, body := w.call("GET", "/2/webhooks", "t-app", ""); !strings.Contains(body, `"valid":false`) {
				t.Errorf("list: %s", body)
			}
			way.RoundTripper = tc.check
			if code, _, body := w.call("PUT", "/2/webhooks/1", "t-app", ""); code != 400 || !strings.Contains(body, "CrcValidationFailed") {
				t.Errorf("PUT while it is broken: %d %s", code, body)
			}
			way.RoundTripper = Direct(h)
			if err := say(); !errors.Is(err, ErrCRC) || len(h.bodies) != bodies {
				t.Errorf("still invalid: %v, %d bodies", err, len(h.bodies)-bodies)
			}
			if code, _, body := w.call("PUT", "/2/webhooks/1", "t-app", ""); code != 200 || body != `{"data":{"valid":true}}` {
				t.Errorf("PUT: %d %s", code, body)
			}
			if err := say(); err != nil || len(h.bodies) != bodies+1 {
				t.Errorf("valid again: %v", err)
			}
		})
	}
}

type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

type switched struct{ http.RoundTripper }

func TestWebhooks(t *testing.T) {
	t.Parallel()
	h := &hook{}
	w := newWorld(t, func(o *Options) { o.MaxWebhooks, o.Client = 2, &http.Client{Transport: Direct(h)} })
	id := func(body string) string {
		_, rest, _ := strings.Cut(body, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		return id
	}
	create := func(url string) (int, string) {
		status, _, body := w.call("POST", "/2/webhooks", "t-app", fmt.Sprintf(`{"url":%q}`, url))
		return status, body
	}
	for url, why := range map[string]string{
		"":                                      "UrlValidationFailed",
		"http://bot.test/x":                     "UrlValidationFailed",
		"https://bot.test:8443/x":               "UrlValidationFailed",
		"bot.test":                              "UrlValidationFailed",
		"https://x/" + strings.Repeat("a", 200): "UrlValidationFailed",
	} {
		if status, body := create(url); status != 400 || !strings.Contains(body, why) {
			t.Errorf("%q: %d %s", url, status, body)
		}
	}
	h.wrongCRC = true
	if status, body := create("https://bot.test/x"); status != 400 || !strings.Contains(body, "CrcValidationFailed") {
		t.Errorf("bad CRC: %d %s", status, body)
	}
	h.wrongCRC = false
	status, first := create("https://bot.test/x")
	if status != 200 || !strings.Contains(first, `"valid":true`) {
		t.Fatalf("create: %d %s", status, first)
	}
	if _, body := create("https://bot.test/x"); !strings.Contains(body, "DuplicateUrlFailed") {
		t.Errorf("twice: %s", body)
	}
	if status, body := create("http://127.0.0.1:1/x"); status != 200 {
		t.Errorf("loopback: %d %s", status, body)
	}
	if _, body := create("https://bot.test/z"); !strings.Contains(body, "WebhookLimitExceeded") {
		t.Errorf("third: %s", body)
	}
	if err := w.Deliver(t.Context(), w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"}).Bodies...); err != nil || len(h.bodies) != 2 {
		t.Errorf("both get it: %v, %d", err, len(h.bodies))
	}
	if status, _, body := w.call("DELETE", "/2/webhooks/"+id(first), "t-app", ""); status != 200 || body != `{"data":{"deleted":true}}` {
		t.Errorf("delete: %d %s", status, body)
	}
	for _, method := range []string{"PUT", "DELETE"} {
		if status, _, _ := w.call(method, "/2/webhooks/"+id(first), "t-app", ""); status != 404 {
			t.Errorf("%s of a webhook that is gone: %d", method, status)
		}
	}
	if _, _, body := w.call("GET", "/2/webhooks", "t-app", ""); !strings.Contains(body, `"result_count":1`) {
		t.Errorf("list: %s", body)
	}
	if status, _, _ := w.call("GET", "/2/webhooks", "t-desk", ""); status != 403 {
		t.Errorf("by a user token: %d", status)
	}
}

// TestSecretRotates: with two secrets deliveries are signed in turn, and either
// answers the CRC; with the new one alone the old one is worth nothing.
func TestSecretRotates(t *testing.T) {
	t.Parallel()
	h := &hook{}
	w := hooked(t, h, nil)
	say := func() {
		if err := w.Deliver(t.Context(), w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"}).Bodies...); err != nil {
			t.Log(err)
		}
	}
	say()
	if err := w.SetSecrets([]byte("new"), []byte(secret)); err != nil {
		t.Fatal(err)
	}
	say()
	say()
	say()
	if len(h.bodies) < 2 || h.forged < 1 || len(h.bodies)+h.forged != 4 {
		t.Errorf("in turn: %d taken, %d not", len(h.bodies), h.forged)
	}
	if err := w.CRC(t.Context()); err != nil {
		t.Errorf("the old secret answers: %v", err)
	}
	if err := w.SetSecrets([]byte("new")); err != nil {
		t.Fatal(err)
	}
	if err := w.CRC(t.Context()); !errors.Is(err, ErrCRC) {
		t.Errorf("the old secret still answers: %v", err)
	}
	if w.SetSecrets() == nil || w.SetSecrets(nil) == nil || w.SetSecrets([]byte("a"), []byte("b"), []byte("c")) == nil {
		t.Error("none, an empty one or three were taken")
	}
}
