package replay

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// A person's word is one by its line's source and type, and must be whole.
func TestScanJudgements(t *testing.T) {
	t.Parallel()
	j := event.Judgement{ID: "j-1", Bot: "desk", User: "7", Action: "a-1", At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), By: "olga", Word: event.Approve}
	scan := func(j event.Judgement, source string) (got Line, err error) {
		body, err := j.Body()
		if err != nil {
			t.Fatal(err)
		}
		raw := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":%q,"type":%q,"time":"2026-03-02T09:00:01Z","data":%s}`, j.ID, source, event.JudgementType, body)
		err = Scan("day.jsonl", strings.NewReader(raw+"\n"), func(l Line) error { got = l; return nil }, nil)
		return got, err
	}
	l, err := scan(j, event.JudgementSource)
	if err != nil || !l.Judged || !l.bodyTime().Equal(j.At) {
		t.Errorf("got %+v, %v", l, err)
	}
	if l, err := scan(j, "/x/webhook"); err != nil || l.Judged {
		t.Errorf("from X: %+v, %v", l, err)
	}
	j.Word = "perhaps"
	if _, err := scan(j, event.JudgementSource); !errors.Is(err, event.ErrJudgement) {
		t.Errorf("another word: %v", err)
	}
}
