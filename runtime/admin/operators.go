package admin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// Operator is a person who works with the host, without their token.
type Operator struct {
	Name      string    `json:"name"`
	Role      db.Role   `json:"role"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
	TokenAt   time.Time `json:"token_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // of the token; not there: never
	RemovedAt time.Time `json:"removed_at,omitzero"`

	// Token is shown once: in the answer to what made it.
	Token string `json:"token,omitempty"`
}

// OperatorList is the answer to a list.
type OperatorList struct {
	Operators []Operator `json:"operators"`
}

// NewOperator is the body of an addition or a change.
type NewOperator struct {
	By      string  `json:"by,omitempty"`
	Name    string  `json:"name,omitempty"`
	Role    db.Role `json:"role,omitempty"`
	Expires string  `json:"expires,omitempty"` // how long the token is good, such as 2160h; "": until it is rotated
}

// longestToken is how long a token may be good that ends at all.
const longestToken = 10 * 365 * 24 * time.Hour

func (s *server) listOperators(r *http.Request) (any, error) {
	out := OperatorList{Operators: []Operator{}}
	err := s.Store.Read(r.Context(), func(tx db.Tx) error {
		all, err := tx.ListOperators()
		for _, o := range all {
			out.Operators = append(out.Operators, operatorOf(o))
		}
		return err
	})
	return out, err
}

func operatorOf(o db.Operator) Operator {
	return Operator{
		Name: o.Name, Role: o.Role, CreatedAt: o.CreatedAt, CreatedBy: o.CreatedBy,
		TokenAt: o.TokenAt, ExpiresAt: o.ExpiresAt, RemovedAt: o.RemovedAt,
	}
}

// addOperator answers with the token: it is kept nowhere.
func (s *server) addOperator(r *http.Request) (any, error) {
	in, expires, err := s.newOperator(r)
	if err != nil {
		return nil, err
	}
	if len(in.Name) > maxName || !validName(in.Name) {
		return nil, badRequest(fmt.Sprintf("name: lower-case letters, digits, dots and hyphens, at most %d", maxName))
	}
	if !slices.Contains(db.Roles, in.Role) {
		return nil, badRequest(fmt.Sprintf("role: one of %v, not %q", db.Roles, in.Role))
	}
	token := newToken()
	o := db.Operator{
		Name: in.Name, Role: in.Role, TokenHash: hashToken(token), CreatedAt: s.Now().UTC(), CreatedBy: in.By,
		TokenAt: s.Now().UTC(), ExpiresAt: expires,
	}
	err = s.Store.Write(r.Context(), func(tx db.Tx) error {
		had, err := tx.Operator(o.Name)
		if err == nil && had.RemovedAt.IsZero() {
			return Refusal{fmt.Errorf("%s is an operator already, as %s: operators role, rotate or remove", o.Name, had.Role)}
		}
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return err
		}
		return tx.PutOperator(o)
	})
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), in.By, "add operator", "name", o.Name, "role", o.Role)
	out := operatorOf(o)
	out.Token = token
	return out, nil
}

// changeOperator gives an operator another role or token, or ends theirs.
func (s *server) changeOperator(r *http.Request) (any, error) {
	in, expires, err := s.newOperator(r)
	if err != nil {
		return nil, err
	}
	var o db.Operator
	var token string
	what := r.PathValue("change")
	err = s.Store.Write(r.Context(), func(tx db.Tx) (err error) {
		if o, err = tx.Operator(r.PathValue("name")); err != nil {
			return err
		}
		if !o.RemovedAt.IsZero() {
			return Refusal{fmt.Errorf("%s was removed on %s: operators add", o.Name, o.RemovedAt.UTC().Format(time.DateOnly))}
		}
		switch what {
		case "role":
			if !slices.Contains(db.Roles, in.Role) {
				return badRequest(fmt.Sprintf("role: one of %v, not %q", db.Roles, in.Role))
			}
			o.Role = in.Role
		case "rotate":
			token = newToken()
			o.TokenHash, o.TokenAt, o.ExpiresAt = hashToken(token), s.Now().UTC(), expires
		case "remove":
			o.TokenHash, o.RemovedAt = "", s.Now().UTC()
		default:
			return fmt.Errorf("operators/%s/%s: %w", o.Name, what, db.ErrNotFound)
		}
		return tx.PutOperator(o)
	})
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), in.By, what+" operator", "name", o.Name, "role", o.Role)
	out := operatorOf(o)
	out.Token = token
	return out, nil
}

func (s *server) newOperator(r *http.Request) (in NewOperator, expires time.Time, err error) {
	if err := readBody(r, &in); err != nil {
		return in, expires, err
	}
	who := Change{By: in.By}
	if err := who.check(); err != nil {
		return in, expires, err
	}
	in.By = who.By
	if in.Expires == "" {
		return in, expires, nil
	}
	d, err := time.ParseDuration(in.Expires)
	if err != nil || d < time.Minute || d > longestToken {
		return in, expires, badRequest(fmt.Sprintf("expires: how long the token is good, such as 2160h, not %q", in.Expires))
	}
	return in, s.Now().UTC().Add(d), nil
}

func validName(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// Act is something that an operator did, or was refused.
type Act struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Role    db.Role   `json:"role"`
	Did     string    `json:"did"`
	On      string    `json:"on,omitempty"`
	Refused string    `json:"refused,omitempty"`
}

// Acts is the answer to a question for them.
type Acts struct {
	Acts []Act `json:"acts"`
}

func (s *server) listActs(r *http.Request) (any, error) {
	most, err := readMax(r)
	if err != nil {
		return nil, err
	}
	out := Acts{Acts: []Act{}}
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		all, err := tx.ListOperatorActs(r.FormValue("by"), time.Time{}, most)
		for _, a := range all {
			out.Acts = append(out.Acts, Act{At: a.At, By: a.By, Role: a.Role, Did: a.Did, On: a.On, Refused: a.Refused})
		}
		return err
	})
	return out, err
}
