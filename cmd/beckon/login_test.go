package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/account"
)

// loginBot writes the bot of beckon init, without a token, against the stub.
func loginBot(t *testing.T, x string) (file string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "desk")
	if code, _, stderr := beckon(t, "init", dir); code != exitOK {
		t.Fatal(stderr)
	}
	file = filepath.Join(dir, "beckon.yaml")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^    token: .*$`).ReplaceAllString(string(b), "")
	text = regexp.MustCompile(`(?m)^x_base_url: .*$`).ReplaceAllString(text, "x_base_url: "+x)
	text = strings.Replace(text, "app:\n", "app:\n  client_id: the-client\n  client_secret: env:CLIENT_SECRET\n", 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// said is what a command has said so far.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
	on chan string // gets the question's address, once
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Write(p)
	if m := regexp.MustCompile(`(?s)open\s+(http://\S+)\n.*\n`).FindStringSubmatch(s.b.String()); m != nil && s.on != nil {
		s.on <- m[1]
		s.on = nil
	}
	return len(p), nil
}

// TestLoginPaste plays a server without a browser: the person opens the address
// elsewhere and pastes where the browser ended up.
func TestLoginPaste(t *testing.T) {
	t.Parallel()
	x := httptest.NewServer(&loginStub{codes: map[string]loginCode{}, live: map[string]string{}})
	defer x.Close()
	file := loginBot(t, x.URL)
	in, typed := io.Pipe()
	asked := make(chan string, 1)
	out := &said{on: asked}
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), []string{"login", "support", "--no-listen", "--by", "ann", "-c", file}, system{
			stdin: in, stdout: out, stderr: out, now: time.Now,
			getenv: func(name string) string {
				return map[string]string{"CLIENT_SECRET": "client-secret-very-private"}[name]
			},
		})
	}()
	resp, err := http.Get(<-asked + "&show=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(typed, resp.Body); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != exitOK {
		t.Fatalf("ended with %d: %s", code, out.b.String())
	}
	if got := out.b.String(); !strings.Contains(got, "support is logged in as @acme_support") || strings.Contains(got, "private") {
		t.Errorf("said: %s", got)
	}
}

func testLogin(t *testing.T) *login {
	t.Helper()
	redirect, err := url.Parse("http://127.0.0.1:8765/callback")
	if err != nil {
		t.Fatal(err)
	}
	return &login{
		cfg: &config.Config{XBaseURL: "https://api.x.com"}, name: "desk<b>", bot: config.Bot{Username: "acme"},
		redirect: redirect, grant: account.NewGrant("c", redirect.String(), "s"),
	}
}

// getPage asks the callback and returns status and page.
func getPage(c *callback, query string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8765/callback"+query, nil)
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w
}

// answerOf is the query of a good answer.
func answerOf(t *testing.T, l *login) string {
	t.Helper()
	u, err := url.Parse(l.grant.URL("https://x.test/a"))
	if err != nil {
		t.Fatal(err)
	}
	return "?code=code-very-private&state=" + u.Query().Get("state")
}

// TestCallback: the first answer to our question counts, and the page waits for
// how it ended.
func TestCallback(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end   error
		title string
	}{
		"logged in": {nil, "Logged in"},
		"denied":    {account.ErrDenied, "You said no"},
		"failed":    {errors.New(`<script>alert("x")</script>`), "The login did not work"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := testLogin(t)
			cb := newCallback(l)
			for _, bad := range []string{"", "?", "?state=wrong&code=x", "?code=x", "?error=access_denied&state=wrong"} {
				if w := getPage(cb, bad); w.Code != http.StatusBadRequest {
					t.Errorf("%q: status %d, want 400", bad, w.Code)
				}
			}
			first := make(chan *httptest.ResponseRecorder)
			go func() { first <- getPage(cb, answerOf(t, l)) }()
			a := <-cb.answers
			if a.err != nil || a.code.Code.Reveal() != "code-very-private" {
				t.Errorf("answer: %v", a.err)
			}
			if w := getPage(cb, answerOf(t, l)); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "has its answer already") {
				t.Errorf("a second answer: status %d", w.Code)
			}
			cb.finish(c.end)
			w := <-first
			page := w.Body.String()
			if w.Code != http.StatusOK || !strings.Contains(page, "<h1>"+c.title+"</h1>") {
				t.Errorf("status %d, page %s", w.Code, page)
			}
			for _, bad := range []string{"private", "<script", "src=", "href=", "desk<b>", "<no value>"} {
				if strings.Contains(page, bad) {
					t.Errorf("the page holds %q", bad)
				}
			}
			for k, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
				if got := w.Header().Get(k); got != want {
					t.Errorf("%s: got %q, want %q", k, got, want)
				}
			}
			if !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
				t.Error("the page may load from elsewhere")
			}
		})
	}
}

// TestCallbackKeepsOut what is not the browser that X sent.
func TestCallbackKeepsOut(t *testing.T) {
	t.Parallel()
	l := testLogin(t)
	for _, c := range []struct {
		method, url string
		want        int
	}{
		{"GET", "http://evil.example:8765/callback", 403},
		{"GET", "http://localhost:8765/callback", 403},
		{"GET", "http://127.0.0.1:8765/", 404},
		{"POST", "http://127.0.0.1:8765/callback", 405},
	} {
		cb := newCallback(l)
		w := httptest.NewRecorder()
		cb.ServeHTTP(w, httptest.NewRequest(c.method, c.url+answerOf(t, l), nil))
		if w.Code != c.want || len(cb.answers) != 0 {
			t.Errorf("%s %s: status %d and %d answers, want %d and none", c.method, c.url, w.Code, len(cb.answers), c.want)
		}
	}
}

// TestAuthorisePage is X's own, unless X is simulated.
func TestAuthorisePage(t *testing.T) {
	t.Parallel()
	l := testLogin(t)
	if got := l.authorise(); got != "https://x.com/i/oauth2/authorize" {
		t.Errorf("got %s", got)
	}
	l.cfg.XBaseURL = "http://127.0.0.1:1"
	if got := l.authorise(); got != "http://127.0.0.1:1/i/oauth2/authorize" {
		t.Errorf("got %s", got)
	}
}

// TestTokenKey: made once and 0600, or given, and never guessed.
func TestTokenKey(t *testing.T) {
	t.Parallel()
	d, err := openDataDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	first, err := d.tokenKey(account.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := first.Seal([]byte("x"), "n")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(d.file("token.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	text, err := first.Text()
	if err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string]account.Secret{"kept": {}, "given": account.NewSecret(text)} {
		k, err := d.tokenKey(given)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Open(sealed, "n"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = d.tokenKey(account.NewSecret("garbage-very-private"))
	if exitCode(err) != exitUsage || strings.Contains(fmt.Sprint(err), "private") {
		t.Errorf("a wrong key given: exit %d, %v", exitCode(err), err)
	}
	if err := os.WriteFile(d.file("token.key"), []byte("garbage-very-private\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = d.tokenKey(account.Secret{}); err == nil || strings.Contains(err.Error(), "private") || !strings.Contains(err.Error(), "restore it") {
		t.Errorf("a wrong key kept: %v", err)
	}
}
