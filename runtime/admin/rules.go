package admin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/rollout"
)

// errNoHost: rules are in force only in a host that runs.
var errNoHost = errors.New("no host runs, so no rules are in force; it loads them when it starts")

var errNoFiles = errors.New("no host runs, so no answers and no schedule are in place; it loads them when it starts")

// Rules is what a host has in force, by bot.
type Rules struct {
	Rules []rollout.Status `json:"rules"`
}

// Reload is the body of a reload.
type Reload struct {
	By  string `json:"by"`
	Bot string `json:"bot,omitempty"` // "": all
}

// Files is what a host has in place of answers and schedules.
type Files struct {
	Files []rollout.FileStatus `json:"files"`
}

func (s *server) listFiles(*http.Request) (any, error) {
	if s.Rules == nil {
		return nil, Refusal{errNoFiles}
	}
	out := Files{Files: []rollout.FileStatus{}}
	for _, f := range s.Files {
		out.Files = append(out.Files, f.Status()...)
	}
	return out, nil
}

func (s *server) listRules(*http.Request) (any, error) {
	if s.Rules == nil {
		return nil, Refusal{errNoHost}
	}
	return Rules{s.Rules.Status()}, nil
}

// reloadRules answers with the bots that it looked at; what failed is in there,
// and is no error of the request.
func (s *server) reloadRules(r *http.Request) (any, error) {
	if s.Rules == nil {
		return nil, Refusal{errNoHost}
	}
	var in Reload
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	c := Change{By: in.By}
	if err := c.check(); err != nil {
		return nil, err
	}
	if in.Bot != "" && !slices.Contains(s.Bots, in.Bot) {
		return nil, fmt.Errorf("bot %q: %w; the bots are %s", in.Bot, db.ErrNotFound, strings.Join(s.Bots, ", "))
	}
	now, err := s.Rules.Reload(r.Context(), in.Bot, rollout.WhyOperator(c.By))
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), c.By, "reload rules", "bot", in.Bot)
	return Rules{now}, nil
}
