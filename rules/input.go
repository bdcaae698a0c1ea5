package rules

import "time"

// Never is the value of an age where the thing it counts from never happened.
// It is the largest age, so that "less than" conditions are false.
const Never = 10 * 365 * 24 * time.Hour

// Input is all that a rule can read: plain values, computed by the host before
// the decision. A rule reads no clock, no text and no database, so the same
// input gives the same decision for ever.
//
// Struct tags state each field's domain: `enum` for strings that come from a
// closed set, `min` and `max` for numbers (inclusive), `format:"lang"` for a
// language code, `unit` for a whole number that is not a count. `filled:"no"` marks what this version's host does not compute
// yet; a condition on such a field does not load. A value outside its domain
// is a deny.
type Input struct {
	Action      ActionInput      `expr:"action" json:"action"`
	Event       EventInput       `expr:"event" json:"event"`
	Interaction InteractionInput `expr:"interaction" json:"interaction"`
	User        UserInput        `expr:"user" json:"user"`
	Bot         BotInput         `expr:"bot" json:"bot"`
	Draft       DraftInput       `expr:"draft" json:"draft"`
	Budget      BudgetInput      `expr:"budget" json:"budget"`
}

// ActionInput is what would be done.
type ActionInput struct {
	// Kind is the way out.
	Kind string `expr:"kind" json:"kind" enum:"reply,dm,post,repost,quote,like,bookmark,follow,list_add"`
	// Purpose is why it would leave.
	Purpose string `expr:"purpose" json:"purpose" enum:"answer,opt_out_confirmation,notice,reminder,operator,scheduled"`
	// StopQuestion is true of the host's own question to a user who perhaps said stop: did you? Its text is the configuration's; no handler drafts it.
	StopQuestion bool `expr:"stop_question" json:"stop_question"`
	// Handover is true of the bot's last word to a user whom a person takes over: the answer of the handler that hands over, or a notice of the host's own, whose text is the configuration's.
	Handover bool `expr:"handover" json:"handover"`
	// IsFirstDM is true where no DM has gone to the user, besides confirmations of a stop and the host's own lines.
	IsFirstDM bool `expr:"is_first_dm" json:"is_first_dm"`
	// HasURL is true where the text holds a link.
	HasURL bool `expr:"has_url" json:"has_url"`
	// MentionsStrangers is true where the text names an account other than the one answered.
	MentionsStrangers bool `expr:"mentions_strangers" json:"mentions_strangers"`
	// TooLong is true where the text is longer than X takes: 280 weighted characters in a post (25,000 where the account has long_posts), 10,000 characters in a DM.
	TooLong bool `expr:"too_long" json:"too_long"`
	// UserActAttached is true where a person's own tap stands behind the action, and is recorded with the command that asks for it.
	UserActAttached bool `expr:"user_act_attached" json:"user_act_attached"`
	// CostUSD is X's price for the action, in US dollars.
	CostUSD float64 `expr:"cost_usd" json:"cost_usd" min:"0" max:"1000"`
}

// EventInput is the event that the action answers.
type EventInput struct {
	// Kind is what the event means to the bot.
	Kind string `expr:"kind" json:"kind" enum:"post,dm,timer,command,none"`
	// Age is the time since the user acted, or the operator or timer asked, at the moment of the decision; 0 where their clock is ahead of ours.
	Age time.Duration `expr:"age" json:"age" min:"0" max:"87600h"`
	// Lang is the language as X guessed it: a BCP 47 code such as en, "und" or empty where X could not tell.
	Lang string `expr:"lang" json:"lang" format:"lang"`
	// FromAutomated says whether the other side carries X's 'Automated' label; unknown where X left it out.
	FromAutomated string `expr:"from_automated" json:"from_automated" enum:"yes,no,unknown"`
	// Edited is true where the post is a later version of another.
	Edited bool `expr:"edited" json:"edited"`
	// TextReadable is false where there is a message of which no text can be read: encrypted, or media only.
	TextReadable bool `expr:"text_readable" json:"text_readable"`
}

