package config

import (
	"cmp"
	_ "embed" // for the texts
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed texts.tsv
var builtIn string

// Translation is Texts in another language. What is left out is the shipped
// text, where texts has the shipped one too and there is one in the language;
// else that of texts.
type Translation struct {
	OptOutHint         string `yaml:"opt_out_hint" example:"Mit der Antwort STOP kommen keine Nachrichten mehr von mir." off:"yes"`
	OptOutConfirmation string `yaml:"opt_out_confirmation" example:"Von diesem Konto kommt nichts mehr. Mit START geht es weiter." off:"yes"`
	StopQuestion       string `yaml:"stop_question" example:"War das ein Stopp? Mit der Antwort STOP schreibe ich nicht mehr." off:"yes"`
	Handover           string `yaml:"handover" example:"Ab hier übernimmt ein Mensch." off:"yes"`
	ErasureNote        string `yaml:"erasure_note" example:"Was ich gespeichert habe, wird jetzt gelöscht." off:"yes"`
	UnlinkNote         string `yaml:"unlink_note" example:"Dieses X-Konto ist mit nichts außerhalb von X mehr verknüpft." off:"yes"`
	Disclosure         string `yaml:"disclosure" example:"Automatisiertes Konto, betrieben von @acme." off:"yes"`
}

// shipped is the texts of every language, as texts.tsv has them.
func shipped() map[string]Translation {
	all := map[string]Translation{}
	for line := range strings.Lines(builtIn) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) == 8 {
			all[f[0]] = Translation{f[1], f[2], f[3], f[4], f[5], f[6], f[7]}
		}
	}
	return all
}

// untouched is what texts has where nobody wrote it.
func untouched() (t Texts) {
	v := reflect.ValueOf(&t).Elem()
	for i := range v.NumField() {
		v.Field(i).SetString(v.Type().Field(i).Tag.Get("default"))
	}
	return t
}

// InLanguages is what the bot says in other languages than its own, by
// language.
func (b Bot) InLanguages() map[string]Translation {
	out := map[string]Translation{}
	own := untouched()
	pick := func(is, was, text string) string {
		if is != was {
			return "" // it says something else
		}
		return text
	}
	for lang, t := range shipped() {
		out[lang] = Translation{
			OptOutHint:         pick(b.Texts.OptOutHint, own.OptOutHint, t.OptOutHint),
			OptOutConfirmation: pick(b.Texts.OptOutConfirmation, own.OptOutConfirmation, t.OptOutConfirmation),
			StopQuestion:       pick(b.Texts.StopQuestion, own.StopQuestion, t.StopQuestion),
			Handover:           pick(b.Texts.Handover, own.Handover, t.Handover),
			ErasureNote:        pick(b.Texts.ErasureNote, own.ErasureNote, t.ErasureNote),
			UnlinkNote:         pick(b.Texts.UnlinkNote, own.UnlinkNote, t.UnlinkNote),
			Disclosure:         strings.ReplaceAll(pick(b.Texts.Disclosure, own.Disclosure, t.Disclosure), "{operator}", b.OperatorAccount),
		}
	}
	for lang, t := range b.Languages {
		s := out[lang]
		out[lang] = Translation{
			OptOutHint: cmp.Or(t.OptOutHint, s.OptOutHint), OptOutConfirmation: cmp.Or(t.OptOutConfirmation, s.OptOutConfirmation),
			StopQuestion: cmp.Or(t.StopQuestion, s.StopQuestion), Handover: cmp.Or(t.Handover, s.Handover),
			ErasureNote: cmp.Or(t.ErasureNote, s.ErasureNote), UnlinkNote: cmp.Or(t.UnlinkNote, s.UnlinkNote), Disclosure: cmp.Or(t.Disclosure, s.Disclosure),
		}
	}
	return out
}

// languages checks the texts of other languages.
func (c check) languages(at string, b *Bot) {
	for _, lang := range slices.Sorted(maps.Keys(b.Languages)) {
		t, at := b.Languages[lang], at+".languages."+lang
		if len(lang) < 2 || len(lang) > 3 || strings.Trim(lang, "abcdefghijklmnopqrstuvwxyz") != "" {
			c.fail(at, "want a language such as de or pt: two letters or three, without a region")
		}
		c.text(at+".opt_out_hint", t.OptOutHint)
		c.text(at+".opt_out_confirmation", t.OptOutConfirmation)
		c.text(at+".stop_question", t.StopQuestion)
		c.text(at+".handover", t.Handover)
		c.text(at+".erasure_note", t.ErasureNote)
		c.text(at+".unlink_note", t.UnlinkNote)
		c.text(at+".disclosure", t.Disclosure)
	}
}

// translations decodes texts by language.
func (d *decoder) translations(path string, n *yaml.Node, v reflect.Value) {
	entries, ok := d.entries(path, n)
	if !ok || len(entries) == 0 {
		return
	}
	all := map[string]Translation{}
	for _, e := range entries {
		var t Translation
		d.value(join(path, e.key), e.node, reflect.ValueOf(&t).Elem(), "")
		all[e.key] = t
	}
	v.Set(reflect.ValueOf(all))
}
