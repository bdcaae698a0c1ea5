package xsim

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Scenario is a script of what happens on X. Each line of its file is an
// offset, the name of a page under /_sim, and what would be posted to it:
//
//	0s   mention {"from": "ann", "to": "acme_support", "text": "where is my order?", "as": "q1"}
//	30s  edit    {"post": "$q1", "text": "@acme_support where is order 17?"}
//	2m   expect  {"replies_to": "$q1", "count": 1}
//
// Empty lines and lines that begin with # say nothing. "as" names the id of
// what is made; "$name" stands for it in the texts of later lines.
type Scenario struct {
	name  string
	steps []step
}

type step struct {
	line    int
	at      time.Duration
	command string
	body    []byte
	as      string
}

// Ends reports whether the scenario says that it ends.
func (sc Scenario) Ends() bool {
	return slices.ContainsFunc(sc.steps, func(s step) bool { return s.command == "end" })
}

// ErrExpected is returned where an expectation of a scenario does not hold.
var ErrExpected = errors.New("not as the scenario expects")

// reference is a name of an earlier line's id inside a JSON text.
var reference = regexp.MustCompile(`\$[a-z][a-z0-9_]*`)

// ParseScenario reads a scenario; name is the file's, for errors. It reports
// every bad line at once.
func ParseScenario(name string, r io.Reader) (Scenario, error) {
	sc := Scenario{name: name}
	var errs []error
	names := map[string]bool{}
	in := bufio.NewScanner(r)
	in.Buffer(nil, 2<<20)
	for n := 1; in.Scan(); n++ {
		text := strings.TrimSpace(strings.TrimPrefix(in.Text(), "\ufeff")) // some editors begin a file with it
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		s, err := parseStep(text, names)
		if err == nil && len(sc.steps) > 0 && s.at < sc.steps[len(sc.steps)-1].at {
			err = fmt.Errorf("offset %v is before that of the line above", s.at)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, n, err))
			continue
		}
		s.line = n
		sc.steps = append(sc.steps, s)
	}
	if err := in.Err(); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", name, err))
	}
	if len(errs) == 0 && len(sc.steps) == 0 {
		errs = append(errs, fmt.Errorf("%s: no line says what happens", name))
	}
	return sc, errors.Join(errs...)
}

func parseStep(text string, names map[string]bool) (step, error) {
	offset, rest := word(text)
	name, body := word(rest)
	s := step{command: name, body: []byte(body)}
	var err error
	if s.at, err = time.ParseDuration(offset); err != nil || s.at < 0 {
		return s, fmt.Errorf("%q is no offset such as 30s or 1h5m", offset)
	}
	if !slices.Contains(Commands(), name) && name != "expect" && name != "end" {
		return s, fmt.Errorf("no command %q; there are: %s, expect, end", name, strings.Join(Commands(), ", "))
	}
	if len(s.body) == 0 {
		s.body = []byte("{}")
	}
	if name == "raw" || name == "forge" {
		return s, nil // not for us to read
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(s.body, &keys); err != nil {
		return s, fmt.Errorf("after %s stands no JSON object: %w", name, err)
	}
	for _, ref := range reference.FindAllString(string(s.body), -1) {
		if !names[ref[1:]] {
			return s, fmt.Errorf("%s is named by no line above", ref)
		}
	}
	if as, ok := keys["as"]; ok {
		if err := json.Unmarshal(as, &s.as); err != nil || !reference.MatchString("$"+s.as) || reference.FindString("$"+s.as) != "$"+s.as {
			return s, fmt.Errorf("as: %s is no name of small letters, digits and _", as)
		}
		names[s.as] = true
		delete(keys, "as")
		if s.body, err = marshal(keys); err != nil {
			return s, err
		}
	}
	return s, nil
}

// word is the first word of a line, and what follows it.
func word(text string) (first, rest string) {
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimSpace(text[i:])
}

// Commands lists the pages for people that take something, which are the
// commands of a scenario.
func Commands() []string {
	return []string{
		"mention", "reply", "quote", "post", "keyword", "edit", "delete", "dm", "follow", "unfollow", "like", "repost",
		"block", "unblock", "revoke", "suspend", "protect", "deactivate", "restore", "scrub_geo", "open_dms", "close_dms", "label",
		"bio", "name",
		"fault", "stream", "secrets", "replays", "compliance", "consent", "drift", "disorder", "skew", "credits", "raw", "forge",
	}
}

// Play lets a scenario happen, each line at start and its offset by the
// simulated clock, and tells of each what came of it. It ends after the last
// line with the expectations that did not hold, or at the line "end".
func (s *Sim) Play(ctx context.Context, sc Scenario, start time.Time, tell func(line string)) error {
	ids := map[string]string{}
	var errs []error
	for _, st := range sc.steps {
		at := start.Add(st.at)
		if d := at.Sub(s.opts.Now()); d > 0 {
			wait(ctx, d)
		}
		if ctx.Err() != nil {
			return errors.Join(errs...)
		}
		if st.command == "end" {
			break
		}
		body := reference.ReplaceAllFunc(st.body, func(ref []byte) []byte {
			if id, ok := ids[string(ref[1:])]; ok {
				return []byte(id)
			}
			return ref
		})
		o, err := s.line(ctx, st.command, body, at)
		if st.as != "" {
			ids[st.as] = o.get("id")
		}
		out, _ := marshal(o) // of texts and numbers only
		if err != nil {
			err = fmt.Errorf("%s:%d: %w", sc.name, st.line, err)
			var d *deliveryError
			if !errors.As(err, &d) { // a webhook that takes nothing is part of the play
				errs = append(errs, err)
			}
			out = fmt.Appendf(nil, "%s %v", out, err)
		}
		tell(fmt.Sprintf("+%v %s %s", st.at, st.command, out))
	}
	return errors.Join(errs...)
}

func (s *Sim) line(ctx context.Context, name string, body []byte, at time.Time) (object, error) {
	if name != "expect" {
		return s.command(ctx, name, body, at.Add(time.Duration(s.skew.Load())))
	}
	var in struct {
		RepliesTo string `json:"replies_to"`
		SendsTo   string `json:"sends_to"`
		Count     *int   `json:"count"`
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	if (in.RepliesTo == "") == (in.SendsTo == "") || in.Count == nil {
		return nil, errors.New("expect has replies_to or sends_to, and count")
	}
	got := 0
	if in.RepliesTo != "" {
		got = s.RepliesTo(in.RepliesTo)
	} else {
		got = s.SendsTo(in.SendsTo)
	}
	o := object{{"count", got}}
	if got != *in.Count {
		return o, fmt.Errorf("%w: %d, not %d", ErrExpected, *in.Count, got)
	}
	return o, nil
}
