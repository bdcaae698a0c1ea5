package account

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Kind says how a bot speaks for its account.
type Kind string

// The kinds of credentials.
const (
	Static Kind = "token"  // an access token that somebody else renews
	OAuth1 Kind = "oauth1" // OAuth 1.0a: four values that do not expire
	Login  Kind = "login"  // OAuth 2.0 by `beckon login`, refreshed here
)

// Bot is one hosted account as the configuration has it.
type Bot struct {
	UserID   string // X user id
	Username string
	Kind     Kind
	Token    Secret // of Static
	Keys     Keys   // of OAuth1
}

// Keys are the four values of OAuth 1.0a.
type Keys struct {
	ConsumerKey, ConsumerSecret, AccessToken, AccessSecret Secret
}

// App is the X app: what identifies us beside each account.
type App struct {
	ClientID       string // OAuth 2.0
	ClientSecret   Secret
	ConsumerKey    Secret // OAuth 1.0a, and for a Bearer by client credentials
	ConsumerSecret Secret
	Bearer         Secret // app-only; zero: asked for with the consumer key and secret
}

// Credential is what stands for an account, or for the app, on one request.
// Either Bearer is set or Keys.
type Credential struct {
	Bearer Secret
	Keys   Keys
}

// Error is why there is no credential now. Class tells whether waiting helps:
// transient and rate_limited pass by themselves, auth needs a person.
type Error struct {
	Bot     string // "" for the app
	Class   event.Class
	RetryAt time.Time // UTC; zero: soon
	Err     error
}

// Error holds no secret (S2).
func (e *Error) Error() string {
	who := "the app"
	if e.Bot != "" {
		who = "bot " + e.Bot
	}
	return fmt.Sprintf("token of %s: %v", who, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

var (
	// ErrNoLogin: nobody has logged in for the bot, or X takes the login no more.
	ErrNoLogin = errors.New("a person has to log in")
	// ErrWrongKey: the stored tokens do not open with the token key.
	ErrWrongKey = errors.New("the token key does not open the stored tokens: put the right one back, or log in again")
	// ErrNoBot: the configuration knows no bot of that name.
	ErrNoBot = errors.New("no bot of that name")
	// ErrNotLogin: the bot's configuration says otherwise than to log in.
	ErrNotLogin = errors.New("the bot's tokens come from its configuration; take token and oauth1 out of it to log in instead")
	// ErrOtherAccount: the browser was logged in to another account.
	ErrOtherAccount = errors.New("the login is for another account")
)

// what to do after a login has ended.
func again(bot string) string {
	return strings.ReplaceAll("`beckon login BOT`, then `beckon resume BOT`", "BOT", bot)
}