// InteractionInput is one act of the user, or-ed over all events that told of it.
type InteractionInput struct {
	// Mentioned is true where the user named the bot.
	Mentioned bool `expr:"mentioned" json:"mentioned"`
	// Replied is true where the user answered a post of the bot.
	Replied bool `expr:"replied" json:"replied"`
	// Quoted is true where the user quoted a post of the bot.
	Quoted bool `expr:"quoted" json:"quoted"`
	// Summoned is true where X's self-serve tiers accept a reply: the user named the bot in the text, or quoted it.
	Summoned bool `expr:"summoned" json:"summoned"`
	// RepliesSent counts replies to this act, this one apart: pending, attempting, sent and unknown.
	RepliesSent int64 `expr:"replies_sent" json:"replies_sent" min:"0" max:"1000000000"`
	// DMsSent counts DMs that answer this act, this one apart: pending, attempting, sent and unknown.
	DMsSent int64 `expr:"dms_sent" json:"dms_sent" min:"0" max:"1000000000"`
	// DraftsWaiting counts answers to this act that wait for a person, this one apart.
	DraftsWaiting int64 `expr:"drafts_waiting" json:"drafts_waiting" min:"0" max:"1000000000"`
}

// UserInput is what the bot knows of the other side.
type UserInput struct {
	// Initiated says how the user turned to the bot first.
	Initiated string `expr:"initiated" json:"initiated" enum:"none,mention,reply,quote,dm,opt_in"`
	// OptedOut is true where the user said stop to the operator.
	OptedOut bool `expr:"opted_out" json:"opted_out"`
	// Held is true where nothing automated may go out until a person, or a readable message, resolves it.
	Held bool `expr:"held" json:"held"`
	// HandedOff is true where a person has taken over.
	HandedOff bool `expr:"handed_off" json:"handed_off"`
	// BlockedUs is true where X told us that the user blocked the bot.
	BlockedUs bool `expr:"blocked_us" json:"blocked_us"`
	// DMsReceived counts the user's DMs to the bot.
	DMsReceived int64 `expr:"dms_received" json:"dms_received" min:"0" max:"1000000000"`
	// DMsSent counts DMs to the user, this one apart: pending, attempting, sent and unknown.
	DMsSent int64 `expr:"dms_sent" json:"dms_sent" min:"0" max:"1000000000"`
	// DMsSent24h counts DMs to the user in the last 24 hours, this one apart; it stops at 16.
	DMsSent24h int64 `expr:"dms_sent_24h" json:"dms_sent_24h" min:"0" max:"16"`
	// RepliesSent1h counts replies to the user in the last hour, this one apart; it stops at 16.
	RepliesSent1h int64 `expr:"replies_sent_1h" json:"replies_sent_1h" min:"0" max:"16"`
	// LastDMAge is the time since the user's latest DM; 87600h (Never) where there was none.
	LastDMAge time.Duration `expr:"last_dm_age" json:"last_dm_age" min:"0" max:"87600h"`
	// ConsentDMStorage is true where the user agreed that their DMs are kept.
	ConsentDMStorage bool `expr:"consent_dm_storage" json:"consent_dm_storage"`
	// ConsentMatching is true where the user agreed to be matched with an account outside X.
	ConsentMatching bool `expr:"consent_matching" json:"consent_matching"`
	// OptedIn is true where the action tells of something by name, and the user agreed to hear of just that and has not taken it back. It stands for no DM of theirs.
	OptedIn bool `expr:"opted_in" json:"opted_in"`
}

