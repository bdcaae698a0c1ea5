package xapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Message is one DM event as it is read back. X rewrites links in Text to t.co.
type Message struct {
	ID           string // X's dm_event id
	Conversation string // "smaller-larger" user id
	Sender       string // user id
	Text         string // HTML entities decoded
	At           time.Time
	Media        bool // it has attachments
}

// UnmarshalJSON reads X's DmEvent.
func (m *Message) UnmarshalJSON(b []byte) error {
	var w struct {
		ID           string          `json:"id"`
		Conversation string          `json:"dm_conversation_id"`
		Sender       string          `json:"sender_id"`
		Text         string          `json:"text"`
		CreatedAt    string          `json:"created_at"`
		Attachments  json.RawMessage `json:"attachments"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*m = Message{
		ID: w.ID, Conversation: w.Conversation, Sender: w.Sender, Text: event.Unescape(w.Text), At: moment(w.CreatedAt),
		Media: len(w.Attachments) > 0 && string(w.Attachments) != "null",
	}
	return nil
}

// DMFields asks for what a message is worth nothing without: the default is id,
// type and text.
const DMFields = "attachments,created_at,dm_conversation_id,event_type,id,sender_id,text"

// Conversation reads a page of the bot's one-to-one conversation with a user,
// messages only, newest first, 30 days back, and the token of the next page, ""
// at the end.
func (c *Client) Conversation(ctx context.Context, bot, user, page string) (messages []Message, next string, err error) {
	if !IsID(user) {
		return nil, "", invalid(ReadDMConversation, errID)
	}
	q := url.Values{"dm_event.fields": {DMFields}, "event_types": {"MessageCreate"}, "max_results": {"100"}}
	if page != "" {
		q.Set("pagination_token", page)
	}
	var a struct {
		Data []Message `json:"data"`
		Meta meta      `json:"meta"`
	}
	err = c.Do(ctx, Request{
		Endpoint: ReadDMConversation, As: As{Bot: bot}, Method: http.MethodGet,
		Path: "/2/dm_conversations/with/" + user + "/dm_events", Query: q,
	}, &a)
	return a.Data, a.Meta.Next, err
}
