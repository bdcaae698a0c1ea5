package event

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSalvage(t *testing.T) {
	t.Parallel()
	type found struct {
		Bot, User string
		Texts     []string
	}
	dm := string(sample(t, "dm"))
	tests := []struct {
		name, in string
		want     found
	}{
		{"whole dm", dm, found{bot, user, []string{"where is my order?"}}},
		{"whole post", string(sample(t, "mention")), found{bot, user, []string{"hi @acmehelp: is A & B <open>?"}}},
		{"note before its cut text", string(sample(t, "long")), found{bot, user, []string{
			"A long story … https://t.co/abc", "A long story that ends so: @acmehelp please stop & unsubscribe"}}},
		{"cut off in the text", `{"data":{"filter":{"user_id":"1"},"payload":{"author_id":"2","text":"stop no`, found{"1", "2", []string{"stop no"}}},
		{"cut off in an escape", `{"filter":{"user_id":"1"},"author_id":"2","text":"stop\`, found{"1", "2", []string{`stop\`}}},
		{"broken in the middle", `{"data":{"filter":{"user_id":"1"},,"payload":{"sender_id":2,"text":"STOP"}}`, found{"1", "2", []string{"STOP"}}},
		{"no filter: the recipient", `{"recipient_id":"1","sender_id":"2","text":"stop"}`, found{"1", "2", []string{"stop"}}},
		{"only the bot speaks", `{"filter":{"user_id":"1"},"sender_id":"1","recipient_id":"2","text":"Reply STOP to opt out"}`, found{"1", "", nil}},
		{"others' words do not count", `{"filter":{"user_id":"1"},"includes":{"tweets":[{"text":"stop","author_id":"9"}]},"author_id":"2","text":"hi"}`, found{"1", "2", []string{"hi"}}},
		{"revoke", string(sample(t, "revoke")), found{bot, "", nil}},
		{"older envelope", `{"for_user_id":"1","tweet_create_events":[{"id_str":"5","text":"please …","extended_tweet":{"full_text":"please STOP"},"user":{"id":3,"id_str":"2"},"quoted_status":{"user":{"id_str":"9"},"text":"start"`,
			found{"1", "2", []string{"please …", "please STOP"}}},
		{"older DM", `{"for_user_id":"1","direct_message_events":[{"message_create":{"sender_id":"2","message_data":{"text":"stop"`, found{"1", "2", []string{"stop"}}},
		{"nothing", ``, found{}},
		{"no JSON", `stop "text" stop`, found{}},
		{"closing brackets only", `]]}}"text":"stop"`, found{"", "", []string{"stop"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got found
			got.Bot, got.User, got.Texts = Salvage([]byte(tt.in))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Salvage (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSalvageCut: as soon as the whole text has arrived, it is found.
func TestSalvageCut(t *testing.T) {
	t.Parallel()
	in := compact(t, []byte(`{"data":{"a_filter":0,"filter":{"user_id":"1"},"payload":{"author_id":"2","text":"stop","z":[{"y":1}]}}}`))
	for cut := len(in) - 16; cut < len(in); cut++ {
		b, u, texts := Salvage(in[:cut])
		if b != "1" || u != "2" || len(texts) != 1 || texts[0] != "stop" {
			t.Errorf("Salvage(%s): %q %q %q", in[:cut], b, u, texts)
		}
	}
}
