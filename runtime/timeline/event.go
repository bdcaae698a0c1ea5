package timeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// post is what a later step can edit, or tell of again.
type post struct {
	xsim.Post
	user xsim.User
}

// ownPost is the post of the bot that users answer and quote.
const ownPost = "1900000000000000001"

// user gives a person of the story an id.
func (s *story) user(name string) string {
	if _, ok := s.users[name]; !ok {
		s.users[name] = strconv.Itoa(2_000_000_000_000_000_001 + len(s.users))
	}
	return s.users[name]
}

// id is one as X would give it at that time.
func (s *story) id(at time.Time) string {
	const epoch = 1288834974657 // ms since 1970 at which X's ids start
	s.seq++
	return strconv.FormatInt((at.UnixMilli()-epoch)<<22|s.seq, 10)
}

// event delivers what X tells of a user's act.
func (s *story) event(ctx context.Context, n int, step rules.Step) (gate.Record, error) {
	h, err := s.deliver(ctx, s.body(n, step))
	if err != nil {
		return gate.Record{}, err
	}
	s.events[n] = h.Event
	last := h.Records[len(h.Records)-1]
	s.drafted(n, last)
	return last, nil
}

var errNotTaken = errors.New("the host did not take the event in")

// deliver brings a body to the host as the webhook does.
func (s *story) deliver(ctx context.Context, body []byte) (dispatch.Handled, error) {
	head, err := event.Scan(body)
	if err != nil {
		return dispatch.Handled{}, err
	}
	s.seq++
	m := bus.Delivery{Seq: uint64(s.seq), Message: bus.Message{
		ID: head.ID, Type: string(head.Type), Source: "timeline", Time: s.now.UTC(), Bot: botName, User: head.User, Data: body,
	}}
	done, err := s.disp.Batch(ctx, s.now, []bus.Delivery{m})
	if err != nil {
		return dispatch.Handled{}, err
	}
	if len(done) != 1 || done[0].Event.ID == "" || done[0].Duplicate {
		return dispatch.Handled{}, errNotTaken
	}
	return done[0], nil
}

// body is the act in X's form.
func (s *story) body(n int, step rules.Step) []byte {
	at := s.Clock.Add(step.Said).UTC()
	from := xsim.User{ID: s.user(step.User), Username: step.User, Automated: step.Automated == "yes"}
	head := xsim.Head{Bot: botID, EventID: xsim.EventID(0, "timeline", strconv.Itoa(n), step.What)}
	self := xsim.User{ID: botID, Username: botName, Automated: true}
	known := []xsim.User{self, from}
	if step.Automated == "unknown" { // X leaves the author out
		known = known[:1]
	}
	switch step.What {
	case string(event.DMReceived):
		return xsim.DMBody(head, event.DMReceived, xsim.DM{ID: s.id(at), From: from.ID, To: botID, At: at, Text: step.Text}, known...)
	case string(event.ChatReceived):
		return chatBody(head, s.id(at), from.ID, at)
	}
	p := post{xsim.Post{ID: s.id(at), Author: from.ID, At: at, Text: step.Text, Lang: step.Lang}, from}
	if step.Of > 0 {
		was := s.posts[step.Of]
		p.Post = was.Post
		if step.Edits {
			p.Text, p.At = step.Text, at
			if len(p.History) == 0 {
				p.History = []string{was.ID}
			}
			p.ID = s.id(at)
			p.History = append(append([]string{}, p.History...), p.ID)
		}
	}
	switch t := event.Type(step.What); {
	case t == event.PostMention && !mentions(p.Text):
		p.Text = strings.TrimSpace("@" + botName + " " + p.Text)
	case t == event.PostReply && p.ReplyTo == "":
		p.ReplyTo, p.ReplyToUser, p.Root = ownPost, botID, ownPost
	case t == event.PostQuote:
		p.Quotes = ownPost
	case t == event.PostCreate:
		head.Keyword, head.Tag = "keyword", "keyword"
	}
	s.posts[n] = p
	return xsim.PostBody(head, event.Type(step.What), p.Post, known...)
}

func mentions(text string) bool {
	for _, name := range event.Mentions(text) {
		if strings.EqualFold(name, botName) {
			return true
		}
	}
	return false
}

// spokeBody is X showing a DM that a person wrote through the account.
func (s *story) spokeBody(user string) []byte {
	at := s.now.UTC()
	id := s.id(at)
	return xsim.DMBody(xsim.Head{Bot: botID, EventID: xsim.EventID(0, "timeline", "spoke", id)}, event.DMSent,
		xsim.DM{ID: id, From: botID, To: user, At: at, Text: "This is a person of the desk, about your message " + id + "."},
		xsim.User{ID: botID, Username: botName})
}

// chatBody is an encrypted message, of which nobody can read a word.
func chatBody(h xsim.Head, id, from string, at time.Time) []byte {
	body, _ := json.Marshal(map[string]any{"data": map[string]any{ // plain values encode
		"event_uuid": h.EventID,
		"filter":     map[string]any{"user_id": h.Bot},
		"event_type": string(event.ChatReceived),
		"payload": map[string]any{
			"id": id, "created_at_msec": strconv.FormatInt(at.UnixMilli(), 10), "sender_id": from,
			"conversation_id": fmt.Sprintf("%s:%s", from, h.Bot), "encoded_event": "CwABAAAA",
		},
	}})
	return body
}
