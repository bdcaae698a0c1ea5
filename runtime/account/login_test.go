package account

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/seal"
)

// TestT5OneRefreshAfter401: several senders are refused the same token.
func TestT5OneRefreshAfter401(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.running()
		first := d.token(m)
		sleep(tooFresh)
		d.x.mu.Lock()
		delete(d.x.live, first) // X takes it no more, long before its end
		d.x.mu.Unlock()
		client := &http.Client{Transport: m.Transport(d.x)}
		get := func(token string) int {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://x.test/2/users/me", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			return resp.StatusCode
		}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if code := get(first); code != 401 {
					t.Errorf("status %d, want 401", code)
				}
				if code := get(d.token(m)); code != 200 {
					t.Errorf("status %d with the next token", code)
				}
			})
		}
		wg.Wait()
		if n := d.x.called(tokenPath); n != 2 {
			t.Errorf("%d calls, want the login and one refresh", n)
		}
		// A late report of the first token changes nothing.
		m.Rejected(NewSecret(first))
		second := d.token(m)
		if n := d.x.called(tokenPath); n != 2 {
			t.Errorf("%d calls: refreshed for a token that is not in use", n)
		}
		// A token refused right after X gave it is not helped by another one.
		m.Rejected(NewSecret(second))
		if d.token(m) != second || d.x.called(tokenPath) != 2 {
			t.Error("refreshed at once again")
		}
		d.quiet()
	})
}

// TestT5OtherProcess: the refused token was replaced by another process already.
func TestT5OtherProcess(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		one := d.running()
		two := d.process()
		first := d.token(two)
		sleep(tooFresh)
		one.Rejected(NewSecret(first))
		second := d.token(one)
		two.Rejected(NewSecret(first))
		if got := d.token(two); got != second || d.x.called(tokenPath) != 2 {
			t.Errorf("got %s after %d calls, want the other's token", got, d.x.called(tokenPath))
		}
	})
}

func TestT6AnotherAccount(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.process()
		err := d.login(m, "99")
		if !errors.Is(err, ErrOtherAccount) || !strings.Contains(err.Error(), "@user_99") || !strings.Contains(err.Error(), "The tokens were revoked") {
			t.Errorf("got %v", err)
		}
		if len(d.x.live)+len(d.x.refresh) != 0 {
			t.Error("the tokens still work")
		}
		d.noToken(m, event.Auth)
		d.quiet(err)

		// The login that was there stays.
		m = d.running()
		if err := d.login(m, "99"); err == nil {
			t.Fatal("taken")
		}
		d.token(m)
	})
}

// TestLoginFails: whatever goes wrong, the error says what to do, nothing is
// kept, and what X gave is revoked.
func TestLoginFails(t *testing.T) {
	for name, c := range map[string]struct {
		path string
		f    fault
		prep func(*desk)
		want string
		left bool // tokens that we never saw, or could not revoke
	}{
		"code too old":       {prep: func(d *desk) { delete(d.x.codes, "code-very-private") }, want: "lives 30 seconds"},
		"no connection":      {path: tokenPath, f: noDial, want: "cannot be reached"},
		"answer lost":        {path: tokenPath, f: lostAfter, want: "answer was lost", left: true},
		"too many":           {path: tokenPath, f: rate, want: "quarter of an hour"},
		"wrong app secret":   {path: tokenPath, f: badClient, want: "app.client_secret"},
		"no refresh token":   {prep: func(d *desk) { d.x.noRefresh = true }, want: "offline.access"},
		"whose login":        {path: mePath, f: status503, want: "whose login it is cannot be told"},
		"whose, lost":        {path: mePath, f: lostAfter, want: "whose login it is cannot be told"},
		"not stored":         {prep: func(d *desk) { d.store.Next(dbtest.NotStored) }, want: "store the tokens"},
		"not revoked either": {path: mePath, f: html, prep: func(d *desk) { d.x.fail(revokePath, noDial, noDial) }, want: "connected apps", left: true},
	} {
		t.Run(name, func(t *testing.T) {
			onFakeTime(t, func(t *testing.T, d *desk) {
				m := d.process()
				if c.f != "" {
					d.x.fail(c.path, c.f)
				}
				g := NewGrant("client", "http://127.0.0.1:1/x", "s")
				d.x.codes["code-very-private"] = "42"
				if c.prep != nil {
					c.prep(d)
				}
				_, err := m.Login(t.Context(), "desk", Code{NewSecret("code-very-private"), g.verifier, g.redirect})
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("got %v, want %q", err, c.want)
				}
				if left := len(d.x.live) + len(d.x.refresh); (left != 0) != c.left {
					t.Errorf("%d tokens are left on X", left)
				}
				d.noToken(m, event.Auth)
				d.quiet(err)
			})
		})
	}
}

