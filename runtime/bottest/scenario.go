package bottest

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/schedule"
)

//go:embed default
var defaults embed.FS

// Files of a scenario.
const (
	fileScript    = "script"
	fileSettings  = "bot.yaml"
	fileRules     = "rules.yaml"
	fileAnswers   = "answers.yaml"
	fileSchedule  = "schedule.yaml"
	wantLog       = "want"           // action log, then opt-outs, silences, switches and dead letters
	wantDecisions = "want-decisions" // what was decided, and why
	wantX         = "want-x"         // what X saw
)

// settings is bot.yaml. The zero value is a bot that may answer.
type settings struct {
	Bots         []string      `yaml:"bots"` // configured names and handles; none: help
	Tier         string        `yaml:"tier"` // self_serve, which is the default, or enterprise
	AIApproved   bool          `yaml:"ai_approved"`
	Undeclared   []string      `yaml:"undeclared"` // of label, bio, operator
	NoPrivacy    bool          `yaml:"no_privacy"`
	LongPosts    bool          `yaml:"long_posts"`
	Dry          bool          `yaml:"dry"`
	Sealed       bool          `yaml:"sealed"` // texts, on the bus and in the database: gone and stays look at what nobody can read
	MaxEventAge  time.Duration `yaml:"max_event_age"`
	HandoffQuiet time.Duration `yaml:"handoff_quiet"`
	Compliance   time.Duration `yaml:"compliance"` // how often X is asked what is gone; 0: never
	HoldExpiry   time.Duration `yaml:"hold_expiry"`
	PersonDone   string        `yaml:"person_done"`
	Outside      bool          `yaml:"outside"`       // the handler orders, in a program of its own, is asked last
	OutsideFirst bool          `yaml:"outside_first"` // it is asked before the answers
	Fallback     string        `yaml:"fallback"`      // what is said where it gives no answer, and a person takes over; none: nothing
	DayUSD       usd           `yaml:"day_usd"`       // budget of each bot; none: no budget
	MonthUSD     usd           `yaml:"month_usd"`
	AppDMs       int64         `yaml:"app_dms"` // that X lets all bots together send in a day; none: 1,440
	Stream       bool          `yaml:"stream"`  // X's activity stream brings the events, not the webhook
	Panics       string        `yaml:"panics"`  // a text on which a handler panics
	Gone         []string      `yaml:"gone"`    // texts that at the end stand in no file of the host
	Stays        []string      `yaml:"stays"`   // texts that do
	Echo         string        `yaml:"echo"`    // before, after, which is the default, or off
}

// usd is an amount in US dollars.
type usd struct{ budget.Micro }

// UnmarshalText reads 0.015.
func (u *usd) UnmarshalText(b []byte) (err error) {
	u.Micro, err = budget.ParseMicro(string(b))
	return err
}

// scenario is one file, read.
type scenario struct {
	settings
	claim   string
	steps   []step
	raw     map[string]string // other files
	rules   *rules.Set
	answers *handlers.Answers
	plan    schedule.Plan // of every bot
}

var errNoWant = errors.New("it expects nothing: add -- want --, or run with -update")

// Run plays the scenario in a file and compares what came of it with what the
// file expects. With update it writes that into the file instead. x judges
// each request to X; nil is no judge. It returns every decision that was made.
func Run(t *testing.T, path string, update bool, x Judge) (decided []gate.Record) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ar := parseArchive(string(data))
	s, want, err := read(ar)
	if update && errors.Is(err, errNoWant) {
		err = nil
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var got map[string]string
	synctest.Test(t, func(t *testing.T) { got, decided = play(t, s, x) })
	if t.Failed() {
		return decided
	}
	if update {
		if err := rewrite(path, ar, got); err != nil {
			t.Fatal(err)
		}
		return decided
	}
	for name, text := range want {
		if diff := cmp.Diff(strings.Split(text, "\n"), strings.Split(got[name], "\n")); diff != "" {
			t.Errorf("%s\n-- %s -- (-want +got):\n%s", s.claim, name, diff)
		}
	}
	return decided
}

// read checks everything that can be checked before the play.
func read(ar archive) (s *scenario, want map[string]string, err error) {
	claim, _, _ := strings.Cut(ar.comment, "\n")
	s = &scenario{claim: strings.TrimSpace(claim), raw: map[string]string{}}
	if !strings.HasSuffix(s.claim, ".") {
		return nil, nil, errors.New("the first line is the claim, a sentence")
	}
	files := map[string][]byte{}
	for _, name := range []string{fileRules, fileAnswers} {
		if files[name], err = defaults.ReadFile("default/" + name); err != nil {
			return nil, nil, err
		}
	}
	want = map[string]string{}
	for _, f := range ar.files {
		switch f.name {
		case wantLog, wantDecisions, wantX:
			want[f.name] = f.data
		case fileScript, fileSettings, fileRules, fileAnswers, fileSchedule:
			files[f.name] = []byte(f.data)
		default:
			s.raw[f.name] = f.data
		}
	}
	if err := decode(files[fileSettings], &s.settings); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", fileSettings, err)
	}
	if len(s.Bots) == 0 {
		s.Bots = []string{"help"}
	}
	if s.Tier == "" {
		s.Tier = "self_serve"
	}
	if s.steps, err = parse(string(files[fileScript])); err != nil {
		return nil, nil, err
	}
	if s.rules, err = rules.Load([]rules.Source{{Name: fileRules, Data: files[fileRules]}}, rules.Options{}); err != nil {
		return nil, nil, err
	}
	load := handlers.LoadAnswers
	if s.LongPosts {
		load = handlers.LoadLongAnswers
	}
	if s.answers, err = load(fileAnswers, files[fileAnswers]); err != nil {
		return nil, nil, err
	}
	if data, ok := files[fileSchedule]; ok {
		if s.plan, err = schedule.Load(fileSchedule, data, schedule.Options{LongPosts: s.LongPosts}); err != nil {
			return nil, nil, err
		}
	}
	if len(want) == 0 {
		return s, want, errNoWant
	}
	return s, want, nil
}

func decode(data []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// rewrite puts what came out in place of what was expected; a scenario that
// expected nothing gets all three files.
func rewrite(path string, ar archive, got map[string]string) error {
	had := false
	for i, f := range ar.files {
		if text, ok := got[f.name]; ok {
			ar.files[i].data, had = text, true
		}
	}
	if !had {
		for _, name := range []string{wantLog, wantDecisions, wantX} {
			ar.files = append(ar.files, file{name, got[name]})
		}
	}
	return os.WriteFile(path, ar.format(), 0o644)
}
