package ingest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Subscription is what X tells the app of one account.
type Subscription struct {
	ID        string
	Type      event.Type
	User      string // whose events; "" for those of a keyword
	Keyword   string
	Direction string
	Tag       string
	Webhook   string // "": the stream only
}

// Watched is a bot that the watchdog subscribes for.
type Watched struct{ Name, UserID string }

// subTag marks the subscriptions of this program, with the bot's name.
const subTag = "beckon/"

// wanted are the event types that a bot needs: what users say to it, what its
// own account does, and what breaks its disclosure. oauth.revoke comes without.
func wanted() []event.Type {
	return []event.Type{
		event.PostMention, event.PostReply, event.PostQuote, event.DMReceived, event.ChatReceived,
		event.PostCreate, event.PostDelete, event.DMSent,
		"profile.update.bio", "profile.update.screenname", "profile.update.affiliate_badge",
	}
}

// private reports whether X wants the subscription made with the account's own
// token.
// X rule: private events need the bot's own user token (facts.md, read 2026-11-25)
func private(t event.Type) bool {
	switch t {
	case event.PostMention, event.PostReply, event.PostQuote, event.PostRepost, event.LikeCreate:
		return true
	}
	family, _, _ := strings.Cut(string(t), ".")
	return family == "dm" || family == "chat" || family == "mute" || family == "block"
}

// need is one subscription that a bot must have, and what there is of it.
type need struct {
	bot  Watched
	typ  event.Type
	have *Subscription // nil: none
	move bool          // it is ours, and delivers elsewhere
}

// compare sets what is needed against what X has. hook is the webhook's id; ""
// with stream set means that any subscription will do. surplus are those that
// deliver to this webhook, or bear our tag, and that no bot needs.
func compare(have []Subscription, bots []Watched, hook string, stream bool) (needs []need, surplus []Subscription) {
	used := map[string]bool{}
	for _, b := range bots {
		for _, t := range wanted() {
			n := need{bot: b, typ: t}
			for _, s := range have {
				if s.Type != t || s.User != b.UserID || s.Keyword != "" || s.Direction != "" {
					continue
				}
				switch right := stream || s.Webhook == hook && hook != ""; {
				case right:
					n.have, n.move = &s, false
				case n.have == nil && s.Tag == subTag+b.Name:
					n.have, n.move = &s, true
				}
				if n.have != nil && !n.move {
					break
				}
			}
			if n.have != nil {
				used[n.have.ID] = true
			}
			needs = append(needs, n)
		}
	}
	for _, s := range have {
		if !used[s.ID] && (hook != "" && s.Webhook == hook || strings.HasPrefix(s.Tag, subTag)) {
			surplus = append(surplus, s)
		}
	}
	slices.SortFunc(surplus, func(a, b Subscription) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	return needs, surplus
}
