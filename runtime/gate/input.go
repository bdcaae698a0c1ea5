package gate

import (
	"cmp"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// input builds what rules read, from state, facts and the moment.
func input(bot Bot, c Case, f Facts) rules.Input {
	conv, act := c.State.Conversation, c.State.Interaction
	local := c.Now.In(cmp.Or(bot.Zone, time.UTC))
	return rules.Input{
		Action: rules.ActionInput{
			Kind:              string(f.Draft.Kind),
			Purpose:           string(f.Draft.Purpose),
			StopQuestion:      f.Draft.Line == event.StopQuestion,
			Handover:          f.Draft.Line == event.Handover,
			IsFirstDM:         f.Draft.Kind == event.DM && !conv.Introduced(),
			HasURL:            f.Text.HasURL,
			MentionsStrangers: f.Text.MentionsStrangers,
			TooLong:           f.Text.TooLong,
			UserActAttached:   f.Event.UserAct != "",
			CostUSD:           usd(f.cost(c.Budget)),
		},
		Event: rules.EventInput{
			Kind:          eventKind(f.Event.Kind),
			Age:           age(c.Now, f.Event.At),
			Lang:          f.Event.Lang,
			FromAutomated: automated(f.Event.Automated, conv.Automated),
			Edited:        f.Event.Edited,
			TextReadable:  f.Event.Readable,
		},
		Interaction: rules.InteractionInput{
			Mentioned:     act.Mentioned,
			Replied:       act.Replied,
			Quoted:        act.Quoted,
			Summoned:      act.Summoned,
			RepliesSent:   act.RepliesSent,
			DMsSent:       act.DMsSent,
			DraftsWaiting: act.DraftsWaiting,
		},
		User: rules.UserInput{
			Initiated:     string(cmp.Or(conv.Initiated, conversation.NotInitiated)),
			OptedOut:      c.State.Suppression.OptedOut,
			Held:          conv.Held,
			HandedOff:     conv.WithPerson(c.Now),
			BlockedUs:     conv.BlockedUs,
			DMsReceived:   conv.DMsReceived,
			DMsSent:       conv.DMsSent,
			DMsSent24h:    conv.DMsWithin(24*time.Hour, c.Now),
			RepliesSent1h: conv.RepliesWithin(time.Hour, c.Now),
			LastDMAge:     age(c.Now, conv.LastDMAt),

			ConsentDMStorage: conv.ConsentDMStorage,
			ConsentMatching:  conv.ConsentMatching,
			OptedIn:          c.OptedIn && f.Draft.About != "",
		},
		Bot: rules.BotInput{
			LabelOn:        bot.LabelOn,
			BioDiscloses:   bot.BioDiscloses,
			OperatorLinked: bot.OperatorLinked,
			PrivacyURLSet:  bot.PrivacyURL != "",
			AIApproved:     bot.AIApproved,
			Tier:           bot.Tier,
			Paused:         c.Paused,
			LocalWeekday:   strings.ToLower(local.Weekday().String()[:3]),
			LocalMinute:    int64(local.Hour()*60 + local.Minute()),
		},
		Draft: rules.DraftInput{
			AIGenerated:        f.Draft.AIGenerated,
			Promotional:        f.Draft.Promotional,
			Affiliate:          f.Draft.Affiliate,
			AffiliateDisclosed: f.Draft.AffiliateDisclosed,
			PaidPartnership:    f.Draft.PaidPartnership,
			ClaimsHuman:        f.Text.ClaimsHuman,
			Approval:           cmp.Or(c.Approval, "none"),
			DuplicateRecent:    c.Recent,
			DuplicateElsewhere: c.Elsewhere,
			URLMismatch:        f.Text.URLMismatch,
			Hashtags:           int64(f.Text.Hashtags),
			Cashtags:           int64(f.Text.Cashtags),
			AsksEngagement:     f.Text.AsksEngagement,
		},
		Budget: rules.BudgetInput{
			DayLeftUSD:   usd(c.Budget.DayLeft),
			MonthLeftUSD: usd(c.Budget.MonthLeft),
			Posts1h:      c.Budget.Posts1h,
			Posts24h:     c.Budget.Posts24h,
		},
	}
}

// usd is an amount as rules compare it. It is the nearest float to a whole
// number of millionths, so equal amounts are equal.
func usd(micro int64) float64 { return float64(micro) / 1e6 }

// age is how long ago something was: 0 if a clock is ahead of ours,
// rules.Never if it never was.
func age(now, at time.Time) time.Duration {
	if at.IsZero() {
		return rules.Never
	}
	return min(max(now.Sub(at), 0), rules.Never)
}

func eventKind(k event.Kind) string {
	switch k {
	case event.KindPost, event.KindDM, event.KindTimer, event.KindCommand:
		return string(k)
	}
	return "none"
}

// automated prefers what this event shows over what was known before.
func automated(now, before event.Tri) string {
	if now != event.Yes && now != event.No {
		now = before
	}
	return string(cmp.Or(now, event.Unknown))
}
