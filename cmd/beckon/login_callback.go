package main

import (
	_ "embed" // for the page
	"errors"
	"html/template"
	"net/http"
	"sync"

	"github.com/beckon-bot/beckon/runtime/account"
)

// callback answers the browser that X sends back. The first answer to our
// question counts; what does not know the question's state changes nothing, so
// that no other page can end a login.
type callback struct {
	login   *login
	answers chan loginAnswer
	done    chan struct{} // closed by finish

	mu   sync.Mutex
	used bool
	err  error // how the login ended
}

// loginAnswer is what X said.
type loginAnswer struct {
	code account.Code
	err  error
}

func newCallback(l *login) *callback {
	return &callback{login: l, answers: make(chan loginAnswer, 1), done: make(chan struct{})}
}

// finish lets the page say how it ended.
func (c *callback) finish(err error) {
	c.mu.Lock()
	c.err = err
	c.mu.Unlock()
	close(c.done)
}

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Host != c.login.redirect.Host: // a name of somebody's that leads here
		http.Error(w, "not this address", http.StatusForbidden)
		return
	case r.URL.Path != c.login.redirect.Path:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodGet:
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
		return
	}
	code, err := c.login.grant.Answer(r.URL.Query())
	if errors.Is(err, account.ErrState) || errors.Is(err, account.ErrNoCode) {
		c.page(w, http.StatusBadRequest, "This is not the answer we wait for", "It belongs to no login that is under way here, so nothing was done. If you have just said yes on X, start beckon login again and use the address that it prints.")
		return
	}
	c.mu.Lock()
	again := c.used
	c.used = true
	c.mu.Unlock()
	if again {
		c.page(w, http.StatusConflict, "This login has its answer already", "Nothing more was done. The terminal tells how it ended.")
		return
	}
	c.answers <- loginAnswer{code, err}
	select {
	case <-c.done:
	case <-r.Context().Done():
		return
	}
	c.mu.Lock()
	err = c.err
	c.mu.Unlock()
	switch {
	case errors.Is(err, account.ErrDenied):
		c.page(w, http.StatusOK, "You said no", "The bot "+c.login.name+" got no access to any account. You can close this page.")
	case err != nil:
		c.page(w, http.StatusOK, "The login did not work", err.Error()+".")
	default:
		c.page(w, http.StatusOK, "Logged in", "The bot "+c.login.name+" may now act as @"+c.login.bot.Username+", within its rules. You can close this page. To take the access away: beckon logout "+c.login.name+", or your account's settings on X, connected apps.")
	}
}

// page is plain HTML that loads nothing from anywhere.
func (c *callback) page(w http.ResponseWriter, code int, title, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer") // the address holds the code
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	t, err := template.New("login").Parse(loginPage)
	if err != nil { // a test shows every page
		http.Error(w, "the page is broken", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(code)
	_ = t.Execute(w, struct{ Title, Text string }{title, text}) // an error: the browser is gone
}

//go:embed login.html
var loginPage string
