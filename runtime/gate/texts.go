package gate

import "cmp"

// Texts are the fixed texts of a bot in one language. One that is empty is said
// in the bot's own.
type Texts struct {
	OptOutHint, OptOutConfirmation, StopQuestion, Handover, ErasureNote, UnlinkNote, Disclosure string
}

// In is the bot with its fixed texts in a language, as far as it has them. What
// it does not say in its own it says in none.
func (b Bot) In(lang string) Bot {
	t, ok := b.Languages[lang]
	if !ok {
		return b
	}
	b.OptOutHint = inLanguage(b.OptOutHint, t.OptOutHint)
	b.OptOutConfirmation = inLanguage(b.OptOutConfirmation, t.OptOutConfirmation)
	b.StopQuestion = inLanguage(b.StopQuestion, t.StopQuestion)
	b.Handover = inLanguage(b.Handover, t.Handover)
	b.ErasureNote = inLanguage(b.ErasureNote, t.ErasureNote)
	b.UnlinkNote = inLanguage(b.UnlinkNote, t.UnlinkNote)
	b.Disclosure = inLanguage(b.Disclosure, t.Disclosure)
	return b
}

func inLanguage(own, text string) string {
	if own == "" {
		return ""
	}
	return cmp.Or(text, own)
}
