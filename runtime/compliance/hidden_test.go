package compliance

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// What a duty is about is shown no more from the moment that it is opened, long
// before it is carried out, and after.
func TestK21Hidden(t *testing.T) {
	t.Parallel()
	theirs := conversation.Interaction{Bot: "acme", Key: post, Message: post, User: ann, Kind: event.KindPost, FirstAt: nine}
	edited := theirs
	edited.Message = "1900000000000000009"
	private := conversation.Interaction{Bot: "acme", Key: dm, Message: dm, User: ann, Kind: event.KindDM, FirstAt: nine}
	later := theirs
	later.Key, later.Message, later.FirstAt = "1900000000000000010", "1900000000000000010", nine.Add(time.Hour)
	our := conversation.Interaction{Message: mine}
	type verdicts struct{ theirs, edited, private, later, our bool }
	told := Told{By: byJob}
	at := nine.Add(time.Minute)
	for name, tt := range map[string]struct {
		d    db.Duty
		want verdicts
	}{
		"nothing":               {Item(key, at, db.DutyPost, bens, told), verdicts{}},
		"the post":              {Item(key, at, db.DutyPost, post, told), verdicts{theirs: true, edited: true}},
		"its newest version":    {Item(key, at, db.DutyPost, edited.Message, told), verdicts{edited: true}},
		"the DM":                {Item(key, at, db.DutyDM, dm, told), verdicts{private: true}},
		"posts, for followers":  {User(key, at, db.DutyPosts, ann, told), verdicts{theirs: true, edited: true}},
		"the user":              {User(key, at, db.DutyUser, ann, told), verdicts{theirs: true, edited: true, private: true}},
		"another user":          {User(key, at, db.DutyUser, ben, told), verdicts{}},
		"our own":               {Item(key, at, db.DutyPost, mine, told), verdicts{our: true}},
		"where it was written":  {Item(key, at, db.DutyGeo, post, told), verdicts{}},
		"older versions of it":  {Edited(key, at, event.Event{Bot: "acme", Interaction: post, User: ann, Version: 1, At: nine}), verdicts{}},
		"the account, in a day": {Account(key, at, "acme", told), verdicts{}},
	} {
		for _, done := range []bool{false, true} {
			w := newWorld(t)
			w.write(func(tx db.Tx) error {
				_, err := tx.OpenDuty(tt.d)
				if err == nil && done {
					d := tt.d
					d.Step, d.DoneAt, d.Target, d.Owner = db.DutyDone, at.Add(time.Hour), "", ""
					err = tx.UpdateDuty(d)
				}
				return err
			})
			var got verdicts
			w.write(func(tx db.Tx) error {
				for i, b := range map[*bool]conversation.Interaction{
					&got.theirs: theirs, &got.edited: edited, &got.private: private, &got.later: later, &got.our: our,
				} {
					var err error
					if *i, err = Hidden(tx, key, b); err != nil {
						return err
					}
				}
				return nil
			})
			if got != tt.want {
				t.Errorf("%s, done %t: got %+v, want %+v", name, done, got, tt.want)
			}
		}
	}
}
