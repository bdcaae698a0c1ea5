package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The shipped texts are whole in each of their languages, and the English ones
// are the defaults.
func TestShippedTexts(t *testing.T) {
	t.Parallel()
	all := shipped()
	var langs []string
	for lang, texts := range all {
		langs = append(langs, lang)
		v := reflect.ValueOf(texts)
		for i := range v.NumField() {
			text := v.Field(i).String()
			name := v.Type().Field(i).Name
			if text == "" || len([]rune(text)) > maxText || text != strings.TrimSpace(text) {
				t.Errorf("%s: %s: %q", lang, name, text)
			}
			for word, in := range map[string][]string{"STOP": {"OptOutHint", "StopQuestion"}, "START": {"OptOutConfirmation"}, "@{operator}": {"Disclosure"}} {
				if slices.Contains(in, name) != strings.Contains(text, word) {
					t.Errorf("%s: %s says %q: %s", lang, name, word, text)
				}
			}
		}
	}
	slices.Sort(langs)
	if got := strings.Join(langs, " "); got != "de en es fr it ja nl pt" {
		t.Errorf("languages: %s", got)
	}
	en, own := all["en"], untouched()
	if en.OptOutHint != own.OptOutHint || en.OptOutConfirmation != own.OptOutConfirmation || en.StopQuestion != own.StopQuestion ||
		en.Handover != own.Handover || en.ErasureNote != own.ErasureNote || en.UnlinkNote != own.UnlinkNote {
		t.Errorf("English is %+v, the defaults %+v", en, own)
	}
}

func TestInLanguages(t *testing.T) {
	t.Parallel()
	base := strings.TrimSuffix(strings.Replace(withHandlers, ", ask: orders}", "", 1), "\n")
	one := func(more string) Bot {
		t.Helper()
		cfg, err := load(base + more + "}\n")
		if err != nil {
			t.Fatal(err)
		}
		return cfg.Bots["desk"]
	}
	b := one("")
	if de := b.InLanguages()["de"]; de.Handover != "Ab hier übernimmt ein Mensch." || de.Disclosure != "Automatisiertes Konto, betrieben von @b." {
		t.Errorf("as it ships: %+v", de)
	}
	b = one(", texts: {handover: 'Ann is here.', stop_question: ''}, languages: {de: {opt_out_hint: 'Stopp?', disclosure: 'Wir sind ein Bot.'}, sv: {handover: 'Ann är här.'}}")
	all := b.InLanguages()
	if de := all["de"]; de.Handover != "" || de.StopQuestion != "" || de.OptOutHint != "Stopp?" || de.Disclosure != "Wir sind ein Bot." || de.OptOutConfirmation == "" {
		t.Errorf("where something else is said: %+v", de)
	}
	if sv := all["sv"]; sv != (Translation{Handover: "Ann är här."}) {
		t.Errorf("a language that does not ship: %+v", sv)
	}
	for text, want := range map[string]string{
		"{de-AT: {handover: H}}":                               "languages.de-AT: want a language",
		"{DE: {handover: H}}":                                  "languages.DE: want a language",
		"{de: {hangover: H}}":                                  `unknown key; the nearest known key is "handover"`,
		"{de: {handover: '" + strings.Repeat("x", 281) + "'}}": "languages.de.handover: 281 characters",
		"[de]": "languages: ",
	} {
		if _, err := load(base + ", languages: " + text + "}\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
