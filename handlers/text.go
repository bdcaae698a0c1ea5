package handlers

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/runtime/event"
)

// texts is what is said in one place, by language. The zero value is silence.
type texts struct {
	byLang map[string]string // "": in every language
	first  string            // the language that the file names first
}

func (t texts) silent() bool { return len(t.byLang) == 0 }

// in is the text for the languages, the first that there is; else the text for
// every language, else the one that the file names first.
func (t texts) in(langs ...string) (text, lang string) {
	for _, l := range langs {
		if text, ok := t.byLang[l]; ok && l != "" {
			return text, l
		}
	}
	if text, ok := t.byLang[""]; ok {
		return text, ""
	}
	return t.byLang[t.first], t.first
}

func (t texts) langs() []string { return slices.Sorted(maps.Keys(t.byLang)) }

// longest is the most characters that a text can have with its variables at
// their longest, as count counts them.
func (t texts) longest(v variables, count func(string) int) int {
	n := 0
	for _, text := range t.byLang {
		n = max(n, count(v.longest(text)))
	}
	return n
}

// variables are what a text may name: with the longest value that the length
// check counts on.
type variables map[string]string

// botVariables are those of every text. How much an address weighs depends on
// its top-level domain: the bot's own is counted where it is known, else one as
// long as the configuration takes.
func botVariables(privacyURL string) variables {
	return variables{
		"{username}":    strings.Repeat("x", 15),
		"{operator}":    strings.Repeat("x", 15),
		"{privacy_url}": cmp.Or(privacyURL, "https://example.com/"+strings.Repeat("x", 180)),
		"{dm_link}":     event.DMLink(strings.Repeat("9", 19)),
	}
}

// with adds the slots whose values may be said again.
func (v variables) with(slots map[string]*slot) variables {
	v = maps.Clone(v)
	for name, s := range slots {
		if n := s.longest(); n > 0 {
			v["{slot."+name+"}"] = strings.Repeat("x", n)
		}
	}
	return v
}

func (v variables) names() []string { return slices.Sorted(maps.Keys(v)) }

func (v variables) longest(text string) string {
	for name, value := range v {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

// fill puts the values of variables into a text, in one pass: what stands in a
// value is never read as a variable.
func fill(text string, b BotInfo, slots map[string]string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	pairs := []string{
		"{username}", b.Username, "{operator}", b.Operator, "{privacy_url}", b.PrivacyURL, "{dm_link}", event.DMLink(b.UserID),
	}
	for _, name := range slices.Sorted(maps.Keys(slots)) {
		pairs = append(pairs, "{slot."+name+"}", slots[name])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// language is the language of a message: what X says, without its region; "" if
// it does not say.
func language(e event.Event) string {
	lang, _, _ := strings.Cut(strings.ToLower(e.Lang), "-")
	if lang == "und" {
		return ""
	}
	return lang
}
