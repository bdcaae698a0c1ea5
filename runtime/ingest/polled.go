package ingest

import (
	"cmp"
	"encoding/json"
	"slices"
)

// item is one polled resource and what X sent of the things around it.
type item struct {
	id    string
	raw   json.RawMessage
	users []json.RawMessage
	posts []json.RawMessage
}

// included are the expansions of a page, by id.
type included struct{ users, posts map[string]json.RawMessage }

func readIncludes(raw json.RawMessage) included {
	var in struct {
		Users  []json.RawMessage `json:"users"`
		Tweets []json.RawMessage `json:"tweets"`
		Posts  []json.RawMessage `json:"posts"`
	}
	_ = json.Unmarshal(raw, &in) // what is not there is unknown, as in an event
	byID := func(list []json.RawMessage) map[string]json.RawMessage {
		m := map[string]json.RawMessage{}
		for _, r := range list {
			var o struct {
				ID string `json:"id"`
			}
			if json.Unmarshal(r, &o) == nil && o.ID != "" {
				m[o.ID] = r
			}
		}
		return m
	}
	return included{users: byID(in.Users), posts: byID(append(in.Tweets, in.Posts...))}
}

// readItem keeps of a page's expansions those of the one resource: the others
// are other people's.
func readItem(raw json.RawMessage, in included) item {
	type ref struct {
		ID string `json:"id"`
	}
	var o struct {
		ID     string `json:"id"`
		Author string `json:"author_id"`
		Sender string `json:"sender_id"`
		Tweets []ref  `json:"referenced_tweets"`
		Posts  []ref  `json:"referenced_posts"`
	}
	_ = json.Unmarshal(raw, &o) // what cannot be read is dispatch's to say
	i := item{id: o.ID, raw: raw}
	if u, ok := in.users[cmp.Or(o.Author, o.Sender)]; ok {
		i.users = append(i.users, u)
	}
	for _, r := range slices.Concat(o.Tweets, o.Posts) {
		if p, ok := in.posts[r.ID]; ok {
			i.posts = append(i.posts, p)
		}
	}
	return i
}

// The envelope of a polled resource is ours, in the form of the X Activity API,
// around X's bytes; event_uuid says so. The type of a post claims nothing: what
// the post is to the bot is read from it.
type envelope struct {
	Data enveloped `json:"data"`
}

type enveloped struct {
	ID       string          `json:"event_uuid,omitempty"`
	Type     string          `json:"event_type"`
	Filter   filter          `json:"filter"`
	Payload  json.RawMessage `json:"payload"`
	Includes includes        `json:"includes"`
}

type filter struct {
	User string `json:"user_id"`
}

type includes struct {
	Users []json.RawMessage `json:"users,omitempty"`
	Posts []json.RawMessage `json:"tweets,omitempty"`
}

func wrapPost(b PollBot, i item) []byte { return wrap(b, i, "post.create", i.raw) }

func wrapDM(b PollBot, i item) []byte {
	payload := append([]byte(`{"direct_message_events":[`), i.raw...)
	return wrap(b, i, "dm.received", append(payload, "]}"...))
}

func wrap(b PollBot, i item, kind string, payload []byte) []byte {
	e := enveloped{Type: kind, Filter: filter{b.UserID}, Payload: payload, Includes: includes{Users: i.users, Posts: i.posts}}
	if i.id != "" {
		e.ID = "poll." + i.id
	}
	body, err := json.Marshal(envelope{e})
	if err != nil { // cannot be: X's bytes were decoded as JSON
		return payload
	}
	return body
}

// olderID orders X's ids, which are numbers: below 0 where a is the older one.
func olderID(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
