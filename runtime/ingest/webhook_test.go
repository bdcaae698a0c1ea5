package ingest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	botID  = "900100200300400500"
	userID = "700100200300400500"
)

var (
	secret    = []byte("consumer secret of the tests")
	oldSecret = []byte("the one before it")
	noon      = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

// sign is written apart from the code under test.
func sign(key []byte, body string) string {
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, body)
	return "sha256=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// published is a bus that remembers, and fails if told so.
type published struct {
	mu   sync.Mutex
	msgs []bus.Message
	err  error
}

func (p *published) publish(_ context.Context, msgs ...bus.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.msgs = append(p.msgs, msgs...)
	}
	return p.err
}

func (p *published) all() []bus.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.msgs
}

func bots(id string) (string, bool) { return "acme", id == botID }

func newWebhook(change func(*Options)) (*Webhook, *published) {
	p := new(published)
	opt := Options{
		Secrets: [][]byte{secret, oldSecret},
		Publish: p.publish,
		Bots:    bots,
		App:     "17",
		Now:     func() time.Time { return noon },
		Metrics: new(Metrics),
	}
	if change != nil {
		change(&opt)
	}
	return New(opt), p
}

// counts are the metrics that are not zero.
func counts(m *Metrics) map[string]int64 {
	out := map[string]int64{}
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		if n := v.Field(i).Addr().Interface().(*atomic.Int64).Load(); n != 0 {
			out[v.Type().Field(i).Name] = n
		}
	}
	return out
}

func post(url, body string, header http.Header) *http.Request {
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header = header
	return r
}

func headers(body string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, signatureHeader: {sign(secret, body)}}
}

const mention = `{"data":{"event_uuid":"-17","event_type":"post.mention.create","filter":{"user_id":"` + botID +
	`"},"payload":{"id":"5","author_id":"` + userID + `","text":"hi"}}}`

