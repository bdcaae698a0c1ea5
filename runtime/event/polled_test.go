package event

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDecodePolledDM: a message as X's list gives it means what the webhook's
// does, to the millisecond.
func TestDecodePolledDM(t *testing.T) {
	t.Parallel()
	dm := func(sender, conversation string) string {
		return `{"data":{"event_uuid":"poll.` + dmOne + `","event_type":"dm.received","filter":{"user_id":"` + bot + `"},"payload":{"direct_message_events":[{"id":"` + dmOne +
			`","event_type":"MessageCreate","text":"where is my order?","sender_id":"` + sender + `","created_at":"2026-03-02T09:10:00.000Z","dm_conversation_id":"` + conversation +
			`","participant_ids":["` + bot + `","` + user + `"]}]},"includes":{"users":[{"id":"` + user + `","username":"mallory_q"}]}}}`
	}
	want := Event{
		ID: "poll." + dmOne, Type: DMReceived, Kind: KindDM, Known: true, BotUser: bot, User: user, Name: "mallory_q", At: snowflakeTime(dmOne),
		Interaction: dmOne, Message: dmOne, Text: "where is my order?", Readable: true, Automated: No,
	}
	own := want
	own.Kind, own.Interaction = KindOwnDM, ""
	group := want
	group.Group = true
	for in, want := range map[string]Event{
		dm(user, user+"-"+bot):          want,
		dm(bot, user+"-"+bot):           own,
		dm(user, "2028397399503798281"): group,
	} {
		got, err := Decode([]byte(in))
		if err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		if diff := cmp.Diff(want, got[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
		agree(t, []byte(in))
	}
}

func TestSnowflakeAt(t *testing.T) {
	t.Parallel()
	for _, id := range []string{first, dmOne} {
		at, ok := Snowflake(id)
		back, again := Snowflake(SnowflakeAt(at))
		if !ok || !again || !back.Equal(at) || len(SnowflakeAt(at)) != len(id) || SnowflakeAt(at) > id {
			t.Errorf("%s: %v, and back %s", id, at, SnowflakeAt(at))
		}
	}
}