// A login beside a host that refreshes at this moment: the login counts.
func TestLoginDuringRefresh(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		host := d.running()
		expire()
		d.x.fail(tokenPath, slow)
		go func() { _, _ = host.Credential(t.Context(), "desk") }()
		sleep(time.Second)
		d.wantState(db.TokenRefreshing)
		d.x.mu.Lock()
		d.x.inside-- // another process logs in while the host's request hangs: that is allowed
		d.x.mu.Unlock()
		other := d.process()
		if err := d.login(other, "42"); err != nil {
			t.Fatal(err)
		}
		want := d.token(other)
		d.x.mu.Lock()
		d.x.inside++
		d.x.mu.Unlock()
		sleep(requestTimeout + retryBase)
		if got := d.token(host); got != want {
			t.Errorf("the host uses %s, want the new login", got)
		}
		d.wantState(db.TokenLive)
		d.stopped(0, "")
	})
}

func TestLogout(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.running()
		d.token(m)
		d.x.fail(revokePath, status503, noDial)
		if _, err := m.Logout(t.Context(), "desk", "ann", false); !errors.Is(err, ErrNotRevoked) {
			t.Fatalf("X is away: got %v", err)
		}
		d.token(m) // still logged in
		revoked, err := m.Logout(t.Context(), "desk", "ann", false)
		if err != nil || !revoked {
			t.Fatalf("got %v, %v", revoked, err)
		}
		if len(d.x.live)+len(d.x.refresh) != 0 {
			t.Error("the tokens still work")
		}
		d.wantState(db.TokenEnded)
		e := d.noToken(m, event.Auth)
		if !strings.Contains(e.Error(), "logged out by ann") {
			t.Errorf("got %v", e)
		}
		if _, err := m.Logout(t.Context(), "desk", "ann", false); !errors.Is(err, ErrNoLogin) {
			t.Errorf("twice: got %v", err)
		}
		d.stopped(0, "")
		d.quiet(err, e)

		m = d.running()
		d.x.fail(revokePath, noDial, noDial)
		if revoked, err = m.Logout(t.Context(), "desk", "ann", true); err != nil || revoked {
			t.Errorf("dropped: got %v, %v; want not revoked, no error", revoked, err)
		}
		d.wantState(db.TokenEnded)
		for bot, want := range map[string]error{"fixed": ErrNotLogin, "nobody": ErrNoBot} {
			if _, err := m.Logout(t.Context(), bot, "ann", false); !errors.Is(err, want) {
				t.Errorf("%s: got %v", bot, err)
			}
			if _, err := m.Login(t.Context(), bot, Code{}); !errors.Is(err, want) {
				t.Errorf("%s: got %v", bot, err)
			}
		}
	})
}

// TestT8Sealed looks for the tokens in the row, and moves it to another bot and
// another key.
func TestT8Sealed(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.running()
		d.token(m)
		row := d.row()
		if len(row.Sealed) == 0 || strings.Contains(string(row.Sealed), "private") {
			t.Fatalf("%d bytes, in the clear or none", len(row.Sealed))
		}
		if _, _, err := m.open(row); err != nil {
			t.Fatal(err)
		}
		moved := row
		moved.Bot = "other"
		if _, _, err := m.open(moved); !errors.Is(err, ErrWrongKey) {
			t.Errorf("under another bot's name: %v", err)
		}
		var err error
		if d.key, err = seal.New(); err != nil {
			t.Fatal(err)
		}
		wrong := d.process()
		e := d.noToken(wrong, event.Auth)
		if !errors.Is(e, ErrWrongKey) {
			t.Errorf("another key: %v", e)
		}
		list, err := wrong.List(t.Context())
		if err != nil || list[0].Reason != ErrWrongKey.Error() {
			t.Errorf("list: %+v, %v", list, err)
		}
		if n := d.x.called(tokenPath); n != 1 {
			t.Errorf("%d calls, want the login alone", n)
		}
		// The way out that the error names.
		if err := d.login(wrong, "42"); err != nil {
			t.Fatal(err)
		}
		d.token(wrong)
	})
}

func TestOtherKinds(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.process()
		c, err := m.Credential(t.Context(), "fixed")
		if err != nil || c.Bearer.Reveal() != "fixed-very-private" {
			t.Errorf("static: %v", err)
		}
		c, err = m.Credential(t.Context(), "signed")
		if err != nil || c.Keys.AccessToken.Reveal() != "signed-very-private" || !c.Bearer.IsZero() {
			t.Errorf("OAuth 1.0a: %v", err)
		}
		if _, err = m.Credential(t.Context(), "nobody"); !errors.Is(err, ErrNoBot) {
			t.Errorf("unknown: %v", err)
		}
		list, err := m.List(t.Context())
		if err != nil || len(list) != 3 || list[0].State != "none" || list[1].State != "configured" {
			t.Errorf("list: %+v, %v", list, err)
		}
		d.quiet(c, err, list)
	})
}