// TestStatuses holds W1, W2 and W4: every way in which a POST can end, over a
// real connection and into a recorder.
func TestStatuses(t *testing.T) {
	t.Parallel()
	good := sign(secret, mention)
	set := func(k string, v ...string) func(http.Header) { return func(h http.Header) { h[k] = v } }
	signature := func(v ...string) func(http.Header) { return set(signatureHeader, v...) }
	big := strings.Repeat(" ", maxBody-len(mention)) + mention
	flip := []byte(good)
	flip[len(flip)-5] ^= 1

	tests := []struct {
		name   string
		body   string
		header func(http.Header)
		status int
		count  string
		dead   string // of the message published; "-" if none is
	}{
		{"good", mention, nil, 200, "OK", ""},
		{"signed with the old secret", mention, signature(sign(oldSecret, mention)), 200, "OK", ""},
		{"content type with parameters", mention, set("Content-Type", "application/json; charset=utf-8"), 200, "OK", ""},
		{"content type in capitals", mention, set("Content-Type", "Application/JSON;charset=UTF-8"), 200, "OK", ""},
		{"exactly 1 MiB", big, nil, 200, "OK", ""},

		{"unknown type", `{"data":{"event_uuid":"1","event_type":"post.teleport","filter":{"user_id":"` + botID + `"}}}`, nil, 200, "UnknownType", deadUnknownType},
		{"nobody's bot", `{"data":{"event_uuid":"1","event_type":"post.create","filter":{"user_id":"1"}}}`, nil, 200, "NoBot", deadNoBot},
		{"no bot at all", `{"data":{"event_uuid":"1","event_type":"post.create","filter":{"keyword":"x"}}}`, nil, 200, "NoBot", deadNoBot},
		{"replay status", `{"replay_job_status":{"job_state":"Complete"}}`, nil, 200, "Replay", deadReplay},
		{"revoked for an app that is not known", `{"data":{"event_uuid":"4","event_type":"oauth.revoke","filter":{},"payload":{"user_id":"` + botID + `"}}}`, nil, 200, "OK", ""},
		{"revoked for our app", `{"data":{"event_uuid":"4","event_type":"oauth.revoke","filter":{},"payload":{"app_id":"17","user_id":"` + botID + `"}}}`, nil, 200, "OK", ""},
		{"revoked for another app", `{"data":{"event_uuid":"4","event_type":"oauth.revoke","filter":{},"payload":{"app_id":"18","user_id":"` + botID + `"}}}`, nil, 200, "OtherApp", deadOtherApp},
		{"revoked for another app, older envelope", `{"user_event":{"revoke":{"source":{"user_id":"` + botID + `"},"target":{"app_id":"18"}}}}`, nil, 200, "OtherApp", deadOtherApp},
		{"cut off", mention[:40], nil, 200, "Unreadable", "unreadable: not JSON: at byte 40"},
		{"empty", "", nil, 200, "Unreadable", "unreadable: not JSON: at byte 0"},
		{"a number", "17", nil, 200, "Unreadable", "unreadable: no event envelope: data.event_type is missing"},
		{"doubled field", strings.Replace(mention, `"filter"`, `"event_type":"x","filter"`, 1), nil, 200, "Unreadable", "unreadable: a field that is read is given twice: data.event_type"},
		{"endless id", strings.Replace(mention, "-17", strings.Repeat("7", 257), 1), nil, 200, "Unreadable", "unreadable: an id of over 256 bytes"},

		{"no signature", mention, signature(), 401, "Signature", "-"},
		{"empty signature", mention, signature(""), 401, "Signature", "-"},
		{"two signatures", mention, signature(good, good), 401, "Signature", "-"},
		{"two in one header", mention, signature(good + ", " + good), 401, "Signature", "-"},
		{"wrong prefix", mention, signature("sha1=" + good[7:]), 401, "Signature", "-"},
		{"prefix in capitals", mention, signature("SHA256=" + good[7:]), 401, "Signature", "-"},
		{"no prefix", mention, signature(good[7:]), 401, "Signature", "-"},
		{"prefix alone", mention, signature("sha256="), 401, "Signature", "-"},
		{"too short", mention, signature(good[:len(good)-4]), 401, "Signature", "-"},
		{"too long", mention, signature(good + "AAAA"), 401, "Signature", "-"},
		{"no padding", mention, signature(strings.TrimRight(good, "=")), 401, "Signature", "-"},
		{"bad base64", mention, signature("sha256=" + strings.Repeat("!", 44)), 401, "Signature", "-"},
		{"base64 of 33 bytes", mention, signature("sha256=" + strings.Repeat("A", 44)), 401, "Signature", "-"},
		{"one character changed", mention, signature(string(flip)), 401, "Signature", "-"},
		{"another secret", mention, signature(sign([]byte("guess"), mention)), 401, "Signature", "-"},
		{"the empty secret", mention, signature(sign(nil, mention)), 401, "Signature", "-"},
		{"signature of another body", mention, signature(sign(secret, mention+" ")), 401, "Signature", "-"},
		{"what the challenge would sign", "aToken", nil, 401, "Signature", "-"},

		{"no content type", mention, set("Content-Type"), 415, "MediaType", "-"},
		{"text", mention, set("Content-Type", "text/plain"), 415, "MediaType", "-"},
		{"form", mention, set("Content-Type", "application/x-www-form-urlencoded"), 415, "MediaType", "-"},
		{"two content types", mention, set("Content-Type", "application/json", "application/json"), 415, "MediaType", "-"},
		{"a type that only begins so", mention, set("Content-Type", "application/jsonp"), 415, "MediaType", "-"},
		{"over 1 MiB", big + " ", nil, 413, "TooLarge", "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check := func(t *testing.T, do func(http.Handler, *http.Request) (int, http.Header)) {
				w, p := newWebhook(nil)
				h := headers(tt.body)
				if tt.header != nil {
					tt.header(h)
				}
				status, _ := do(w, post("http://host/x/webhook", tt.body, h))
				if status != tt.status {
					t.Errorf("status: want %d, got %d", tt.status, status)
				}
				if diff := cmp.Diff(map[string]int64{tt.count: 1}, counts(w.opt.Metrics)); diff != "" {
					t.Errorf("counts (-want +got):\n%s", diff)
				}
				switch msgs := p.all(); {
				case tt.dead == "-" && len(msgs) != 0:
					t.Errorf("published: %+v", msgs)
				case tt.dead == "-":
				case len(msgs) != 1:
					t.Errorf("published %d messages, want 1", len(msgs))
				case msgs[0].Dead != tt.dead || string(msgs[0].Data) != tt.body:
					t.Errorf("published %q with %d bytes, want %q with X's own %d", msgs[0].Dead, len(msgs[0].Data), tt.dead, len(tt.body))
				}
			}
			t.Run("recorder", func(t *testing.T) { check(t, record) })
			t.Run("loopback", func(t *testing.T) { check(t, loopback(t)) })
		})
	}
}

