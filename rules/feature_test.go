package rules

import (
	"slices"
	"strings"
	"testing"
)

const refundPack = `schema: beckon.rules/v1
pack: acme
layer: account
version: 1.4.0
features:
  asks_refund: {field: event.text, any_of: [refund, money back, "don't charge", Straße, 返金]}
  asks_hours: {field: event.text, any_of: [opening hours, open]}
rules:
  - id: acme.all
    effect: permit
    actions: [reply, dm]
    because: We answer.
  - id: acme.refund
    effect: hold
    actions: [reply]
    because: Money is promised by a person.
    when:
      asks-refund: feature.asks_refund
    unless:
      asks-hours: feature.asks_hours
`

func TestFeatures(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, refundPack)
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"I want a REFUND!", "asks_refund"},
		{"refunds are nice", ""},
		{"prerefund", ""},
		{"Money-Back, now", "asks_refund"},
		{"money\n  back", "asks_refund"},
		{"money is back", ""},
		{"please DON’T charge me", "asks_refund"},
		{"ｒｅｆｕｎｄ", "asks_refund"},                       // full width
		{"re\u00adfund or re\u200bfund", "asks_refund"}, // soft hyphen, zero width
		{"in der STRASSE", "asks_refund"},
		{"すぐに返金してください", "asks_refund"},
		{"返してお金", ""},
		{"#refund @acme", "asks_refund"},
		{"are you open? refund!", "asks_hours,asks_refund"},
		{"money", ""},
	} {
		if got := strings.Join(s.Features(tt.text), ","); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestFeaturesDecide(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, refundPack)
	for _, tt := range []struct {
		features []string
		want     Effect
	}{
		{nil, Allow},
		{[]string{"asks_refund"}, Hold},
		{[]string{"asks_hours", "asks_refund"}, Allow},
		{[]string{"of_an_older_set"}, Allow},
	} {
		if got := s.Decide(Query{Input: mention(), Features: tt.features}); got.Effect != tt.want {
			t.Errorf("%v: got %s, want %s", tt.features, got.Effect, tt.want)
		}
	}
}

// TestFeatureSlots: features of several packs do not take each other's place.
func TestFeatureSlots(t *testing.T) {
	t.Parallel()
	other := strings.NewReplacer("pack: acme", "pack: other", "acme.", "other.", "asks_hours", "a_first", "asks_refund", "z_last",
		"[refund,", "[invoice,").Replace(refundPack)
	s := load(t, Options{}, refundPack, other)
	if got := s.Features("invoice"); !slices.Equal(got, []string{"z_last"}) {
		t.Fatalf("features %v", got)
	}
	for feature, rule := range map[string]string{"asks_refund": "acme.refund", "z_last": "other.refund"} {
		got := s.Decide(Query{Input: mention(), Features: []string{feature}})
		if got.Effect != Hold || got.By[0].Rule != rule {
			t.Errorf("%s: %s by %v", feature, got.Effect, got.By)
		}
	}
}

// TestR6UnknownFeature: a feature that was not looked for while the text was at
// hand never makes a decision milder than either answer would have.
func TestR6UnknownFeature(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, refundPack)
	pick := func(mask int) (names []string) {
		for i, name := range []string{"asks_hours", "asks_refund"} {
			if mask&(1<<i) != 0 {
				names = append(names, name)
			}
		}
		return names
	}
	for unknown := range 4 {
		for known := range 4 {
			told := s.Decide(Query{Input: mention(), Features: pick(known &^ unknown), Unknown: pick(unknown)})
			for truth := range 4 {
				if truth&^unknown != known&^unknown {
					continue
				}
				if d := s.Decide(Query{Input: mention(), Features: pick(truth)}); rank(told.Effect) < rank(d.Effect) {
					t.Errorf("unknown %v, true %v: %s, but %s if %v were true", pick(unknown), pick(known&^unknown), told.Effect, d.Effect, pick(truth))
				}
			}
		}
	}
	if d := s.Decide(Query{Input: mention(), Unknown: []string{"asks_refund"}}); d.Effect != Hold || d.By[0].Rule != "acme.refund" {
		t.Errorf("asks_refund unknown: got %s by %v, want hold by acme.refund", d.Effect, d.By)
	}
}

func TestUnread(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, refundPack)
	for _, tt := range []struct{ name, other, want string }{
		{"the same rules", refundPack, ""},
		{"other rules, same features", strings.Replace(refundPack, "effect: hold", "effect: forbid", 1), ""},
		{"another phrase", strings.Replace(refundPack, "[refund,", "[refunds,", 1), "asks_refund"},
		{"no features", permitAll, "asks_hours asks_refund"},
	} {
		if got := strings.Join(s.Unread(load(t, Options{}, tt.other).FeatureIDs()), " "); got != tt.want {
			t.Errorf("text read by %s: got %q unread, want %q", tt.name, got, tt.want)
		}
	}
	if got := (*Set)(nil).Unread(nil); got != nil {
		t.Errorf("no set: got %v", got)
	}
}