func TestAppBearer(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.process()
		d.x.fail(appPath, noDial)
		_, err := m.Credential(t.Context(), "")
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Class != event.Transient {
			t.Fatalf("no connection: %v", err)
		}
		if _, err := m.Credential(t.Context(), ""); err == nil || d.x.called(appPath) != 1 {
			t.Errorf("asked again at once: %v", err)
		}
		sleep(time.Until(e.RetryAt))
		var got []string
		for range 3 {
			c, err := m.Credential(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c.Bearer.Reveal())
		}
		if d.x.called(appPath) != 2 || len(slices.Compact(got)) != 1 {
			t.Errorf("%d calls, tokens %q; want one", d.x.called(appPath), got)
		}
		m.Rejected(NewSecret(got[0]))
		if c, err := m.Credential(t.Context(), ""); err != nil || c.Bearer.Reveal() == got[0] {
			t.Errorf("a refused one was given out again: %v", err)
		}
		d.x.fail(appPath, badClient)
		m = d.process()
		_, err = m.Credential(t.Context(), "")
		if e, ok := errors.AsType[*Error](err); !ok || e.Class != event.Auth || !strings.Contains(e.Error(), "app.consumer_key") {
			t.Errorf("wrong keys: %v", err)
		}
		m.App.Bearer = NewSecret("given-very-private")
		if c, err := m.Credential(t.Context(), ""); err != nil || c.Bearer.Reveal() != "given-very-private" {
			t.Errorf("configured: %v", err)
		}
		m.App = App{}
		if _, err = m.Credential(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "app.bearer") {
			t.Errorf("nothing configured: %v", err)
		}
		d.quiet(got[:0], err)
	})
}

func TestGrant(t *testing.T) {
	t.Parallel()
	g := NewGrant("my client", "http://127.0.0.1:8765/callback", "tweet.read offline.access")
	u, err := url.Parse(g.URL("https://x.com/i/oauth2/authorize"))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for k, want := range map[string]string{
		"response_type": "code", "client_id": "my client", "redirect_uri": "http://127.0.0.1:8765/callback",
		"scope": "tweet.read offline.access", "code_challenge_method": "S256", "state": g.state,
	} {
		if q.Get(k) != want {
			t.Errorf("%s: got %q, want %q", k, q.Get(k), want)
		}
	}
	if len(q.Get("code_challenge")) != 43 || len(g.state) != 43 || strings.Contains(u.String(), g.verifier.Reveal()) {
		t.Errorf("challenge %q, state %q", q.Get("code_challenge"), g.state)
	}
	// RFC 7636, appendix B.
	known := Grant{verifier: NewSecret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")}
	if want := "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&"; !strings.Contains(known.URL("x"), want) {
		t.Errorf("got %s, want %s", known.URL("x"), want)
	}

	for pasted, want := range map[string]error{
		"http://127.0.0.1:8765/callback?state=" + g.state + "&code=abc":       nil,
		"  http://127.0.0.1:8765/callback?code=abc&state=" + g.state + "#x\n": nil,
		"code=abc&state=" + g.state:                                           nil,
		"http://127.0.0.1:8765/callback?error=access_denied&state=" + g.state: ErrDenied,
		"?state=wrong&code=abc":                                               ErrState,
		"?code=abc":                                                           ErrState,
		"?error=access_denied":                                                ErrState,
		"?state=" + g.state:                                                   ErrNoCode,
		"":                                                                    ErrNoCode,
		"http://127.0.0.1:8765/callback":                                      ErrNoCode,
		"%zz?%zz":                                                             ErrNoCode,
		"?state=" + g.state + "&error=server_error":                           errAny,
		"?state=" + g.state + "&error=" + "quoted-very-private":               errAny,
	} {
		c, err := Code{}, error(nil)
		if q, perr := ParseAnswer(pasted); perr != nil {
			err = perr
		} else {
			c, err = g.Answer(q)
		}
		switch {
		case want == nil && (err != nil || c.Code.Reveal() != "abc" || c.Verifier.IsZero() || c.Redirect == ""):
			t.Errorf("%q: %v", pasted, err)
		case want == errAny && err == nil, want != nil && want != errAny && !errors.Is(err, want):
			t.Errorf("%q: got %v, want %v", pasted, err, want)
		case err != nil && strings.Contains(err.Error(), "private"):
			t.Errorf("%q: quoted: %v", pasted, err)
		}
	}
}

var errAny = errors.New("any error")

func TestScopes(t *testing.T) {
	t.Parallel()
	for want, kinds := range map[string][]event.ActionKind{
		"tweet.read users.read dm.read offline.access":                           nil,
		"tweet.read users.read dm.read tweet.write offline.access":               {event.Reply},
		"tweet.read users.read dm.read dm.write offline.access":                  {event.DM},
		"tweet.read users.read dm.read tweet.write dm.write offline.access":      {event.DM, event.Quote, event.Reply},
		"tweet.read users.read dm.read like.write bookmark.write offline.access": {event.Bookmark, event.Like},
		"tweet.read users.read dm.read follows.write list.write offline.access":  {event.FollowU, event.ListAdd},
	} {
		got := Scopes(kinds)
		if Names(got) != want {
			t.Errorf("%v: got %q, want %q", kinds, Names(got), want)
		}
		for _, s := range got {
			if s.Why == "" {
				t.Errorf("%s: nothing says why", s.Name)
			}
		}
	}
	if got := Missing(Scopes([]event.ActionKind{event.DM}), "tweet.read users.read dm.read offline.access"); !slices.Equal(got, []string{"dm.write"}) {
		t.Errorf("missing: %q", got)
	}
}