func record(h http.Handler, r *http.Request) (int, http.Header) {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Code, rec.Header()
}

func loopback(t *testing.T) func(http.Handler, *http.Request) (int, http.Header) {
	return func(h http.Handler, r *http.Request) (int, http.Header) {
		srv := httptest.NewServer(h)
		defer srv.Close()
		r.URL.Host = srv.Listener.Addr().String()
		res, err := srv.Client().Do(r)
		if err != nil {
			t.Errorf("%s: %v", r.Method, err)
			return 0, nil
		}
		defer res.Body.Close()
		return res.StatusCode, res.Header
	}
}

func TestW4Message(t *testing.T) {
	t.Parallel()
	deadDM := `{"data":{"filter":{"user_id":"` + botID + `"},"payload":{"sender_id":"` + userID + `","text":"stop`
	tests := []struct {
		name, body string
		want       bus.Message
	}{
		{"mention", mention, bus.Message{ID: "-17", Type: "post.mention.create", Bot: "acme", User: userID}},
		{"no id", strings.Replace(mention, `"event_uuid":"-17",`, "", 1), bus.Message{
			ID: event.BodyID([]byte(strings.Replace(mention, `"event_uuid":"-17",`, "", 1))), Type: "post.mention.create", Bot: "acme", User: userID}},
		{"no user", `{"data":{"event_uuid":"3","event_type":"profile.update.bio","filter":{"user_id":"` + botID + `"}}}`, bus.Message{
			ID: "3", Type: "profile.update.bio", Bot: "acme", User: bus.NoUser}},
		{"revoke", `{"data":{"event_uuid":"4","event_type":"oauth.revoke","filter":{},"payload":{"user_id":"` + botID + `"}}}`, bus.Message{
			ID: "4", Type: "oauth.revoke", Bot: "acme", User: bus.NoUser}},
		{"broken, yet whose it is can be guessed", deadDM, bus.Message{
			ID: event.BodyID([]byte(deadDM)), Type: unknownType, Bot: "acme", User: userID, Dead: fmt.Sprintf("unreadable: not JSON: at byte %d", len(deadDM))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, p := newWebhook(nil)
			if status, _ := record(w, post("/x/webhook", tt.body, headers(tt.body))); status != 200 {
				t.Fatalf("status %d", status)
			}
			tt.want.Source, tt.want.Time, tt.want.Data = "/x/webhook", noon, []byte(tt.body)
			if diff := cmp.Diff([]bus.Message{tt.want}, p.all()); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
		})
	}
}

// TestW2ChangedByte: a delivery that is sent again with any one byte changed is
// refused.
func TestW2ChangedByte(t *testing.T) {
	t.Parallel()
	w, p := newWebhook(nil)
	h := headers(mention)
	for i := range mention {
		changed := []byte(mention)
		changed[i] ^= 0x20
		if status, _ := record(w, post("/x/webhook", string(changed), h)); status != 401 {
			t.Errorf("byte %d changed: status %d", i, status)
		}
	}
	if len(p.all()) != 0 {
		t.Errorf("published %d", len(p.all()))
	}
}

