package bottest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// step is one line of a script: [TIME] VERB ARG… [KEY=VALUE…] [FLAG…] [as NAME].
type step struct {
	line  int
	at    time.Duration // since midnight of the scenario's day, if abs
	after time.Duration // since the line before, if not
	abs   bool
	verb  string
	args  []string
	keys  map[string]string
	name  string // after "as"
}

func (s step) flag(name string) bool { return s.keys[name] == "yes" }

// verbs says how many arguments each verb takes and which keys and flags it
// knows.
var verbs = map[string]struct {
	args int
	keys string
}{
	"mention":  {3, "quote automated late refused"},
	"reply":    {3, "quote mention automated late refused"},
	"quote":    {3, "automated late refused"},
	"post":     {2, "automated late refused"},
	"keyword":  {4, "automated late refused"},
	"edit":     {2, "late refused"},
	"delete":   {1, "late refused"},
	"dm":       {3, "automated late refused"},
	"follow":   {2, "automated late refused"},
	"unfollow": {2, "late refused"},
	"like":     {2, "late refused"},
	"repost":   {2, "late refused"},
	"block":    {2, ""},
	"revoke":   {1, "late refused"},
	"raw":      {1, "late refused"},

	"suspend": {1, ""}, "protect": {1, ""}, "deactivate": {1, ""}, "restore": {1, ""}, // WHO
	"scrub_geo": {1, ""}, // POST

	"deliver": {1, "n refused"}, // what was late, or the nth body of it
	"again":   {1, "n"},         // a duplicate delivery
	"forge":   {1, ""},          // with a wrong signature: 401

	"fault":   {2, "times nth status type made delay echo"}, // of X: OP KIND
	"break":   {2, ""},                                      // PART HOW: dispatch|sender down|lies, acks lost, bus down, x stalls
	"stream":  {1, ""},                                      // breaks: drop disconnect error stall torn garbage
	"mend":    {1, ""},
	"crash":   {0, ""},
	"restart": {0, ""},
	"backup":  {0, ""},
	"recover": {0, "busless replayed"}, // the host's disk is lost, but for its bus, and the last backup comes back

	"approve": {1, "fails"},
	"reject":  {1, "fails"},
	"retry":   {1, "fails"},
	"pause":   {1, ""},
	"resume":  {1, ""},
	"optout":  {1, ""},
	"handoff": {2, ""},
	"release": {2, ""},
	"ask":     {3, "post to list about act id timer ai promotional affiliate disclosed paid"}, // a command: BOT KIND TEXT
	"consent": {3, "covers withdrawn fails"},                                                  // WHO BOT KIND
	"match":   {5, "post source fails"},                                                       // WHO BOT PURPOSE BASIS REF
	"answer":  {2, "handoff ai"},                                                              // of the handler orders to an act: ACT TEXT
	"redo":    {1, ""},                                                                        // the dead letter of an act
	"rules":   {1, "fails"},                                                                   // of every bot, from a file of the archive
	"round":   {0, "fails"},                                                                   // X is asked now what is gone
	"jobs":    {1, ""},                                                                        // so many of the next compliance jobs fail
	"duty":    {2, "by at"},                                                                   // a deletion that somebody asks for: post|dm|user NAME
	"wipe":    {1, "fails"},                                                                   // BOT|all
	"wait":    {0, ""},
}

// parse reads a script. Empty lines and those that begin with # say nothing.
func parse(script string) ([]step, error) {
	var steps []step
	for i, text := range strings.Split(script, "\n") {
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		s, err := parseLine(text)
		if err != nil {
			return nil, fmt.Errorf("script, line %d: %w", i+1, err)
		}
		s.line = i + 1
		if len(steps) == 0 && !s.abs {
			return nil, errors.New("script: the first line begins with a time, such as 09:00")
		}
		steps = append(steps, s)
	}
	if len(steps) == 0 {
		return nil, errors.New("script: it is empty")
	}
	return steps, nil
}

func parseLine(text string) (s step, err error) {
	words, err := split(text)
	if err != nil {
		return s, err
	}
	if words, err = s.when(words); err != nil {
		return s, err
	}
	if n := len(words); n > 2 && words[n-2] == "as" {
		s.name, words = words[n-1], words[:n-2]
	}
	if len(words) == 0 {
		return s, errors.New("a time and nothing to do; there is the verb wait")
	}
	s.verb, words = words[0], words[1:]
	v, ok := verbs[s.verb]
	if !ok {
		return s, fmt.Errorf("no verb %q", s.verb)
	}
	if len(words) < v.args {
		return s, fmt.Errorf("%s takes %d arguments", s.verb, v.args)
	}
	s.args, s.keys = words[:v.args], map[string]string{}
	for _, w := range words[v.args:] {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			value = "yes"
		}
		if !strings.Contains(" "+v.keys+" ", " "+key+" ") {
			return s, fmt.Errorf("%s does not know %q", s.verb, key)
		}
		s.keys[key] = value
	}
	return s, nil
}

// when takes the time off the front: 09:00, 09:00:05, +90s, or nothing.
func (s *step) when(words []string) ([]string, error) {
	first := words[0]
	if rest, ok := strings.CutPrefix(first, "+"); ok {
		d, err := time.ParseDuration(rest)
		s.after = d
		return words[1:], err
	}
	if first[0] < '0' || first[0] > '9' {
		return words, nil
	}
	layout := "15:04"
	if strings.Count(first, ":") == 2 {
		layout = "15:04:05"
	}
	at, err := time.Parse(layout, first)
	if err != nil {
		return nil, err
	}
	s.abs = true
	s.at = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second
	return words[1:], nil
}

// split separates words at spaces; a word in double quotes is a Go string.
func split(text string) ([]string, error) {
	var words []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if text[0] != '"' {
			word, rest, _ := strings.Cut(text, " ")
			words, text = append(words, word), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return nil, fmt.Errorf("a quote without its end: %s", text)
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		words, text = append(words, word), text[len(quoted):]
	}
	return words, nil
}
