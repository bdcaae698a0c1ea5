package xsim

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

func TestDeliver(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hook    *hook
		retries int
		bodies  int // that the webhook saw
		fails   bool
	}{
		"taken":             {&hook{}, 0, 1, false},
		"taken at last":     {&hook{statuses: []int{503, 500}}, 0, 3, false},
		"never taken":       {&hook{statuses: []int{503, 500, 502, 503}}, 0, 3, true},
		"no further try":    {&hook{statuses: []int{503}}, -1, 1, true},
		"refused":           {&hook{statuses: []int{401}}, 0, 1, true},
		"sent elsewhere":    {&hook{statuses: []int{302}}, 0, 1, true},
		"no good CRC":       {&hook{wrongCRC: true}, 0, 0, true},
		"another 2xx is ok": {&hook{statuses: []int{204}}, 0, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := hooked(t, tc.hook, func(o *Options) { o.Retries = tc.retries })
			body := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).Bodies[0]
			err := w.Deliver(t.Context(), body)
			if (err != nil) != tc.fails || len(tc.hook.bodies) != tc.bodies {
				t.Errorf("want %d bodies and an error %v, got %d, %v", tc.bodies, tc.fails, len(tc.hook.bodies), err)
			}
			if tc.hook.wrongCRC && !errors.Is(err, ErrCRC) {
				t.Errorf("want %v, got %v", ErrCRC, err)
			}
			if tc.hook.forged != 0 {
				t.Errorf("%d bodies had a bad signature", tc.hook.forged)
			}
			for _, got := range tc.hook.bodies {
				if got != string(body) {
					t.Errorf("another body arrived: %s", got)
				}
			}
		})
	}
}

func TestDeliverChecksOnceAndGoesOn(t *testing.T) {
	t.Parallel()
	h := &hook{statuses: []int{400}}
	w := hooked(t, h, nil)
	d := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"})
	if err := w.Deliver(t.Context(), d.Bodies[0], d.Bodies[0], d.Bodies[0]); err == nil {
		t.Error("a body was refused, and Deliver said nothing")
	}
	if h.crcs != 1 || len(h.bodies) != 3 {
		t.Errorf("want 1 CRC and 3 bodies, got %d and %d", h.crcs, len(h.bodies))
	}
}

func TestForgedAndUnsigned(t *testing.T) {
	t.Parallel()
	h := &hook{}
	w := hooked(t, h, nil)
	for _, signature := range []string{"", "sha256=", w.Sign([]byte("another"))} {
		if status, err := w.DeliverAs(t.Context(), []byte("{}"), signature); status != 401 || err != nil {
			t.Errorf("%q: want 401, got %d, %v", signature, status, err)
		}
	}
	if status, err := w.DeliverAs(t.Context(), []byte("{}"), w.Sign([]byte("{}"))); status != 200 || err != nil {
		t.Errorf("signed: want 200, got %d, %v", status, err)
	}
	if _, err := newWorld(t, nil).DeliverAs(t.Context(), nil, ""); !errors.Is(err, ErrNoWebhook) {
		t.Errorf("want %v, got %v", ErrNoWebhook, err)
	}
}

// TestEchoes: our own post comes back before or after the answer, or not; a
// lost answer changes nothing about that.
func TestEchoes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sim, call     Echo
		fault         FaultKind
		before, after int // echoes at the webhook when the answer comes, and after Flush
	}{
		"after":                {EchoDefault, EchoDefault, FaultNone, 0, 1},
		"before":               {EchoBefore, EchoDefault, FaultNone, 1, 1},
		"off":                  {EchoOff, EchoDefault, FaultNone, 0, 0},
		"before, this call":    {EchoAfter, EchoBefore, FaultNone, 1, 1},
		"off, this call":       {EchoBefore, EchoOff, FaultNone, 0, 0},
		"before a lost answer": {EchoBefore, EchoDefault, FaultLost, 1, 1},
		"after a lost answer":  {EchoAfter, EchoDefault, FaultLost, 0, 1},
		"of nothing":           {EchoBefore, EchoDefault, FaultDrop, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &hook{}
			w := hooked(t, h, func(o *Options) { o.Echo = tc.sim })
			post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
			if err := w.Fault(Fault{Kind: tc.fault, Echo: tc.call}); err != nil {
				t.Fatal(err)
			}
			w.reply(post, "See <https://shop.example>")
			if got := len(h.bodies); got != tc.before {
				t.Errorf("before the answer: want %d, got %d", tc.before, got)
			}
			if err := w.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := len(h.bodies); got != tc.after {
				t.Fatalf("after all: want %d, got %d", tc.after, got)
			}
			if tc.after == 0 {
				return
			}
			e, err := event.Decode([]byte(h.bodies[0]))
			if err != nil {
				t.Fatal(err)
			}
			made := w.Posts()[0]
			want := "@ann See <" + shortLink(0, made.ID, "https://shop.example") + ">"
			if e[0].Kind != event.KindOwnPost || e[0].Message != made.ID || e[0].ReplyTo != post || e[0].Text != want {
				t.Errorf("echo: %+v", e[0])
			}
			if !strings.Contains(h.bodies[0], "&lt;https://t.co/") || !strings.Contains(h.bodies[0], `"display_text_range":[5,`) {
				t.Errorf("not as X sends it: %s", h.bodies[0])
			}
		})
	}
}

// TestRunDelivers runs the loop, and a slow call, on fake time.
func TestRunDelivers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &hook{}
		w := hooked(t, h, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()

		w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
		if err := w.Fault(Fault{Delay: 7 * time.Second}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if status, body := w.dm(annID, "hello"); status != http.StatusCreated || time.Since(start) != 7*time.Second {
			t.Errorf("slow call: %d %s after %v", status, body, time.Since(start))
		}
		synctest.Wait()
		if len(h.bodies) != 1 || !strings.Contains(h.bodies[0], `"event_type":"dm.sent"`) {
			t.Errorf("want the echo, got %q", h.bodies)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestClientLeaves: what X did stays done when the client gives up waiting.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
		if err := w.Fault(Fault{Delay: time.Minute}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "POST", "http://x.test/2/dm_conversations/with/"+annID+"/messages", strings.NewReader(`{"text":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer t-desk")
		if _, err := w.api.RoundTrip(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("want a time-out, got %v", err)
		}
		synctest.Wait()
		if got := len(w.DMs()); got != 1 {
			t.Errorf("want 1 DM, got %d", got)
		}
		if got := len(w.Take()); got != 1 {
			t.Errorf("want its echo, got %d", got)
		}
	})
}

// TestDrip: a slow answer comes byte by byte, and whole to who waits.
func TestDrip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		if err := w.Fault(Fault{Kind: FaultDrip, Delay: time.Second}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		status, _, body := w.call("GET", "/2/users/me", "t-desk", "")
		if took := time.Since(start); status != 200 || took < time.Duration(len(body)-1)*time.Second {
			t.Errorf("%d %s after %v", status, body, took)
		}
	})
}

// TestSkew: X's clock tells another time, in its answers and its events.
func TestSkew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.SetSkew(-10 * time.Minute)
	_, h, _ := w.call("GET", "/2/users/me", "t-desk", "")
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil || w.now.Sub(at) != 10*time.Minute {
		t.Errorf("Date: %v, %v", at, err)
	}
	e, err := event.Decode(w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"}).Bodies[0])
	if err != nil || w.now.Sub(e[0].At) < 10*time.Minute {
		t.Errorf("event: %v, %v", e, err)
	}
}
