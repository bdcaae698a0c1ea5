package xsim

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLife is how long an authorization code lives (facts.md, read 2026-11-25).
const codeLife = 30 * time.Second

// code waits to be exchanged.
type code struct {
	account   string
	redirect  string
	scopes    []string
	challenge string
	method    string
	until     time.Time
}

// family is one authorization of an account: the chain of its tokens. A
// refresh token that is spent twice kills it (X6).
type family struct {
	n       int
	account string
	scopes  []string
	rounds  int // tokens handed out
	access  string
	refresh string // "" without offline.access
	until   time.Time
	dead    bool
	spent   map[string]bool // refresh tokens of earlier rounds
}

func (s *Sim) endFamilies(account string) {
	for _, f := range s.families {
		if f.account == account {
			f.dead = true
		}
	}
}

// bearer is the living family of an access token, expired or not.
func (s *Sim) bearer(token string) *family {
	for _, f := range s.families {
		if !f.dead && f.access == token {
			return f
		}
	}
	return nil
}

// lacks returns the first scope of a route that a user token has not.
func (f *family) lacks(scopes string) string {
	for want := range strings.FieldsSeq(scopes) {
		if !slices.Contains(f.scopes, want) {
			return want
		}
	}
	return ""
}

const allScopes = " block.read block.write bookmark.read bookmark.write broadcast.read broadcast.write dm.read dm.write follows.read" +
	" follows.write like.read like.write list.read list.write media.write mute.read mute.write offline.access space.read" +
	" timeline.read tweet.moderate.write tweet.read tweet.write users.read "

// authorize is X's consent page. Nobody clicks here: Consent said who agrees,
// or refuses, before.
func (s *Sim) authorize(r *request) answer {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case s.opts.ClientID == "" || q.Get("client_id") != s.opts.ClientID:
		return badRequest("client_id is none of the app's")
	case err != nil || back.Scheme == "" || len(s.opts.Redirects) > 0 && !slices.Contains(s.opts.Redirects, back.String()):
		return badRequest("redirect_uri is none of the app's: it must match exactly")
	}
	to := func(v url.Values) answer {
		if state := q.Get("state"); state != "" {
			v.Set("state", state)
		}
		with := back.Query()
		for k := range v {
			with.Set(k, v.Get(k))
		}
		u := *back
		u.RawQuery = with.Encode()
		return answer{status: http.StatusFound, location: u.String()}
	}
	method := q.Get("code_challenge_method")
	if method == "" {
		method = "plain"
	}
	scopes := strings.Fields(q.Get("scope"))
	unknown := slices.ContainsFunc(scopes, func(x string) bool { return !strings.Contains(allScopes, " "+x+" ") })
	switch {
	case q.Get("response_type") != "code", q.Get("code_challenge") == "", method != "plain" && method != "S256":
		return to(url.Values{"error": {"invalid_request"}})
	case len(scopes) == 0 || unknown:
		return to(url.Values{"error": {"invalid_scope"}})
	case s.denies:
		return to(url.Values{"error": {"access_denied"}})
	}
	account := s.consents
	if account == "" {
		account = s.opts.Accounts[0].ID
	}
	s.issued++
	c := s.secretText("code", s.issued, 0)
	s.codes[c] = code{account, q.Get("redirect_uri"), scopes, q.Get("code_challenge"), method, r.now.Add(codeLife)}
	a := to(url.Values{"code": {c}})
	a.made = account
	return a
}

// Consent says who agrees at the next authorizations, by handle or id, or that
// whoever it is refuses.
func (s *Sim) Consent(account string, refuses bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if account != "" {
		u, err := s.find(account)
		if err != nil {
			return err
		}
		if s.accounts[u.ID] == nil {
			return fmt.Errorf("xsim: %s is no account of a bot", u.Username)
		}
		s.consents = u.ID
	}
	s.denies = refuses
	return nil
}

// secretText makes a token: the same script gives the same ones (X1).
func (s *Sim) secretText(kind string, n, round int) string {
	text := fmt.Sprintf("%s:%d:%d:%d", kind, n, round, s.opts.Seed)
	h := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString([]byte(kind)) + base64.RawURLEncoding.EncodeToString(h[:])
}

func oauthError(status int, kind, says string) answer {
	return answer{status: status, body: object{{"error", kind}, {"error_description", says}}}
}