// TestW1NotStored: no 200 where the bus could not store, and a Retry-After.
func TestW1NotStored(t *testing.T) {
	t.Parallel()
	w, p := newWebhook(nil)
	p.err = errors.New("disk full")
	status, h := record(w, post("/x/webhook", mention, headers(mention)))
	if status != 503 || h.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q; want 503 with one", status, h.Get("Retry-After"))
	}
	if diff := cmp.Diff(map[string]int64{"Unavailable": 1}, counts(w.opt.Metrics)); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// TestPublishOutlivesClient: what was rightly delivered is stored even if X
// hangs up meanwhile, but not for ever.
func TestPublishOutlivesClient(t *testing.T) {
	t.Parallel()
	w, _ := newWebhook(func(o *Options) {
		o.Publish = func(ctx context.Context, _ ...bus.Message) error {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("publish has all the time in the world")
			}
			return ctx.Err()
		}
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if status, _ := record(w, post("/x/webhook", mention, headers(mention)).WithContext(gone)); status != 200 {
		t.Errorf("status %d, want 200", status)
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	w, p := newWebhook(nil)
	w.Drain()
	status, h := record(w, post("/x/webhook", mention, headers(mention)))
	if status != 503 || h.Get("Retry-After") == "" || len(p.all()) != 0 {
		t.Errorf("drained: status %d, %d published", status, len(p.all()))
	}
	if status, _ := record(w, httptest.NewRequest("GET", "/x/webhook?crc_token=abc", nil)); status != 200 {
		t.Errorf("challenge while draining: status %d, want 200", status)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "get"} {
		w, _ := newWebhook(nil)
		status, h := record(w, httptest.NewRequest(method, "/x/webhook?crc_token=abc", strings.NewReader(mention)))
		if status != 405 || h.Get("Allow") != "GET, POST" || w.opt.Metrics.Method.Load() != 1 {
			t.Errorf("%s: status %d, Allow %q", method, status, h.Get("Allow"))
		}
	}
}

// TestZeroOptions: a Webhook without options refuses.
func TestZeroOptions(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][][]byte{nil, {nil}, {{}}} {
		w := New(Options{Secrets: secrets})
		h := headers(mention)
		h[signatureHeader] = []string{sign(nil, mention)}
		if status, _ := record(w, post("/x/webhook", mention, h)); status != 401 {
			t.Errorf("body: status %d, want 401", status)
		}
		if status, _ := record(w, httptest.NewRequest("GET", "/x/webhook?crc_token=abc", nil)); status != 503 {
			t.Errorf("challenge: status %d, want 503", status)
		}
	}
	if status, _ := record(New(Options{Secrets: [][]byte{secret}}), post("/x/webhook", mention, headers(mention))); status != 503 {
		t.Errorf("without a bus: status %d, want 503", status)
	}
}

// TestLogs: neither a text nor a secret nor a token enters the log.
func TestLogs(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w, p := newWebhook(func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	body := strings.Replace(mention, `"hi"`, `"my PRIVATE words`, 1)
	record(w, post("/x/webhook", body, headers(body)))
	record(w, post("/x/webhook", body, headers(mention)))
	record(w, httptest.NewRequest("GET", "/x/webhook?crc_token=PRIVATE{", nil))
	p.err = errors.New("disk full")
	record(w, post("/x/webhook", mention, headers(mention)))
	for _, secretive := range []string{"PRIVATE", string(secret), sign(secret, mention)[7:]} {
		if strings.Contains(log.String(), secretive) {
			t.Errorf("the log tells %q:\n%s", secretive, log.String())
		}
	}
	if n := strings.Count(log.String(), "\n"); n < 4 {
		t.Errorf("want a line for each of 4 requests, got %d:\n%s", n, log.String())
	}
}
