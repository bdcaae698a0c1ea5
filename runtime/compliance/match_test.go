package compliance

import (
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// TestHolds says which bodies have what a duty is about. X gives an id once:
// nothing is a post and a DM.
func TestHolds(t *testing.T) {
	t.Parallel()
	told := Told{By: "test"}
	thePost, theDM, theGeo := Item(key, nine, db.DutyPost, "42", told), Item(key, nine, db.DutyDM, "42", told), Item(key, nine, db.DutyGeo, "42", told)
	thePosts := User(key, nine, db.DutyPosts, "7", told)
	theEdit := Edited(key, nine, event.Event{Type: "t", Bot: "acme", User: "7", Interaction: "42", Version: 1})
	const (
		own     = `{"data":{"event_uuid":"1","event_type":"post.mention.create","filter":{"user_id":"9"},"payload":{"id":"42","author_id":"7","text":"hi","edit_history_tweet_ids":["42"]}}}`
		edited  = `{"data":{"event_uuid":"2","event_type":"post.mention.create","filter":{"user_id":"9"},"payload":{"id":"43","author_id":"7","text":"ho","edit_history_tweet_ids":["42","43"]}}}`
		answer  = `{"data":{"event_uuid":"3","event_type":"post.reply.create","filter":{"user_id":"9"},"payload":{"id":"50","author_id":"8","text":"42","in_reply_to_tweet_id":"42","referenced_tweets":[{"type":"replied_to","id":"42"}]}}}`
		quote   = `{"data":{"event_uuid":"4","event_type":"post.quote.create","filter":{"user_id":"9"},"payload":{"id":"51","author_id":"8","text":"see","referenced_tweets":[{"type":"quoted","id":"42"}]},"includes":{"tweets":[{"id":"42","author_id":"7","text":"hi"}]}}}`
		direct  = `{"data":{"event_uuid":"5","event_type":"dm.received","filter":{"user_id":"9"},"payload":{"direct_message_events":[{"type":"message_create","id":"42","message_create":{"target":{"recipient_id":"9"},"sender_id":"7","message_data":{"text":"hi"}}}]}}}`
		older   = `{"for_user_id":"9","tweet_create_events":[{"id_str":"60","text":"see","user":{"id_str":"8"},"is_quote_status":true,"quoted_status":{"id_str":"42","text":"hi","user":{"id_str":"7"}}}]}`
		broken  = `{"data":{"event_type":"post.mention.create","payload":{"id":"42"`
		strange = `{"what":{"id":"42","text":"hi"}}`
		nothing = `{"what":{"id":"42"}}`
	)
	asked, err := event.Asked{Handler: "orders", Event: event.Event{ID: "e", Bot: "acme", Kind: event.KindPost, User: "7", Message: "42", Interaction: "42", Text: "hi"}}.Body()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		body string
		of   string // the duties that take it
	}{
		"the post":                          {own, "post dm geo posts edit"},
		"its edit":                          {edited, "post dm geo posts"},
		"a reply to it":                     {answer, ""},
		"a quote, with a copy":              {quote, "post geo posts"},
		"a DM of that id":                   {direct, "post dm geo edit"},
		"the older envelope, with a copy":   {older, "post geo posts"},
		"what is no JSON, and names it":     {broken, "post dm geo edit"},
		"what has no envelope":              {strange, "post dm geo edit"},
		"what names it and says nothing":    {nothing, ""},
		"a question to a handler about it":  {string(asked), "post dm geo posts edit"},
		"what names neither, is not parsed": {`{"id":"4`, ""},
	} {
		got := map[string]bool{"post": holds(thePost, []byte(tt.body)), "dm": holds(theDM, []byte(tt.body)), "geo": holds(theGeo, []byte(tt.body)), "posts": holds(thePosts, []byte(tt.body)), "edit": holds(theEdit, []byte(tt.body))}
		want := map[string]bool{}
		for _, w := range strings.Fields(tt.of) {
			want[w] = true
		}
		for kind, is := range got {
			if is != want[kind] {
				t.Errorf("%s: the duty %s takes it: %t, want %t", name, kind, is, want[kind])
			}
		}
	}
}
