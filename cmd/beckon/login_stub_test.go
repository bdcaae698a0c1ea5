package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
)

// xlogin is X's side of a login as a program, for scripts: its authorise page
// says yes at once for the account of user id 1000000000000000001, or for that of
// ?as=ID, or no with ?deny=1; ?life=N is that of the access token in seconds. It refuses every
// refresh. It prints where it is, a port for the callback
// that was free, and every request to the token endpoint, without secrets.
func xlogin() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	spare, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	port := spare.Addr().(*net.TCPAddr).Port
	spare.Close()
	x := &loginStub{codes: map[string]loginCode{}, live: map[string]string{}, base: "http://" + ln.Addr().String()}
	fmt.Printf("login stub at %s, callback port %d\n", x.base, port)
	fmt.Fprintln(os.Stderr, http.Serve(ln, x))
}

type loginCode struct {
	user, challenge, redirect, scope string
	life                             int // of the access token, seconds
}

type loginStub struct {
	base string

	mu    sync.Mutex
	n     int
	codes map[string]loginCode
	live  map[string]string // access and refresh tokens to user ids
}

func (x *loginStub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	app := id == "the-client" && secret == "client-secret-very-private"
	switch r.URL.Path {
	case "/i/oauth2/authorize":
		x.authorise(w, r)
	case "/2/oauth2/token":
		x.token(w, r, app)
	case "/2/oauth2/revoke":
		_, known := x.live[r.FormValue("token")]
		delete(x.live, r.FormValue("token"))
		fmt.Printf("revoke %s app=%v known=%v\n", r.FormValue("token_type_hint"), app, known)
		reply(w, 200, map[string]bool{"revoked": true})
	case "/2/users/me":
		user, ok := x.live[bearerOf(r)]
		if !ok {
			reply(w, 401, map[string]string{"title": "Unauthorized"})
			return
		}
		reply(w, 200, map[string]any{"data": map[string]string{"id": user, "username": "u" + user[len(user)-4:]}})
	default:
		reply(w, 404, nil)
	}
}

func bearerOf(r *http.Request) string {
	if h := r.Header.Get("Authorization"); len(h) > 7 {
		return h[7:]
	}
	return ""
}

func (x *loginStub) authorise(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back := url.Values{"state": {q.Get("state")}}
	switch {
	case q.Get("client_id") != "the-client" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256":
		http.Error(w, "a bad question", http.StatusBadRequest)
		return
	case q.Get("deny") != "":
		back.Set("error", "access_denied")
	default:
		user := q.Get("as")
		if user == "" {
			user = "1000000000000000001"
		}
		x.n++
		code := fmt.Sprintf("code-%d-very-private", x.n)
		life, err := strconv.Atoi(q.Get("life"))
		if err != nil {
			life = 7200
		}
		x.codes[code] = loginCode{user, q.Get("code_challenge"), q.Get("redirect_uri"), q.Get("scope"), life}
		back.Set("code", code)
	}
	to := q.Get("redirect_uri") + "?" + back.Encode()
	if q.Get("show") != "" { // a browser on another machine shows the address
		fmt.Fprintln(w, to)
		return
	}
	http.Redirect(w, r, to, http.StatusFound)
}

func (x *loginStub) token(w http.ResponseWriter, r *http.Request, app bool) {
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	c, ok := x.codes[r.FormValue("code")]
	delete(x.codes, r.FormValue("code"))
	ok = ok && app && r.FormValue("grant_type") == "authorization_code" &&
		base64.RawURLEncoding.EncodeToString(sum[:]) == c.challenge && r.FormValue("redirect_uri") == c.redirect
	fmt.Printf("token grant_type=%s app=%v ok=%v\n", r.FormValue("grant_type"), app, ok)
	if !ok {
		reply(w, 400, map[string]string{"error": "invalid_grant"})
		return
	}
	x.n++
	access, refresh := fmt.Sprintf("access-%d-very-private", x.n), fmt.Sprintf("refresh-%d-very-private", x.n)
	x.live[access], x.live[refresh] = c.user, c.user
	reply(w, 200, map[string]any{"token_type": "bearer", "expires_in": c.life, "access_token": access, "refresh_token": refresh, "scope": c.scope})
}

func reply(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}
