package xsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	deskID, twinID = "7000000000000000001", "7000000000000000002"
	secret         = "consumer-secret"
)

// world is a Sim on a clock that moves by hand, and a client of its API.
type world struct {
	*Sim
	t   *testing.T
	api http.RoundTripper

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T, change func(*Options)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 8, 20, 9, 0, 0, 0, time.UTC)}
	o := Options{
		Accounts: []Account{
			{User: User{ID: deskID, Username: "HelpDesk", Bio: "Bot by @acme", Automated: true}, Token: "t-desk"},
			{User: User{ID: twinID, Username: "HelpTwin"}, Token: "t-twin", Enterprise: true, Long: true},
		},
		Users:          []User{{ID: "5000000000000000001", Username: "ann"}},
		ConsumerSecret: []byte(secret), AppToken: "t-app",
		Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.now
		},
	}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.Sim, w.api = s, Direct(s.Handler())
	return w
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// do acts, and moves the clock by a second.
func (w *world) do(a Act) Done {
	w.t.Helper()
	d, err := w.Do(a)
	if err != nil {
		w.t.Fatal(err)
	}
	w.wait(time.Second)
	return d
}

// call makes an API request. Status 0 means that no answer came.
func (w *world) call(method, path, token, body string) (int, http.Header, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, "http://x.test"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := w.api.RoundTrip(req)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func (w *world) reply(post, text string) (status int, body string) {
	w.t.Helper()
	in, err := json.Marshal(map[string]any{"text": text, "reply": map[string]string{"in_reply_to_tweet_id": post}})
	if err != nil {
		w.t.Fatal(err)
	}
	status, _, body = w.call("POST", "/2/tweets", "t-desk", string(in))
	return status, body
}

func (w *world) dm(user, text string) (status int, body string) {
	w.t.Helper()
	status, _, body = w.call("POST", "/2/dm_conversations/with/"+user+"/messages", "t-desk", `{"text":"`+text+`"}`)
	return status, body
}

// hook is a webhook that behaves as X demands, and notes what it got.
type hook struct {
	mu       sync.Mutex
	crcs     int
	bodies   []string
	forged   int
	statuses []int // answers to come, then 200
	wrongCRC bool
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	mac := func(b []byte) string {
		m := hmac.New(sha256.New, []byte(secret))
		m.Write(b)
		return "sha256=" + base64.StdEncoding.EncodeToString(m.Sum(nil))
	}
	if r.Method == http.MethodGet {
		h.crcs++
		token := r.URL.Query().Get("crc_token")
		if h.wrongCRC {
			token += "x"
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"response_token": mac([]byte(token))})
		return
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if got := r.Header.Values("x-twitter-webhooks-signature"); len(got) != 1 || got[0] != mac(b) {
		h.forged++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	h.bodies = append(h.bodies, string(b))
	if len(h.statuses) > 0 {
		w.WriteHeader(h.statuses[0])
		h.statuses = h.statuses[1:]
	}
}

// hooked makes a world whose webhook is h, by way of Direct.
func hooked(t *testing.T, h http.Handler, change func(*Options)) *world {
	t.Helper()
	return newWorld(t, func(o *Options) {
		o.WebhookURL, o.Client = "https://bot.test/x/webhook", &http.Client{Transport: Direct(h)}
		if change != nil {
			change(o)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	a := Account{User: User{ID: "1", Username: "a"}, Token: "t"}
	for name, o := range map[string]Options{
		"an account without token": {Accounts: []Account{{User: a.User}}},
		"a token used twice":       {Accounts: []Account{a, {User: User{ID: "2", Username: "b"}, Token: "t"}}},
		"an id that is none":       {Accounts: []Account{{User: User{ID: "x", Username: "b"}, Token: "t"}}},
		"a handle twice":           {Accounts: []Account{a}, Users: []User{{ID: "3", Username: "A"}}},
		"a webhook without secret": {WebhookURL: "http://127.0.0.1/"},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestOverTCP serves the API on a socket: drops and losses there are closed
// connections.
func TestOverTCP(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	srv := httptest.NewServer(w.Handler())
	t.Cleanup(srv.Close)
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	send := func(text string) (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/2/tweets",
			strings.NewReader(`{"text":"`+text+`","reply":{"in_reply_to_tweet_id":"`+post+`"}}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer t-desk")
		resp, err := srv.Client().Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	for i, tc := range []struct {
		kind FaultKind
		made int // replies after it
	}{{FaultDrop, 0}, {FaultRefuse, 0}, {FaultLost, 1}} {
		if err := w.Fault(Fault{Kind: tc.kind}); err != nil {
			t.Fatal(err)
		}
		if status, err := send("answer " + string(rune('a'+i))); err == nil {
			t.Errorf("%s: want no answer, got %d", tc.kind, status)
		}
		if got := w.RepliesTo(post); got != tc.made {
			t.Errorf("%s: want %d replies, got %d", tc.kind, tc.made, got)
		}
	}
	if status, err := send("answer d"); err != nil || status != http.StatusCreated {
		t.Errorf("without fault: %d, %v", status, err)
	}
}

// put uploads a text.
func (w *world) put(path, text string) int {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), "PUT", "http://x.test"+path, strings.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/plain")
	resp, err := w.api.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode
}
