package gate

import (
	"fmt"
	"slices"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

// apply adds to the draft what the obligation demands and recomputes its
// facts. It returns why it could not, "" where it could.
func (v *Verdict) apply(bot Bot, o rules.Obligation) (why string) {
	d := v.Facts.Draft
	d.Text = v.Text
	switch o {
	case rules.AppendOptOutHint:
		why = appendLine(&d, bot.OptOutHint, "texts.opt_out_hint", bot.Name)
	case rules.AppendPrivacyLink:
		why = appendLine(&d, bot.PrivacyURL, "privacy_url", bot.Name)
	case rules.DiscloseAffiliate:
		why = appendLine(&d, bot.Disclosure, "texts.disclosure", bot.Name)
		d.AffiliateDisclosed = true
	case rules.MarkMadeWithAI:
		d.MadeWithAI = true
	case rules.MarkPaidPartnership:
		d.PaidPartnership = true
	case rules.HandOff:
		// What else goes to them is not the bot's last word, and does not go then.
		if d.Purpose == event.Answer && d.Line == event.NoLine {
			d.Line = event.Handover
		}
		id, because := v.Set.Requires(v.Decision.Outcomes, o)
		v.handsOff = "rule " + id + ": " + because
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

// HandsOff says why the decision gives the user to a person, "" where it does
// not: a rule wants it, for the first time with this draft, and did not deny it.
func (v Verdict) HandsOff() (why string) {
	if v.Decision.Effect == rules.Deny {
		return ""
	}
	return v.handsOff
}

func appendLine(d *event.Draft, line, key, bot string) (why string) {
	if line == "" {
		return fmt.Sprintf("A rule demands it, and bots.%s.%s is empty in the configuration.", bot, key)
	}
	addLine(d, line)
	return ""
}