// isClient checks who asks: a confidential app by Basic, a public one by its id.
func (s *Sim) isClient(r *request, form url.Values) bool {
	id, key, ok := r.BasicAuth()
	if !ok {
		id, key = form.Get("client_id"), ""
	} else if d, err := url.QueryUnescape(id); err == nil {
		id = d
		if d, err := url.QueryUnescape(key); err == nil {
			key = d
		}
	}
	return s.opts.ClientID != "" && id == s.opts.ClientID && subtle.ConstantTimeCompare([]byte(key), []byte(s.opts.ClientSecret)) == 1
}

func form(r *request) (url.Values, bool) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	v, err := url.ParseQuery(string(r.body))
	return v, err == nil && kind == "application/x-www-form-urlencoded"
}

// token exchanges a code, or a refresh token, which rotates.
func (s *Sim) token(r *request) answer {
	f, ok := form(r)
	if !ok {
		return oauthError(http.StatusBadRequest, "invalid_request", "The body is application/x-www-form-urlencoded.")
	}
	if !s.isClient(r, f) {
		return oauthError(http.StatusUnauthorized, "unauthorized_client", "Missing valid authorization header")
	}
	switch f.Get("grant_type") {
	case "client_credentials":
		if s.opts.AppToken == "" {
			return oauthError(http.StatusForbidden, "unauthorized_client", "This app has no bearer token.")
		}
		return answer{status: http.StatusOK, body: object{{"token_type", "bearer"}, {"access_token", s.opts.AppToken}}}
	case "authorization_code":
		c, ok := s.codes[f.Get("code")]
		delete(s.codes, f.Get("code")) // it is good for one try
		if !ok || !r.now.Before(c.until) || c.redirect != f.Get("redirect_uri") || !c.proves(f.Get("code_verifier")) {
			return oauthError(http.StatusBadRequest, "invalid_request", "Value passed for the authorization code was invalid.")
		}
		// A new authorization is a new start: it lifts an earlier withdrawal.
		delete(s.revoked, c.account)
		fam := &family{n: len(s.families) + 1, account: c.account, scopes: c.scopes, spent: map[string]bool{}}
		s.families = append(s.families, fam)
		return s.grant(r, fam)
	case "refresh_token":
		used := f.Get("refresh_token")
		for _, fam := range s.families {
			switch {
			case used == "" || fam.dead:
			case fam.spent[used]:
				fam.dead = true // X6
			case fam.refresh == used:
				fam.spent[used] = true
				return s.grant(r, fam)
			}
		}
		return oauthError(http.StatusBadRequest, "invalid_request", "Value passed for the token was invalid.")
	}
	return oauthError(http.StatusBadRequest, "unsupported_grant_type", "grant_type is authorization_code, refresh_token or client_credentials.")
}

func (c code) proves(verifier string) bool {
	if verifier == "" {
		return false
	}
	if c.method == "S256" {
		h := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(h[:])
	}
	return verifier == c.challenge
}

// grant hands out the next tokens of a family.
func (s *Sim) grant(r *request, f *family) answer {
	f.rounds++
	f.access, f.until = s.secretText("access", f.n, f.rounds), r.now.Add(s.opts.TokenLife)
	if slices.Contains(f.scopes, "offline.access") {
		f.refresh = s.secretText("refresh", f.n, f.rounds)
	}
	r.call.Account = f.account
	o := object{
		{"token_type", "bearer"}, {"expires_in", int(s.opts.TokenLife / time.Second)},
		{"access_token", f.access}, {"scope", strings.Join(f.scopes, " ")},
	}
	if f.refresh != "" {
		o = append(o, field{"refresh_token", f.refresh})
	}
	return answer{status: http.StatusOK, body: o}
}

// revoke ends the family of a token of either kind. X answers the same for a
// token that is none.
func (s *Sim) revokeToken(r *request) answer {
	f, ok := form(r)
	if !ok || f.Get("token") == "" {
		return oauthError(http.StatusBadRequest, "invalid_request", "Missing required parameter [token].")
	}
	if !s.isClient(r, f) {
		return oauthError(http.StatusUnauthorized, "unauthorized_client", "Missing valid authorization header")
	}
	for _, fam := range s.families {
		if t := f.Get("token"); !fam.dead && (fam.access == t || fam.refresh == t) {
			fam.dead = true
			r.call.Account = fam.account
		}
	}
	return answer{status: http.StatusOK, body: object{{"revoked", true}}}
}
