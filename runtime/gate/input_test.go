package gate

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Every field that a rule may read is set from somewhere: a case changes one
// thing of the world and sees it in that field.
func TestInputIsFilled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		field  string
		change func(*question)
		want   any
	}{
		{"action.kind", func(q *question) { q.draft.Kind = event.DM }, "dm"},
		{"action.purpose", func(q *question) { q.draft.Purpose = event.Notice }, "notice"},
		{"action.is_first_dm", func(q *question) { q.draft.Kind = event.DM }, true},
		{"action.is_first_dm", func(q *question) { q.draft.Kind = event.DM; q.State.Conversation.DMsSent = 1 }, false},
		{"action.is_first_dm", func(*question) {}, false},
		{"action.is_first_dm", func(q *question) {
			q.draft.Kind = event.DM
			q.State.Conversation.DMsSent, q.State.Conversation.DMsAside = 1, 1
		}, true},
		{"action.is_first_dm", func(q *question) {
			q.draft.Kind = event.DM
			q.State.Conversation.DMsSent, q.State.Conversation.DMsAside = 2, 1
		}, false},
		{"action.stop_question", func(q *question) { q.draft.Line = event.StopQuestion }, true},
		{"action.handover", func(q *question) { q.draft.Line = event.Handover }, true},
		{"action.has_url", func(q *question) { q.draft.Text = "See acme.example." }, true},
		{"action.mentions_strangers", func(q *question) { q.draft.Text = "Ask @bob." }, true},
		{"action.mentions_strangers", func(q *question) { q.draft.Text = "@ALICE, ask @acme_help or @Acme." }, false},
		{"action.mentions_strangers", func(q *question) { q.draft.Text, q.event.Name = "@alice", "" }, true},
		{"action.too_long", func(q *question) { q.draft.Text = strings.Repeat("é", 281) }, true},
		{"action.too_long", func(q *question) { q.draft.Text = strings.Repeat("é", 280) }, false},
		{"action.too_long", func(q *question) { q.draft.Text = strings.Repeat("退", 141) }, true},
		{"action.too_long", func(q *question) { q.draft.Kind, q.draft.Text = event.DM, strings.Repeat("退", 10_000) }, false},
		{"action.too_long", func(q *question) { q.draft.Kind, q.draft.Text = event.DM, strings.Repeat("退", 10_001) }, true},

		{"action.user_act_attached", func(*question) {}, false},
		{"action.user_act_attached", func(q *question) { q.event.UserAct = "Kim tapped like" }, true},

		{"event.kind", func(q *question) { q.event.Kind = event.KindDM }, "dm"},
		{"event.kind", func(q *question) { q.event.Kind = event.KindTimer }, "timer"},
		{"event.kind", func(q *question) { q.event.Kind = event.KindCommand }, "command"},
		{"event.kind", func(q *question) { q.event.Kind = event.KindChat }, "none"},
		{"event.age", func(q *question) { q.event.At = noon.Add(-3 * time.Hour) }, 3 * time.Hour},
		{"event.age", func(q *question) { q.event.At = noon.Add(time.Hour) }, time.Duration(0)},
		{"event.age", func(q *question) { q.event.At = time.Time{} }, time.Duration(0)}, // counts from when the host took it in
		{"event.age", func(q *question) { q.event.At = time.Unix(1, 0) }, rules.Never},
		{"event.lang", func(q *question) { q.event.Lang = "de" }, "de"},
		{"event.from_automated", func(q *question) { q.event.Automated = event.Yes }, "yes"},
		{"event.from_automated", func(q *question) { q.event.Automated = event.Unknown }, "unknown"},
		{"event.from_automated", func(q *question) { q.event.Automated, q.State.Conversation.Automated = "", event.Yes }, "yes"},
		{"event.from_automated", func(q *question) { q.State.Conversation.Automated = event.Yes }, "no"},
		{"event.edited", func(q *question) { q.event.Version = 1 }, true},
		{"event.text_readable", func(*question) {}, true},
		{"event.text_readable", func(q *question) { q.event.Readable = false }, false},

		{"interaction.mentioned", func(*question) {}, true},
		{"interaction.replied", func(q *question) { q.State.Interaction.Replied = true }, true},
		{"interaction.quoted", func(q *question) { q.State.Interaction.Quoted = true }, true},
		{"interaction.summoned", func(*question) {}, true},
		{"interaction.replies_sent", func(q *question) { q.State.Interaction.RepliesSent = 2 }, int64(2)},
		{"interaction.dms_sent", func(q *question) { q.State.Interaction.DMsSent = 3 }, int64(3)},
		{"interaction.drafts_waiting", func(q *question) { q.State.Interaction.DraftsWaiting = 4 }, int64(4)},

		{"user.initiated", func(*question) {}, "none"},
		{"user.initiated", func(q *question) { q.State.Conversation.Initiated = conversation.InitiatedQuote }, "quote"},
		{"user.opted_out", func(q *question) { q.State.Suppression.OptedOut = true }, true},
		{"user.held", func(q *question) { q.State.Conversation.Held = true }, true},
		{"user.handed_off", func(q *question) { q.State.Conversation.HandedOff = true }, true},
		{"user.handed_off", func(q *question) { q.State.Conversation.PausedUntil = noon.Add(time.Second) }, true},
		{"user.handed_off", func(q *question) { q.State.Conversation.PausedUntil = noon }, false},
		{"user.blocked_us", func(q *question) { q.State.Conversation.BlockedUs = true }, true},
		{"user.dms_received", func(q *question) { q.State.Conversation.DMsReceived = 5 }, int64(5)},
		{"user.dms_sent", func(q *question) { q.State.Conversation.DMsSent = 6 }, int64(6)},
		{"user.dms_sent_24h", func(q *question) { q.State.Conversation.Sends = sends(event.DM, 23*time.Hour, 25*time.Hour) }, int64(1)},
		{"user.replies_sent_1h", func(q *question) { q.State.Conversation.Sends = sends(event.Reply, time.Minute, 2*time.Hour) }, int64(1)},
		{"user.last_dm_age", func(*question) {}, rules.Never},
		{"user.last_dm_age", func(q *question) { q.State.Conversation.LastDMAt = noon.Add(-time.Hour) }, time.Hour},

		{"user.consent_dm_storage", func(q *question) { q.State.Conversation.ConsentDMStorage = true }, true},
		{"user.consent_dm_storage", func(q *question) { q.State.Conversation.ConsentMatching = true }, false},
		{"user.opted_in", func(q *question) { q.OptedIn, q.draft.About = true, "shipping" }, true},
		{"user.opted_in", func(q *question) { q.OptedIn = true }, false},
		{"user.consent_matching", func(q *question) { q.State.Conversation.ConsentMatching = true }, true},

		{"bot.label_on", func(*question) {}, true},
		{"bot.bio_discloses", func(*question) {}, true},
		{"bot.operator_linked", func(*question) {}, true},
		{"bot.privacy_url_set", func(*question) {}, true},
		{"bot.privacy_url_set", func(q *question) { q.bot.PrivacyURL = "" }, false},
		{"bot.ai_approved", func(q *question) { q.bot.AIApproved = true }, true},
		{"bot.tier", func(q *question) { q.bot.Tier = "enterprise" }, "enterprise"},
		{"bot.paused", func(q *question) { q.Paused = true }, true},
		{"bot.local_weekday", func(*question) {}, "mon"},
		{"bot.local_weekday", func(q *question) { q.bot.Zone = time.FixedZone("", 13*3600) }, "tue"},
		{"bot.local_minute", func(*question) {}, int64(720)},
		{"bot.local_minute", func(q *question) { q.bot.Zone = time.FixedZone("", 13*3600) }, int64(60)},

		{"draft.ai_generated", func(q *question) { q.draft.AIGenerated = true }, true},
		{"draft.promotional", func(q *question) { q.draft.Promotional = true }, true},
		{"draft.affiliate", func(q *question) { q.draft.Affiliate, q.draft.AffiliateDisclosed = true, true }, true},
		{"draft.affiliate_disclosed", func(q *question) { q.draft.AffiliateDisclosed = true }, true},
		{"draft.paid_partnership", func(q *question) { q.draft.PaidPartnership = true }, true},
		{"draft.claims_human", func(q *question) { q.draft.Text = "I'm a real person." }, true},
		{"draft.claims_human", func(q *question) { q.draft.Text = "I'm a bot, not a person." }, false},
		{"draft.asks_engagement", func(q *question) { q.draft.Text = "Follow us to win!" }, true},
		{"draft.asks_engagement", func(q *question) { q.draft.Text = "Follow these steps." }, false},
		{"draft.approval", func(*question) {}, "none"},
		{"draft.approval", func(q *question) { q.Approval = "approved" }, "approved"},
		{"draft.duplicate_recent", func(q *question) { q.Recent = true }, true},
		{"draft.duplicate_elsewhere", func(q *question) { q.Elsewhere = true }, true},
		{"draft.url_mismatch", func(q *question) { q.draft.Text = "See https://bit.ly/x." }, true},
		{"draft.url_mismatch", func(q *question) { q.draft.Text = "See https://acme.example/x." }, false},
		{"draft.hashtags", func(q *question) { q.draft.Text = "#a #b" }, int64(2)},
		{"action.cost_usd", func(q *question) { q.Budget.Cost, q.Budget.CostWithURL = 10_000, 200_000 }, 0.01},
		{"action.cost_usd", func(q *question) {
			q.Budget.Cost, q.Budget.CostWithURL, q.draft.Text = 10_000, 200_000, "See acme.example."
		}, 0.2},
		{"budget.day_left_usd", func(q *question) { q.Budget.DayLeft = 1_234_567 }, 1.234567},
		{"budget.month_left_usd", func(q *question) { q.Budget.MonthLeft = 1e15 }, 1e9},
		{"budget.posts_1h", func(q *question) { q.Budget.Posts1h = 7 }, int64(7)},
		{"budget.posts_24h", func(q *question) { q.Budget.Posts24h = 8 }, int64(8)},

		{"draft.cashtags", func(q *question) { q.draft.Text = "$ACME" }, int64(1)},
	}
	set := ruleSet(t, "")
	filled := map[string]bool{}
	for _, tt := range tests {
		q := mention(set).with(tt.change)
		g := New([]Bot{q.bot})
		in := input(q.bot, q.Case, g.FactsOf(q.bot, q.event, q.draft, noon))
		got := leaves(in)[tt.field]
		if got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.field, got, tt.want)
		}
		filled[tt.field] = filled[tt.field] || !reflect.ValueOf(got).IsZero()
	}
	for name := range leaves(rules.Input{}) {
		if !filled[name] {
			t.Errorf("%s: no case gives it a value", name)
		}
	}
}

func sends(kind event.ActionKind, ages ...time.Duration) (ring []conversation.Send) {
	for _, age := range ages {
		ring = append(ring, conversation.Send{At: noon.Add(-age), Kind: kind})
	}
	return ring
}

// leaves lists the fields that the host fills, by the names that rules use.
func leaves(in rules.Input) map[string]any {
	out := map[string]any{}
	v := reflect.ValueOf(in)
	for i := range v.NumField() {
		group := v.Field(i)
		for j := range group.NumField() {
			f := group.Type().Field(j)
			if f.Tag.Get("filled") != "no" {
				out[v.Type().Field(i).Tag.Get("expr")+"."+f.Tag.Get("expr")] = group.Field(j).Interface()
			}
		}
	}
	return out
}
