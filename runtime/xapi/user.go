package xapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"time"

	twitter "github.com/g8rswimmer/go-twitter/v2"

	"github.com/beckon-bot/beckon/runtime/event"
)

// automatedLabel is X's word for an account that is labelled as automated
// (facts.md, read 2026-11-25).
const automatedLabel = "Automated"

// User is what a host needs to know of an account. Tri fields are Unknown where
// X left them out.
type User struct {
	ID       string
	Username string // without the @
	Name     string
	Bio      string
	At       time.Time // created, UTC; zero if X did not say

	Automated  event.Tri // X's 'Automated' label is on
	ReceivesDM event.Tri // receives_your_dm: whether the account that asks may send a DM
	Protected  event.Tri
	Verified   event.Tri
}

// UnmarshalJSON takes a user bare or as {"data": {…}}.
func (u *User) UnmarshalJSON(b []byte) error {
	var w struct {
		ID          string          `json:"id"`
		Username    string          `json:"username"`
		Name        string          `json:"name"`
		Description string          `json:"description"`
		CreatedAt   string          `json:"created_at"`
		Affiliation json.RawMessage `json:"affiliation"`
		ReceivesDM  *bool           `json:"receives_your_dm"`
		Protected   *bool           `json:"protected"`
		Verified    *bool           `json:"verified"`
		Data        json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	if w.ID == "" && len(w.Data) > 0 && bytes.HasPrefix(bytes.TrimSpace(w.Data), []byte("{")) {
		return u.UnmarshalJSON(w.Data)
	}
	*u = User{
		ID: w.ID, Username: w.Username, Name: w.Name, Bio: event.Unescape(w.Description), At: moment(w.CreatedAt),
		Automated: labelOf(w.Affiliation), ReceivesDM: tri(w.ReceivesDM), Protected: tri(w.Protected), Verified: tri(w.Verified),
	}
	return nil
}

// labelOf reads affiliation: absent is unknown, another affiliation, none, or an
// empty one is no label.
func labelOf(raw json.RawMessage) event.Tri {
	if len(raw) == 0 {
		return event.Unknown
	}
	var a *struct {
		Description string `json:"description"`
	}
	if json.Unmarshal(raw, &a) != nil {
		return event.Unknown
	}
	if a != nil && a.Description == automatedLabel {
		return event.Yes
	}
	return event.No
}

func tri(b *bool) event.Tri {
	switch {
	case b == nil:
		return event.Unknown
	case *b:
		return event.Yes
	}
	return event.No
}

func userFields() []twitter.UserField {
	return []twitter.UserField{
		"affiliation", "created_at", "description", "name", "protected", "receives_your_dm", "username", "verified",
	}
}

func userQuery() url.Values {
	return url.Values{"user.fields": {"affiliation,created_at,description,name,protected,receives_your_dm,username,verified"}}
}

// Me reads the bot's own account.
func (c *Client) Me(ctx context.Context, bot string) (User, error) {
	return c.user(ctx, ReadMe, As{Bot: bot}, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.AuthUserLookup(ctx, twitter.UserLookupOpts{UserFields: userFields()})
		return err
	})
}

// User reads one account; class gone if X has none of this id.
func (c *Client) User(ctx context.Context, as As, id string) (User, error) {
	if !IsID(id) {
		return User{}, invalid(ReadUser, errID)
	}
	return c.user(ctx, ReadUser, as, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.UserLookup(ctx, []string{id}, twitter.UserLookupOpts{UserFields: userFields()})
		return err
	})
}

// UserByName reads one account by its handle, without the @. Handles change:
// keep the id.
func (c *Client) UserByName(ctx context.Context, as As, username string) (User, error) {
	if !isHandle(username) {
		return User{}, invalid(ReadUserByName, errHandle)
	}
	return c.user(ctx, ReadUserByName, as, func(ctx context.Context, tw *twitter.Client) error {
		_, err := tw.UserNameLookup(ctx, []string{username}, twitter.UserLookupOpts{UserFields: userFields()})
		return err
	})
}

func (c *Client) user(ctx context.Context, op string, as As, call func(context.Context, *twitter.Client) error) (User, error) {
	var u User
	if err := c.fetch(ctx, op, as, "GET", call, &u); err != nil {
		return User{}, err
	}
	if u.ID == "" {
		return User{}, &Error{Op: op, Status: 200, Class: event.UnknownOutcome, Err: errEmpty}
	}
	return u, nil
}

// Users reads up to 100 accounts in one call. What X does not give is in the
// second list.
func (c *Client) Users(ctx context.Context, as As, ids ...string) ([]User, []Missing, error) {
	var a struct {
		Data   []User            `json:"data"`
		Errors []json.RawMessage `json:"errors"`
	}
	if err := c.lookup(ctx, ReadUsers, as, "/2/users", userQuery(), ids, &a); err != nil {
		return nil, nil, err
	}
	return a.Data, missing(a.Errors), nil
}

// isHandle: 1 to 15 letters, digits and underscores; some old ones are longer.
func isHandle(s string) bool {
	if s == "" || len(s) > 20 {
		return false
	}
	for _, c := range []byte(s) {
		if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}
