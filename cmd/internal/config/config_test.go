package config

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the machine may have no zone files

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite deploy/beckon.yaml")

// good is a small configuration; tests change one line of it.
const good = `use: commercial
app:
  consumer_secret: env:APP_SECRET
bots:
  desk:
    user_id: 42
    username: desk_bot
    operator_account: acme
    token: file:desk.token
    rules: rules
    answers: answers.yaml
`

// now is 26 November 2026, noon.
func now() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) }

func load(text string) (*Config, error) {
	return Load("/etc/b/beckon.yaml", []byte(text), Options{Now: now()})
}

func TestLoadDefaultsAndPaths(t *testing.T) {
	t.Parallel()
	got, err := load(good)
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		DataDir: "/etc/b/beckon-data",
		Listen:  "127.0.0.1:8080", Ingest: "webhook",
		Admin:       "127.0.0.1:8081",
		MaxEventAge: 24 * time.Hour,
		Retention:   kept(),
		Compliance:  Compliance{Every: 6 * time.Hour},
		Use:         "commercial",
		XBaseURL:    "https://api.x.com",
		App:         App{ConsumerSecret: "env:APP_SECRET", Redirect: "http://127.0.0.1:8765/callback", Tier: "self_serve", Environment: "production"},
		Bots: map[string]Bot{"desk": {
			UserID: "42", Username: "desk_bot", OperatorAccount: "acme",
			Token: "file:/etc/b/desk.token", Rules: "/etc/b/rules", Answers: "/etc/b/answers.yaml",
			TimeZone: "UTC", PersonQuiet: 24 * time.Hour, HandoffQuiet: 72 * time.Hour, HoldExpiry: 24 * time.Hour, HandoffWords: true, Doubt: "ask",
			Texts: Texts{
				OptOutHint:         "Reply STOP and I will not message you again.",
				OptOutConfirmation: "You will not hear from this account again. Send START to come back.",
				Handover:           "A person takes over from here.",
				ErasureNote:        "What I keep about you is being deleted now.",
				UnlinkNote:         "This X account is not linked to anything outside of X any more.",
				StopQuestion:       "Did you ask me to stop? Reply STOP and I will not message you again.",
			},
		}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// kept is what a configuration says that says nothing of it.
func kept() Retention {
	return Retention{Decisions: 2160 * time.Hour, Interactions: 2160 * time.Hour, Conversations: 9600 * time.Hour, Texts: 72 * time.Hour, DeadLetters: 720 * time.Hour}
}

func TestLoadEverything(t *testing.T) {
	t.Parallel()
	got, err := Load("b.yaml", []byte(`
data_dir: /var/lib/beckon
listen: :8443
admin: "[::1]:0"
max_event_age: 90m
use: government
x_base_url: http://127.0.0.1:9000/
app: {consumer_secret: file:/run/secret, tier: enterprise}
bots:
  a-1:
    user_id: "0x1"
`), Options{Now: now()})
	if err == nil || got != nil {
		t.Fatal("a bad bot was accepted")
	}
	got, err = Load("b.yaml", []byte(strings.NewReplacer(
		"use: commercial", "data_dir: /var/lib/beckon\nlisten: :8443\nadmin: '[::1]:0'\nmax_event_age: 90m\nprices: our/prices.txt\nuse: government\nx_base_url: http://127.0.0.1:9000/",
		"env:APP_SECRET", "file:secret\n  tier: enterprise",
		"answers: answers.yaml", `answers: /srv/a.yaml
    time_zone: Europe/Berlin
    privacy_url: https://acme.example/p
    texts: {opt_out_hint: H, opt_out_confirmation: C, handover: L, disclosure: D}
    person_quiet: 1h
    handoff_quiet: 0s
    hold_expiry: 2h
    person_done: "/bot"
    handoff_words: false
    doubt: hand_off
    send: true
    budget: {day_usd: 0.5, month_usd: "12"}
    declared: {label: 2026-11-26, operator: "2026-01-02"}
    ai_approval: {reference: 77, date: 2025-12-31}`,
	).Replace(good)), Options{Now: now(), Dir: "/srv"})
	if err != nil {
		t.Fatal(err)
	}
	b := got.Bots["desk"]
	loc, err := b.Location()
	if err != nil || loc.String() != "Europe/Berlin" {
		t.Errorf("Location = %v, %v", loc, err)
	}
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	want := Bot{
		UserID: "42", Username: "desk_bot", OperatorAccount: "acme", Token: "file:/srv/desk.token",
		Rules: "/srv/rules", Answers: "/srv/a.yaml", TimeZone: "Europe/Berlin", PrivacyURL: "https://acme.example/p",
		Texts:       Texts{OptOutHint: "H", OptOutConfirmation: "C", ErasureNote: "What I keep about you is being deleted now.", UnlinkNote: "This X account is not linked to anything outside of X any more.", StopQuestion: "Did you ask me to stop? Reply STOP and I will not message you again.", Handover: "L", Disclosure: "D"},
		PersonQuiet: time.Hour, HandoffQuiet: 0, HoldExpiry: 2 * time.Hour, PersonDone: "/bot", HandoffWords: false, Doubt: "hand_off", Send: true, Budget: Budget{DayUSD: 500_000, MonthUSD: 12_000_000},
		Declared:   Declared{Label: day(2026, 11, 26), Operator: day(2026, 1, 2)},
		AIApproval: AIApproval{Reference: "77", Date: day(2025, 12, 31)},
	}
	if d := cmp.Diff(want, b); d != "" {
		t.Error(d)
	}
	got.Bots = nil
	if d := cmp.Diff(&Config{
		DataDir: "/var/lib/beckon", Listen: ":8443", Ingest: "webhook", Admin: "[::1]:0", MaxEventAge: 90 * time.Minute, Retention: kept(), Compliance: Compliance{Every: 6 * time.Hour}, Use: "government", Prices: "/srv/our/prices.txt",
		XBaseURL: "http://127.0.0.1:9000", App: App{ConsumerSecret: "file:/srv/secret", Redirect: "http://127.0.0.1:8765/callback", Tier: "enterprise", Environment: "production"},
	}, got); d != "" {
		t.Error(d)
	}
}

// The sample loads as it is, and with every setting that is off turned on.
func TestSampleLoads(t *testing.T) {
	t.Parallel()
	off := regexp.MustCompile(`(?m)^( *)#([a-z0-9_]+:)`)
	all := off.ReplaceAll(Print(), []byte("$1$2"))
	if bytes.Equal(all, Print()) {
		t.Fatal("the sample has no setting that is off")
	}
	all = regexp.MustCompile(`(?m)^ *token: .*$`).ReplaceAll(all, nil)     // it excludes oauth1, which is on now
	all = regexp.MustCompile(`(?m)^    matches: .*$`).ReplaceAll(all, nil) // a handler's, which excludes model
	c, err := Load("beckon.yaml", all, Options{Now: now()})
	if err != nil {
		t.Fatalf("%v\n%s", err, all)
	}
	b := c.Bots["support"]
	if b.AIApproval.Reference == "" || b.Declared.Bio.IsZero() || b.Texts.Disclosure == "" || b.PrivacyURL == "" {
		t.Errorf("the sample leaves out a setting: %+v", b)
	}
	c, err = Example("/srv")
	if err != nil {
		t.Fatal(err)
	}
	if c.Bots["support"].Send || !c.Bots["support"].Declared.Label.IsZero() || c.Bots["support"].Rules != "/srv/rules" {
		t.Errorf("the sample is not safe as it is: %+v", c.Bots["support"])
	}
}

// Every field of every struct has a comment, which is its manual, and a value
// in the sample.
func TestManualIsWhole(t *testing.T) {
	t.Parallel()
	docs := comments()
	for _, typ := range []reflect.Type{
		reflect.TypeFor[Config](), reflect.TypeFor[App](), reflect.TypeFor[Bot](), reflect.TypeFor[OAuth1](),
		reflect.TypeFor[Bus](), reflect.TypeFor[Handler](), reflect.TypeFor[Fallback](), reflect.TypeFor[Model](), reflect.TypeFor[NoTraining](),
		reflect.TypeFor[Texts](), reflect.TypeFor[Budget](), reflect.TypeFor[Declared](), reflect.TypeFor[AIApproval](),
	} {
		for i := range typ.NumField() {
			f := typ.Field(i)
			if docs[typ.Name()+"."+f.Name] == "" {
				t.Errorf("%s.%s has no comment", typ.Name(), f.Name)
			}
			if f.Tag.Get("yaml") == "" {
				t.Errorf("%s.%s has no key", typ.Name(), f.Name)
			}
			for line := range strings.Lines(docs[typ.Name()+"."+f.Name]) {
				if !bytes.Contains(Print(), []byte("# "+strings.TrimSpace(line)+"\n")) {
					t.Errorf("the sample lacks %q", line)
				}
			}
		}
	}
}

func TestDeploySampleIsFresh(t *testing.T) {
	t.Parallel()
	name := filepath.Join("..", "..", "..", "deploy", "beckon.yaml")
	if *update {
		if err := os.WriteFile(name, Print(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(Print()), string(got)); d != "" {
		t.Errorf("deploy/beckon.yaml is stale; run go test ./cmd/internal/config -update\n%s", d)
	}
}

// TestSpeaksBy: the three ways of a bot to speak.
func TestSpeaksBy(t *testing.T) {
	t.Parallel()
	const token = "token: file:desk.token\n"
	for want, edit := range map[SpeaksBy][2]string{
		ByToken:  {token, token},
		ByOAuth1: {token, "oauth1: {access_token: env:A, access_secret: file:b}\n"},
		ByLogin:  {"    " + token, ""},
	} {
		text := strings.NewReplacer(edit[0], edit[1], "app:\n",
			"app:\n  client_id: x\n  client_secret: file:cs\n  consumer_key: env:CK\n  bearer: file:b\n  token_key: file:tk\n  redirect: https://a.example/cb\n").Replace(good)
		c, err := load(text)
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if got := c.Bots["desk"].SpeaksBy(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if want == ByOAuth1 && c.Bots["desk"].OAuth1.AccessSecret != "file:/etc/b/b" {
			t.Errorf("got %s, want a path that counts from the file", c.Bots["desk"].OAuth1.AccessSecret)
		}
		if c.App.ClientSecret != "file:/etc/b/cs" || c.App.TokenKey != "file:/etc/b/tk" || c.App.Bearer != "file:/etc/b/b" || c.App.Redirect != "https://a.example/cb" {
			t.Errorf("app: got %+v", c.App)
		}
	}
}

func TestErrorsComeTogetherInOrder(t *testing.T) {
	t.Parallel()
	_, err := load("use: sale\nlisten: here\nbots:\n  B: {}\n  b: {user_id: x}\n")
	errs, ok := errors.AsType[Errors](err)
	if !ok {
		t.Fatalf("error is %T", err)
	}
	var got []string
	for _, p := range errs {
		got = append(got, strings.TrimPrefix(p.Error(), "/etc/b/"))
	}
	want := []string{
		"beckon.yaml:1:1: app: missing; it must be set",
		`beckon.yaml:1:1: use: want one of commercial, noncommercial, government, research; the nearest is "research"`,
		"beckon.yaml:2:1: listen: want host:port, such as 127.0.0.1:8080",
		"beckon.yaml:4:3: bots.B: a bot's name is a-z, 0-9 and -, begins with a letter or digit and has at most 32 characters",
		"beckon.yaml:5:3: bots.b.answers: missing; it must be set",
		"beckon.yaml:5:3: bots.b.operator_account: missing; it must be set",
		"beckon.yaml:5:3: bots.b.rules: missing; it must be set",
		"beckon.yaml:5:3: bots.b.token: missing; set it, or oauth1, or app.client_id and app.client_secret to use beckon login",
		"beckon.yaml:5:3: bots.b.username: missing; it must be set",
		"beckon.yaml:5:7: bots.b.user_id: want the account's numeric id, digits only",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	f.Add(Print())
	f.Add([]byte("bots: {a: {user_id: &x 1, username: *x}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Load("f.yaml", data, Options{Now: now()})
		if (c == nil) == (err == nil) {
			t.Fatalf("config %v with error %v", c, err)
		}
		if err != nil {
			if errs, ok := errors.AsType[Errors](err); !ok || len(errs) == 0 {
				t.Fatalf("error %T %v", err, err)
			}
			return
		}
		if len(c.Bots) == 0 || c.MaxEventAge <= 0 {
			t.Fatalf("accepted %+v", c)
		}
	})
}
