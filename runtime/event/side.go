package event

import "strings"

// bot is the user id of the subscribed account. An oauth.revoke names it in
// its payload, the filter is empty there.
func (b *body) bot(t Type) string {
	if t == OAuthRevoke {
		if id := b.user.String(); id != "" {
			return id
		}
	}
	return b.filterUser.String()
}

// appOf is the app that lost the authorisation, or that wrote the first DM.
func (b *body) appOf(t Type) string {
	switch {
	case t == OAuthRevoke:
		return b.app.String()
	case (t == DMReceived || t == DMSent) && len(b.msgs) > 0:
		return b.msgs[0].appOf(b.bot(t), t)
	}
	return ""
}

// appOf is the app that wrote an own DM. Only the older envelope says none.
func (m *message) appOf(bot string, t Type) string {
	if kind, _ := m.side(t, bot); kind == KindOwnDM {
		return m.app.String()
	}
	return ""
}

// side says what the body means to the bot and who the other side is. For DMs
// it answers for the first message; Decode asks for each.
func (b *body) side(t Type, bot string) (Kind, string) {
	switch t {
	case PostCreate, PostMention, PostReply, PostQuote, PostRepost:
		return b.postSide(t, bot)
	case PostDelete:
		if author := b.author.String(); author != "" && author != bot {
			return KindOther, author
		}
		return KindDelete, ""
	case DMReceived, DMSent:
		if len(b.msgs) > 0 {
			return b.msgs[0].side(t, bot)
		}
	case ChatReceived, ChatSent:
		if sender := b.sender.String(); sender != "" && sender != bot {
			if t == ChatReceived {
				return KindChat, sender
			}
			return KindOther, sender
		}
		return KindOther, partner(b.conversation.String(), bot)
	case OAuthRevoke:
		return KindRevoke, ""
	case Block:
		if from := b.source.id; from != "" && from != bot && b.target.id == bot && bot != "" {
			return KindBlocked, from
		}
	case LikeCreate:
		return KindOther, notBot(bot, b.likedAuthor.String(), b.likedPostAuthor.String())
	}
	return KindOther, notBot(bot, b.source.id, b.target.id, b.writer.id, b.owner.id)
}

// postSide: a post without id or author is no act that could be answered.
func (b *body) postSide(t Type, bot string) (Kind, string) {
	author := b.author.String()
	switch {
	case author == "":
		return KindOther, ""
	case author == bot:
		return KindOwnPost, notBot(bot, b.replyToUser.String())
	case t == PostRepost || b.id.String() == "":
		return KindOther, author
	}
	return KindPost, author
}

// side is decided by the sender, not by the event type: dm.received and
// dm.sent both tell of our own messages where two subscriptions overlap.
func (m *message) side(t Type, bot string) (Kind, string) {
	sender, recipient := m.sender.String(), m.to()
	switch {
	case sender == "":
		return KindOther, ""
	case sender == bot, t == DMSent && bot == "":
		return KindOwnDM, notBot(sender, recipient)
	}
	return KindDM, sender
}

// to is whom the message is for. One that was read from X's list names only the
// conversation, and is for the other one in it.
func (m *message) to() string {
	if id := m.recipient.String(); id != "" || m.create {
		return id
	}
	return partner(m.dmConv.String(), m.sender.String())
}

// group reports whether the message stands in a conversation of more than two,
// or not between the bot and its other side. Where that is not clear it is a
// group: a group is never answered.
func (b *body) group(m *message, bot string) bool {
	if sender, recipient := m.sender.String(), m.to(); recipient == "" || sender != bot && recipient != bot {
		return true
	}
	for _, id := range []ident{m.conversation, m.dmConv, b.conversation, b.dmConversation} {
		if c := id.String(); c != "" && !oneToOne(c) {
			return true
		}
	}
	return b.party > 2
}

// oneToOne reports whether a conversation id is that of two users: "1-2" for
// DMs, "1:2" for encrypted ones.
func oneToOne(conversation string) bool {
	i := strings.IndexAny(conversation, "-:")
	return i > 0 && isDigits(conversation[:i]) && isDigits(conversation[i+1:])
}

// partner is the other user of a one-to-one conversation.
func partner(conversation, bot string) string {
	if !oneToOne(conversation) {
		return ""
	}
	i := strings.IndexAny(conversation, "-:")
	return notBot(bot, conversation[:i], conversation[i+1:])
}

// notBot is the first id given that is not the bot's.
func notBot(bot string, ids ...string) string {
	for _, id := range ids {
		if id != "" && id != bot {
			return id
		}
	}
	return ""
}
