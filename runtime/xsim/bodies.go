package xsim

import (
	"slices"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// User is somebody on X.
type User struct {
	ID        string `json:"id"` // decimal
	Username  string `json:"username"`
	Name      string `json:"name,omitempty"` // default: Username
	Bio       string `json:"description,omitempty"`
	Automated bool   `json:"automated,omitempty"` // carries X's 'Automated' label

	Protected bool `json:"protected,omitempty"` // posts are for followers: bots see none
	Suspended bool `json:"suspended,omitempty"`
	Gone      bool `json:"gone,omitempty"`     // deactivated
	OpenDMs   bool `json:"open_dms,omitempty"` // takes DMs of everybody
}

// Post is a post as its author typed it; the bodies show it as X sends it.
type Post struct {
	ID      string    `json:"id"`
	Author  string    `json:"author"` // user id
	At      time.Time `json:"at"`
	Text    string    `json:"text"`              // without the automatic mention of a reply
	History []string  `json:"history,omitempty"` // edit chain, oldest first, ID last; nil: never edited
	Root    string    `json:"root,omitempty"`    // first post of the conversation; "": this one

	ReplyTo     string `json:"reply_to,omitempty"`      // post id
	ReplyToUser string `json:"reply_to_user,omitempty"` // user id of that post's author
	Quotes      string `json:"quotes,omitempty"`        // post id
	Reposts     string `json:"reposts,omitempty"`       // post id
	Lang        string `json:"lang,omitempty"`          // default "en"

	MadeWithAI      bool `json:"made_with_ai,omitempty"`
	PaidPartnership bool `json:"paid_partnership,omitempty"`

	Media []string `json:"media,omitempty"` // ids of what is attached

	ByAPI   bool `json:"by_api,omitempty"` // made by POST /2/tweets
	Deleted bool `json:"deleted,omitempty"`
}

// DM is a message of a one-to-one conversation.
type DM struct {
	ID    string    `json:"id"`
	From  string    `json:"from"` // user id
	To    string    `json:"to"`   // user id
	At    time.Time `json:"at"`
	Text  string    `json:"text"`
	ByAPI bool      `json:"by_api,omitempty"`

	Media     []string `json:"media,omitempty"`      // ids of what is attached
	DeletedBy []string `json:"deleted_by,omitempty"` // users who see it no more
}

func (m DM) goneFor(user string) bool { return slices.Contains(m.DeletedBy, user) }

// Head is what is common to all events.
type Head struct {
	EventID string // event_uuid; see EventID
	Bot     string // user id of the subscribed account
	Tag     string
	Keyword string // of a keyword subscription
	Seed    uint64 // changes t.co codes
}

// PostBody is a post.create, post.mention.create, post.reply.create,
// post.quote.create or post.repost.create. users must hold whoever the post
// mentions, answers or quotes, for handles and ids to be there. As on X,
// mentions and own posts come with their users, the others with none.
func PostBody(h Head, t event.Type, p Post, users ...User) []byte {
	post := wirePost(h.Seed, p, users)
	includes := object{}
	if t == event.PostMention || t == event.PostCreate {
		var list []object
		for _, u := range users {
			list = append(list, wireUser(u))
		}
		includes = object{{"users", list}, {"tweets", []object{post}}}
	}
	return body(h, t, post, includes)
}

// DMBody is a dm.received or dm.sent.
func DMBody(h Head, t event.Type, m DM, users ...User) []byte {
	r := render(h.Seed, m.ID, m.Text, 0)
	var urls = []object{}
	for _, e := range r.entities {
		if e.url != "" {
			urls = append(urls, wireLink(e))
		}
	}
	people := object{}
	for _, u := range users {
		people = append(people, field{u.ID, object{{"data", wireUser(u)}}})
	}
	return body(h, t, object{
		{"direct_message_events", []object{{
			{"type", "message_create"},
			{"id", m.ID},
			{"created_timestamp", strconv.FormatInt(m.At.UnixMilli(), 10)},
			{"message_create", object{
				{"target", object{{"recipient_id", m.To}}},
				{"sender_id", m.From},
				{"message_data", object{
					{"text", escaper.Replace(r.text)},
					{"entities", object{{"hashtags", []object{}}, {"symbols", []object{}}, {"user_mentions", []object{}}, {"urls", urls}}},
				}},
			}},
		}}},
		{"users", people},
	}, nil)
}

// FollowBody is a follow.follow or follow.unfollow.
func FollowBody(h Head, t event.Type, source, target User) []byte {
	return body(h, t, object{
		{"source", object{{"data", wireUser(source)}}},
		{"target", object{{"data", wireUser(target)}}},
	}, nil)
}

// LikeBody is a like.create of a post of the bot by user.
func LikeBody(h Head, at time.Time, p Post, user User) []byte {
	return body(h, event.LikeCreate, object{
		{"id", h.EventID},
		{"created_at", stamp(at)},
		{"timestamp_ms", strconv.FormatInt(at.UnixMilli(), 10)},
		{"liked_tweet_author_id", p.Author},
		{"liked_tweet_id", p.ID},
	}, object{{"users", []object{wireUser(user)}}, {"tweets", []object{wirePost(h.Seed, p, nil)}}})
}

// DeleteBody is a post.delete: the account deleted a post of its own.
func DeleteBody(h Head, postID string, author User) []byte {
	return body(h, event.PostDelete, object{{"id", postID}, {"author_id", author.ID}},
		object{{"users", []object{{{"data", wireUser(author)}}}}})
}

// ProfileBody is a profile.update of the account.
func ProfileBody(h Head, t event.Type, before, after string) []byte {
	return body(h, t, object{{"before", before}, {"after", after}}, nil)
}

// RevokeBody is an oauth.revoke. X names the account in its payload only.
func RevokeBody(h Head, at time.Time, appID string) []byte {
	bot := h.Bot
	h.Bot, h.Tag = "", ""
	return body(h, event.OAuthRevoke, object{
		{"date_time", at.UTC().Format("2006-01-02T15:04:05+00:00")}, {"user_id", bot}, {"app_id", appID},
	}, nil)
}

// body wraps a payload in X's envelope. X sends includes with posts only.
func body(h Head, t event.Type, payload, includes object) []byte {
	filter := object{}
	if h.Bot != "" {
		filter = append(filter, field{"user_id", h.Bot})
	}
	if h.Keyword != "" {
		filter = append(filter, field{"keyword", h.Keyword})
	}
	if t == event.LikeCreate {
		filter = append(filter, field{"direction", "inbound"})
	}
	data := object{{"event_uuid", h.EventID}, {"filter", filter}, {"event_type", string(t)}}
	if h.Tag != "" {
		data = append(data, field{"tag", h.Tag})
	}
	data = append(data, field{"payload", payload})
	if includes != nil {
		data = append(data, field{"includes", includes})
	}
	b, err := marshal(object{{"data", data}})
	if err != nil { // objects hold strings, numbers and objects only
		return nil
	}
	return b
}
