package match_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/match"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const secret = "C-4711"

func ask(basis db.MatchBasis) match.Ask {
	a := match.Ask{Bot: "acme", User: "7", Purpose: "order_status", Basis: string(basis), Ref: secret, By: "maria"}
	switch basis {
	case db.BasisProvided:
		a.Event = "m1"
	case db.BasisPublic:
		a.Source = "https://ann.example/about"
	}
	return a
}

func agreed() db.Consent {
	return db.Consent{Bot: "acme", User: "7", Kind: conversation.ConsentMatching, Wording: "May we?", At: noon.Add(-2 * time.Hour), Event: "yes1"}
}

func wrote() conversation.Interaction {
	return conversation.Interaction{Bot: "acme", Key: "m1", User: "7", Kind: event.KindDM, FirstAt: noon.Add(-time.Hour)}
}

// TestT21Bases: each basis alone allows a match, and nothing does without it.
func TestT21Bases(t *testing.T) {
	t.Parallel()
	withdrawn := agreed()
	withdrawn.WithdrawnAt = noon.Add(-time.Hour)
	storage := agreed()
	storage.Kind = conversation.ConsentDMStorage
	act := func(change func(*conversation.Interaction)) match.Known {
		i := wrote()
		change(&i)
		return match.Known{Act: i}
	}
	for name, tt := range map[string]struct {
		basis db.MatchBasis
		k     match.Known
		want  string // in the error; "": it is allowed
		event string
	}{
		"opt-in":                    {db.BasisOptIn, match.Known{Consent: agreed()}, "", "yes1"},
		"no consent":                {db.BasisOptIn, match.Known{Act: wrote()}, "no consent to matching", ""},
		"consent to something else": {db.BasisOptIn, match.Known{Consent: storage}, "no consent to matching", ""},
		"consent withdrawn":         {db.BasisOptIn, match.Known{Consent: withdrawn}, "withdrew", ""},
		"opted out":                 {db.BasisOptIn, match.Known{Consent: agreed(), OptedOut: true}, "opted out", ""},

		"written here":           {db.BasisProvided, match.Known{Act: wrote()}, "", "m1"},
		"written in a post":      {db.BasisProvided, act(func(i *conversation.Interaction) { i.Kind = event.KindPost }), "", "m1"},
		"nothing received":       {db.BasisProvided, match.Known{Consent: agreed()}, "received no post or DM", ""},
		"another user's":         {db.BasisProvided, act(func(i *conversation.Interaction) { i.User = "8" }), "received no post or DM", ""},
		"to another bot":         {db.BasisProvided, act(func(i *conversation.Interaction) { i.Bot = "globex" }), "received no post or DM", ""},
		"no message":             {db.BasisProvided, act(func(i *conversation.Interaction) { i.Kind = event.KindChat }), "received no post or DM", ""},
		"at an unknown time":     {db.BasisProvided, act(func(i *conversation.Interaction) { i.FirstAt = time.Time{} }), "did not say when", ""},
		"long ago":               {db.BasisProvided, act(func(i *conversation.Interaction) { i.FirstAt = noon.Add(-match.KeepProvided) }), "more than 7 days ago", ""},
		"written, and opted out": {db.BasisProvided, match.Known{Act: wrote(), OptedOut: true}, "opted out", ""},

		"public":                {db.BasisPublic, match.Known{}, "", ""},
		"public, and opted out": {db.BasisPublic, match.Known{OptedOut: true}, "opted out", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := match.Allow(ask(tt.basis), tt.k, noon)
			if tt.want == "" {
				if err != nil || m.Basis != tt.basis || m.Event != tt.event || m.Purpose != "order_status" || !m.At.Equal(noon) || m.Sealed != nil {
					t.Fatalf("got %+v, %v", m, err)
				}
				return
			}
			if !errors.Is(err, match.ErrBasis) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v, want an error that says %q and not the reference", err, tt.want)
			}
		})
	}
}

