package event

func (b *body) readMessages(l *lexer) {
	if !l.openOnce(&b.dms, '[', "data.payload.direct_message_events") {
		return
	}
	b.msgs = make([]message, 0, 1) // not nil: there is a list, perhaps an empty one
	for l.next() {
		if !b.full && len(b.msgs) == 1 {
			l.skip()
			continue
		}
		b.msgs = append(b.msgs, message{})
		b.readMessage(l, &b.msgs[len(b.msgs)-1])
	}
}

func (b *body) readMessage(l *lexer, m *message) {
	if !l.open('{', "data.payload.direct_message_events[]") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "id":
			l.ident(&m.id)
		case "created_timestamp":
			l.ident(&m.sentMS)
		case "created_at":
			l.once(&m.createdAt)
		case "conversation_id":
			l.ident(&m.conversation)
		case "dm_conversation_id":
			l.ident(&m.dmConv)
		case "message_create":
			b.readCreate(l, m)
		case "sender_id": // this and the next: a message that was read from X's list
			l.ident(&m.sender)
		case "text":
			l.once(&m.text)
		case "attachments":
			l.once(&m.attachments)
		case "type", "initiated_via", "event_type", "participant_ids", "entities", "referenced_tweets", "referenced_posts":
			l.skip()
		default:
			b.unknown(l)
		}
	}
}

func (b *body) readCreate(l *lexer, m *message) {
	if !l.openOnce(&m.create, '{', "data.payload.direct_message_events[].message_create") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "sender_id":
			l.ident(&m.sender)
		case "target":
			b.readTarget(l, m)
		case "message_data":
			b.readMessageData(l, m)
		case "source_app_id":
			l.ident(&m.app)
		case "custom_profile_id":
			l.skip()
		default:
			b.unknown(l)
		}
	}
}

func (b *body) readTarget(l *lexer, m *message) {
	if !l.openOnce(&m.target, '{', "data.payload.direct_message_events[].message_create.target") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "recipient_id":
			l.ident(&m.recipient)
		default:
			b.unknown(l)
		}
	}
}

func (b *body) readMessageData(l *lexer, m *message) {
	if !l.openOnce(&m.data, '{', "data.payload.direct_message_events[].message_create.message_data") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "text":
			l.once(&m.text)
		case "attachment":
			l.once(&m.attachment)
		case "attachments":
			l.once(&m.attachments)
		case "entities", "quick_reply", "quick_reply_response", "ctas":
			l.skip()
		default:
			b.unknown(l)
		}
	}
}