// BotInput is the account that would act, as its operator declared it.
type BotInput struct {
	// LabelOn is true where X's 'Automated' label is on.
	LabelOn bool `expr:"label_on" json:"label_on"`
	// BioDiscloses is true where the bio says that it is a bot, and whose.
	BioDiscloses bool `expr:"bio_discloses" json:"bio_discloses"`
	// OperatorLinked is true where the account is linked to a human-managed one.
	OperatorLinked bool `expr:"operator_linked" json:"operator_linked"`
	// PrivacyURLSet is true where the configuration names a privacy policy.
	PrivacyURLSet bool `expr:"privacy_url_set" json:"privacy_url_set"`
	// AIApproved is true where X's approval of AI-generated text is recorded.
	AIApproved bool `expr:"ai_approved" json:"ai_approved"`
	// Tier is the app's tier of X's API.
	Tier string `expr:"tier" json:"tier" enum:"self_serve,enterprise"`
	// Paused is true where the kill switch is on, for this bot or for all.
	Paused bool `expr:"paused" json:"paused"`
	// LocalWeekday is the day in the bot's time zone at the moment of the decision.
	LocalWeekday string `expr:"local_weekday" json:"local_weekday" enum:"mon,tue,wed,thu,fri,sat,sun"`
	// LocalMinute is the minute of the day in the bot's time zone at the moment of the decision; 540 is 09:00.
	LocalMinute int64 `expr:"local_minute" json:"local_minute" min:"0" max:"1439" unit:"minutes"`
}

// DraftInput is what the handler said of its draft, and what the host found in it.
type DraftInput struct {
	// AIGenerated is true where a model wrote the text.
	AIGenerated bool `expr:"ai_generated" json:"ai_generated"`
	// Promotional is true where the text is mainly promotional; a recommendation that the user asked for is not.
	Promotional bool `expr:"promotional" json:"promotional"`
	// Affiliate is true where the text holds an affiliate link.
	Affiliate bool `expr:"affiliate" json:"affiliate"`
	// AffiliateDisclosed is true where the text says so.
	AffiliateDisclosed bool `expr:"affiliate_disclosed" json:"affiliate_disclosed"`
	// PaidPartnership is true where somebody paid for the text.
	PaidPartnership bool `expr:"paid_partnership" json:"paid_partnership"`
	// ClaimsHuman is true where the text says that a person is writing, or that no bot is.
	ClaimsHuman bool `expr:"claims_human" json:"claims_human"`
	// Approval is what a person said to this text.
	Approval string `expr:"approval" json:"approval" enum:"none,approved,rejected"`
	// DuplicateRecent is true where this account said the same, or nearly the same with the same numbers, within 12 hours: in posts, and in what operators and timers send to users. Answers are not compared.
	DuplicateRecent bool `expr:"duplicate_recent" json:"duplicate_recent"`
	// DuplicateElsewhere is true where another account of this host said the same or nearly the same within 72 hours; compared as for duplicate_recent.
	DuplicateElsewhere bool `expr:"duplicate_elsewhere" json:"duplicate_elsewhere"`
	// URLMismatch is true where a link lands, or may land, on another site than it shows: a shortener, a redirector, a look-alike.
	URLMismatch bool `expr:"url_mismatch" json:"url_mismatch"`
	// Hashtags counts #tags in the text.
	Hashtags int64 `expr:"hashtags" json:"hashtags" min:"0" max:"1000000000"`
	// Cashtags counts $TAGS in the text.
	Cashtags int64 `expr:"cashtags" json:"cashtags" min:"0" max:"1000000000"`
	// AsksEngagement is true where the text asks for follows, likes or reposts.
	AsksEngagement bool `expr:"asks_engagement" json:"asks_engagement"`
}

// BudgetInput is what the bot may still spend.
type BudgetInput struct {
	// DayLeftUSD is what is left of the UTC day's budget, in US dollars, this action apart; 1000000000 where the bot has none.
	DayLeftUSD float64 `expr:"day_left_usd" json:"day_left_usd" min:"0" max:"1000000000"`
	// MonthLeftUSD is what is left of the UTC month's budget, in US dollars, this action apart; 1000000000 where the bot has none.
	MonthLeftUSD float64 `expr:"month_left_usd" json:"month_left_usd" min:"0" max:"1000000000"`
	// Posts1h counts the account's posts in the last hour that went out or may have, this one apart.
	Posts1h int64 `expr:"posts_1h" json:"posts_1h" min:"0" max:"1000000000"`
	// Posts24h counts the account's posts in the last 24 hours that went out or may have, this one apart.
	Posts24h int64 `expr:"posts_24h" json:"posts_24h" min:"0" max:"1000000000"`
}
