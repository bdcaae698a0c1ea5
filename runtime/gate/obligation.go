package gate

import (
	"fmt"
	"slices"

	"github.com/beckon-bot/beckon/rules"
)

// apply adds to the draft what the obligation demands and recomputes its
// facts. It returns why it could not, "" where it could.
func (v *Verdict) apply(bot Bot, o rules.Obligation) (why string) {
	d := v.Facts.Draft
	d.Text = v.Text
	switch o {
	case rules.AppendOptOutHint:
		why = appendLine(&d.Text, bot.OptOutHint, "texts.opt_out_hint", bot.Name)
	case rules.AppendPrivacyLink:
		why = appendLine(&d.Text, bot.PrivacyURL, "privacy_url", bot.Name)
	case rules.DiscloseAffiliate:
		why = appendLine(&d.Text, bot.Disclosure, "texts.disclosure", bot.Name)
		d.AffiliateDisclosed = true
	case rules.MarkMadeWithAI:
		d.MadeWithAI = true
	case rules.MarkPaidPartnership:
		d.PaidPartnership = true
	default:
		why = fmt.Sprintf("This host does not know the obligation %q.", o)
	}
	if why != "" {
		return why
	}
	fitted := !v.Facts.Text.TooLong
	v.Facts.Applied = append(slices.Clip(v.Facts.Applied), o)
	v.Facts.setDraft(bot, d)
	v.Text = d.Text
	if fitted && v.Facts.Text.TooLong {
		return fmt.Sprintf("With %s added the text is longer than X allows; shorten the answer.", o) // G3
	}
	return ""
}

func appendLine(text *string, line, key, bot string) (why string) {
	if line == "" {
		return fmt.Sprintf("A rule demands it, and bots.%s.%s is empty in the configuration.", bot, key)
	}
	*text += "\n\n" + line
	return ""
}