// TestT22ThirdParty is refused by name, whatever else is there.
func TestT22ThirdParty(t *testing.T) {
	t.Parallel()
	k := match.Known{Consent: agreed(), Act: wrote()}
	for _, name := range []string{"third_party", "third-party", "Third_Parties", "data_broker", "crm", "purchased"} {
		a := ask(db.BasisOptIn)
		a.Basis = name
		_, err := match.Allow(a, k, noon)
		if !errors.Is(err, match.ErrThirdParty) || !strings.Contains(err.Error(), "third parties are never a basis") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]string{"": "a match needs one", "legitimate_interest": "not \"legitimate_interest\""} {
		a := ask(db.BasisOptIn)
		a.Basis = name
		if _, err := match.Allow(a, k, noon); !errors.Is(err, match.ErrForm) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
}

// TestT23AfterTheirWord: what the user said since counts against every older basis.
func TestT23AfterTheirWord(t *testing.T) {
	t.Parallel()
	before, after := noon.Add(-30*time.Minute), noon.Add(-2*time.Hour) // of what they wrote an hour ago
	withdrawn := func(at time.Time) db.Consent { c := agreed(); c.WithdrawnAt = at; return c }
	for name, tt := range map[string]struct {
		basis db.MatchBasis
		k     match.Known
		want  string
	}{
		"withdrawn since it was written": {db.BasisProvided, match.Known{Act: wrote(), Consent: withdrawn(before)}, "after they wrote it"},
		"erased since":                   {db.BasisProvided, match.Known{Act: wrote(), ErasedAt: before}, "after they wrote it"},
		"stopped since":                  {db.BasisProvided, match.Known{Act: wrote(), StoppedAt: before}, "after they wrote it"},
		"written after all that":         {db.BasisProvided, match.Known{Act: wrote(), Consent: withdrawn(after), ErasedAt: after, StoppedAt: after}, ""},
		"its match ended": {db.BasisProvided, match.Known{Act: wrote(), Matches: []db.Match{
			{Purpose: "order_status", Basis: db.BasisProvided, Event: "m1", EndedAt: before}}}, "has ended; it needs a new basis"},
		"another's ended": {db.BasisProvided, match.Known{Act: wrote(), Matches: []db.Match{
			{Purpose: "order_status", Basis: db.BasisProvided, Event: "m0", EndedAt: before}}}, ""},
		"public, withdrawn":        {db.BasisPublic, match.Known{Consent: withdrawn(after)}, "does not want to be matched"},
		"public, erased":           {db.BasisPublic, match.Known{ErasedAt: after}, "to be forgotten"},
		"public, agreed all along": {db.BasisPublic, match.Known{Consent: agreed()}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := match.Allow(ask(tt.basis), tt.k, noon)
			if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, match.ErrBasis) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestT24OnePurpose: what was written for one thing is no basis for another; an
// opt-in is asked again each time.
func TestT24OnePurpose(t *testing.T) {
	t.Parallel()
	k := match.Known{Consent: agreed(), Act: wrote(), Matches: []db.Match{{Purpose: "order_status", Basis: db.BasisProvided, Event: "m1"}}}
	if _, err := match.Allow(ask(db.BasisProvided), k, noon); err != nil {
		t.Errorf("the same again: %v", err)
	}
	other := ask(db.BasisProvided)
	other.Purpose = "newsletter"
	if _, err := match.Allow(other, k, noon); !errors.Is(err, match.ErrBasis) || !strings.Contains(err.Error(), "the user wrote it for order_status") {
		t.Errorf("for another purpose: %v", err)
	}
	other.Basis, other.Event = string(db.BasisOptIn), ""
	if _, err := match.Allow(other, k, noon); err != nil {
		t.Errorf("by opt-in: %v", err)
	}
	for name, want := range map[string]string{
		"": "a word such as", "Order status": "a word such as", "1st": "a word such as", strings.Repeat("a", 41): "a word such as",
		"health": "X forbids", "religion_of_user": "X forbids", "order_status": "",
	} {
		if err := match.Purpose(name); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("purpose %q: %v, want %q", name, err, want)
		}
	}
}

// TestT25HandedOut: nobody has a match who is not configured for its purpose, and
// what was written ends.
func TestT25HandedOut(t *testing.T) {
	t.Parallel()
	m := func(purpose string, change func(*db.Match)) db.Match {
		x := db.Match{Purpose: purpose, Sealed: []byte("r")}
		change(&x)
		return x
	}
	all := []db.Match{
		m("crm", func(*db.Match) {}),
		m("order_status", func(x *db.Match) { x.ExpiresAt = noon.Add(time.Second) }),
		m("over", func(x *db.Match) { x.ExpiresAt = noon }),
		m("ended", func(x *db.Match) { x.EndedAt = noon.Add(-time.Hour) }),
		m("erased", func(x *db.Match) { x.Sealed = nil }),
	}
	for want, purposes := range map[string][]string{
		"": nil, "crm": {"crm"}, "order_status": {"order_status", "over", "ended", "erased", "none"}, "crm order_status": {"order_status", "crm"},
	} {
		var got []string
		for _, x := range match.For(purposes, all, noon) {
			got = append(got, x.Purpose)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("for %v: %v, want %s", purposes, got, want)
		}
	}
	for keep, want := range map[time.Duration]time.Time{
		0: noon.Add(-time.Hour).Add(match.KeepProvided), time.Hour: noon.Add(time.Hour), 1000 * time.Hour: noon.Add(-time.Hour).Add(match.KeepProvided),
	} {
		a := ask(db.BasisProvided)
		a.Keep = keep
		if x, err := match.Allow(a, match.Known{Act: wrote()}, noon); err != nil || !x.ExpiresAt.Equal(want) {
			t.Errorf("kept %s: until %s, %v, want %s", keep, x.ExpiresAt, err, want)
		}
	}
}

// What is wrong in itself is refused before any record is read, and the reference
// is never quoted.
func TestCheck(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*match.Ask){
		"names its bot":         func(a *match.Ask) { a.Bot = "" },
		"its user":              func(a *match.Ask) { a.User = "" },
		"who asks":              func(a *match.Ask) { a.By = "" },
		"ref: the reference":    func(a *match.Ask) { a.Ref = " " },
		"in one line":           func(a *match.Ask) { a.Ref = secret + "\nx" },
		"at most 200 bytes":     func(a *match.Ask) { a.Ref = strings.Repeat(secret, 99) },
		"keep":                  func(a *match.Ask) { a.Keep = -1 },
		"event: only":           func(a *match.Ask) { a.Basis = "opt_in" },
		"event: the id":         func(a *match.Ask) { a.Event = "" },
		"source: the":           func(a *match.Ask) { a.Source = "https://x.example" },
		"source: an https link": func(a *match.Ask) { a.Basis, a.Event, a.Source = "public", "", "http://x.example" },
		"under which the user":  func(a *match.Ask) { a.Basis, a.Event = "public", "" },
	} {
		a := ask(db.BasisProvided)
		change(&a)
		if err := a.Check(); !errors.Is(err, match.ErrForm) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
