package xsim

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// maxSubscriptions is what a self-serve app may have (facts.md, read 2026-11-25).
const maxSubscriptions = 1500

// subscription asks X to tell of one kind of event of one account.
type subscription struct {
	id      string
	kind    event.Type
	filter  filter
	tag     string
	webhook string // "": the stream only
	created time.Time
	updated time.Time
}

type filter struct {
	User      string `json:"user_id"`
	Keyword   string `json:"keyword"`
	Direction string `json:"direction"`
}

// covers reports whether the subscription asks for an event.
func (b *subscription) covers(h happened) bool {
	return h.kind == b.kind && h.keyword == b.filter.Keyword && (b.filter.User == "" || h.bot == b.filter.User)
}

// tagged is the event's body with the tag of the subscription.
func (b *subscription) tagged(h happened) []byte {
	mark := func(tag string) []byte {
		if tag == "" {
			return nil
		}
		enc, err := marshal(tag)
		if err != nil {
			return nil
		}
		return append(append([]byte(`"tag":`), enc...), ',')
	}
	old := string(h.kind)
	if h.keyword != "" {
		old = "keyword"
	}
	return bytes.Replace(h.body, mark(old), mark(b.tag), 1)
}

// eventTypes are what X has subscriptions to (openapi.json, 2026-08).
const eventTypes = " profile.update.bio profile.update.profile_picture profile.update.banner_picture profile.update.screenname" +
	" profile.update.geo profile.update.url profile.update.verified_badge profile.update.affiliate_badge profile.update.handle" +
	" news.new follow.follow follow.unfollow spaces.start spaces.end broadcast.start broadcast.end broadcast.chat chat.received" +
	" chat.sent chat.conversation.join chat.conversation_join chat.conversation.member_added chat.conversation.member_removed" +
	" chat.conversation.admin_added chat.conversation.admin_removed chat.update.group_name chat.update.restrictions dm.sent" +
	" dm.received dm.indicate_typing dm.read post.create post.delete post.mention.create post.reply.create post.quote.create" +
	" post.repost.create like.create mute.mute mute.unmute block.block block.unblock "

// private reports whether a subscription needs the account's own token.
func private(kind string) bool {
	switch kind {
	case "post.mention.create", "post.reply.create", "post.quote.create", "post.repost.create", "like.create":
		return true
	}
	family, _, _ := strings.Cut(kind, ".")
	return family == "dm" || family == "chat" || family == "mute" || family == "block"
}

func (s *Sim) createSubscription(r *request) answer {
	var in struct {
		Kind    string `json:"event_type"`
		Filter  filter `json:"filter"`
		Tag     string `json:"tag"`
		Webhook string `json:"webhook_id"`
	}
	if err := strict(r, &in); err != nil {
		return badRequest(err.Error())
	}
	switch {
	case in.Kind == "" || strings.Contains(in.Kind, " ") || !strings.Contains(eventTypes, " "+in.Kind+" "):
		return badRequest("event_type is none of X's")
	case (in.Filter.User == "") == (in.Filter.Keyword == ""):
		return badRequest("filter has either user_id or keyword")
	case in.Filter.User != "" && s.users[in.Filter.User].ID == "":
		return badRequest("filter.user_id is nobody")
	case in.Filter.Direction != "" && in.Filter.Direction != "inbound" && in.Filter.Direction != "outbound":
		return badRequest("filter.direction is inbound or outbound")
	case len([]rune(in.Tag)) > 200:
		return badRequest("tag has at most 200 characters")
	case in.Webhook != "" && s.hook(in.Webhook) == nil:
		return badRequest("WebhookIdInvalid: webhook_id is none of this app's")
	case private(in.Kind) && (r.account == nil || r.account.ID != in.Filter.User):
		return refuse(http.StatusForbidden, "client-forbidden", "A subscription to private events needs the user token of the account in filter.user_id.")
	case len(s.subscriptions) >= maxSubscriptions:
		return refuse(http.StatusForbidden, "", "SubscriptionLimitExceeded: this app has as many subscriptions as it may have.")
	}
	for _, b := range s.subscriptions {
		if b.kind == event.Type(in.Kind) && b.filter == in.Filter && b.webhook == in.Webhook {
			return refuse(http.StatusConflict, "", "DuplicateSubscriptionFailed: the subscription exists.")
		}
	}
	b := &subscription{
		id: s.newID(r.now), kind: event.Type(in.Kind), filter: in.Filter, tag: in.Tag, webhook: in.Webhook,
		created: r.now, updated: r.now,
	}
	s.subscriptions = append(s.subscriptions, b)
	// X answers in three shapes (facts.md, read 2026-11-25); the contract has
	// the first.
	data := any(object{{"subscription", b.wire()}})
	switch s.opts.Drift.Subscription {
	case "bare":
		data = b.wire()
	case "list":
		data = []object{b.wire()}
	}
	return answer{status: http.StatusOK, made: b.id, body: object{{"data", data}}}
}

func (b *subscription) wire() object {
	f := object{}
	for _, x := range []field{{"user_id", b.filter.User}, {"keyword", b.filter.Keyword}, {"direction", b.filter.Direction}} {
		if x.value != "" {
			f = append(f, x)
		}
	}
	o := object{
		{"subscription_id", b.id}, {"event_type", string(b.kind)}, {"filter", f},
		{"created_at", stamp(b.created)}, {"updated_at", stamp(b.updated)},
	}
	if b.tag != "" {
		o = append(o, field{"tag", b.tag})
	}
	if b.webhook != "" {
		o = append(o, field{"webhook_id", b.webhook})
	}
	return o
}

func (s *Sim) listSubscriptions(r *request) answer {
	list := []object{}
	for _, b := range s.subscriptions {
		if r.app || b.filter.User == r.account.ID {
			list = append(list, b.wire())
		}
	}
	a := paged(list, r, 1000, 1, 1000)
	if meta, ok := a.body.value("meta").(object); ok && meta.get("next_token") == "" {
		a.body = slices.DeleteFunc(a.body, func(f field) bool { return f.key == "meta" }) // X documents none
	}
	return a
}

func (s *Sim) updateSubscription(r *request) answer {
	var in struct {
		Tag     *string `json:"tag"`
		Webhook *string `json:"webhook_id"`
	}
	if err := strict(r, &in); err != nil {
		return badRequest(err.Error())
	}
	b, refused := s.subscription(r)
	if b == nil {
		return refused
	}
	if in.Webhook != nil && s.hook(*in.Webhook) == nil {
		return badRequest("WebhookIdInvalid: webhook_id is none of this app's")
	}
	if in.Tag != nil {
		b.tag = *in.Tag
	}
	if in.Webhook != nil {
		b.webhook = *in.Webhook
	}
	b.updated = r.now
	return answer{status: http.StatusOK, body: object{{"data", object{{"subscription", b.wire()}, {"total_subscriptions", len(s.subscriptions)}}}}}
}

func (s *Sim) deleteSubscription(r *request) answer {
	b, refused := s.subscription(r)
	if b == nil {
		return refused
	}
	s.subscriptions = slices.DeleteFunc(s.subscriptions, func(x *subscription) bool { return x == b })
	return answer{status: http.StatusOK, body: object{{"data", object{{"deleted", true}}}}}
}

func (s *Sim) subscription(r *request) (*subscription, answer) {
	id := r.PathValue("id")
	for _, b := range s.subscriptions {
		if b.id == id {
			return b, answer{}
		}
	}
	return nil, answer{status: http.StatusNotFound, body: notFound("subscription", id)}
}
