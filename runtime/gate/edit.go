package gate

import (
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/rules"
)

// Edited are the facts of a draft whose text a person replaced, and the text
// before obligations: they are due anew. What the old text was given at its end
// is taken off the new one, since whoever edits has it before them. What a
// model wrote stays flagged so, unless the person says that nothing of it is
// left. Flags of the account's own stay; that the text discloses an affiliate
// link is no longer known.
func (g *Gate) Edited(name string, f Facts, text, by string, rewritten bool) (Facts, string) {
	bot, _ := g.Bot(name) // one that is gone is denied by Decide
	bot = bot.In(f.Lang)
	text = strings.TrimSpace(text)
	for _, o := range slices.Backward(f.Applied) {
		line := bot.line(o)
		switch {
		case line == "":
		case f.Draft.SplitAt > 0: // at the end of the first part
			text = strings.Replace(text, "\n\n"+line, "", 1)
		default:
			text = strings.TrimSuffix(text, "\n\n"+line)
		}
	}
	d := f.Draft
	d.Text, d.AffiliateDisclosed = text, false
	d = inParts(d)
	if rewritten {
		d.AIGenerated = false
	}
	f.Applied, f.EditedBy, f.Parts = nil, by, 0
	f.setDraft(bot, d)
	f.Print = PrintOf(d)
	return f, d.Text
}

// line is what an obligation adds to a text.
func (bot Bot) line(o rules.Obligation) string {
	switch o {
	case rules.AppendOptOutHint:
		return bot.OptOutHint
	case rules.AppendPrivacyLink:
		return bot.PrivacyURL
	case rules.DiscloseAffiliate:
		return bot.Disclosure
	}
	return ""
}
