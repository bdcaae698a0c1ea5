package event

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadSaid(t *testing.T) {
	t.Parallel()
	got, err := ReadSaid([]byte(`{"form":"beckon.answer/v1","question":"q-1","user":"7","text":"Tomorrow.","ai_generated":true}`))
	want := Said{Form: AnswerForm, Question: "q-1", User: "7", Text: "Tomorrow.", AIGenerated: true}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("got %v (-want +got):\n%s", err, d)
	}
	for body, why := range map[string]string{
		``:                            "EOF",
		`null`:                        `its form is ""`,
		`[]`:                          "cannot unmarshal",
		`{"form":"beckon.answer/v2"}`: `its form is "beckon.answer/v2"`,
		`{"form":"beckon.answer/v1"}`: "name the id",
		`{"form":"beckon.answer/v1","question":"q","to":"8"}`:              `unknown field "to"`,
		`{"form":"beckon.answer/v1","question":"q","kind":"post"}`:         `unknown field "kind"`,
		`{"form":"beckon.answer/v1","question":"q","purpose":"scheduled"}`: `unknown field "purpose"`,
		`{"form":"beckon.answer/v1","question":"q","failed":"x"}`:          `unknown field "failed"`,
		`{"form":"beckon.answer/v1","question":"q"} {"form":"x"}`:          "goes on after its end",
		`{"form":"beckon.answer/v1","question":7}`:                         "cannot unmarshal",
		`{"text":"` + strings.Repeat("a", MaxSaid) + `"}`:                  "at most",
	} {
		if _, err := ReadSaid([]byte(body)); !errors.Is(err, ErrAnswer) || !strings.Contains(err.Error(), why) {
			t.Errorf("%.60s: got %v, want %q", body, err, why)
		}
	}
}

func TestResponseTravels(t *testing.T) {
	t.Parallel()
	r := Response{
		ID: "n-1", Bot: "acme", Handler: "orders", User: "7", At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		Said: Said{Form: AnswerForm, Question: "q-1", Text: "Tomorrow.", Handoff: true}, Failed: "late",
	}
	body, err := r.Body()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadResponse(body)
	if d := cmp.Diff(r, got); err != nil || d != "" {
		t.Errorf("got %v (-want +got):\n%s", err, d)
	}
	for _, bad := range []string{`{}`, `{"data":{}}`, string(body) + "1", strings.Replace(string(body), "n-1", "", 1), strings.Replace(string(body), "event/v1", "event/v9", 1)} {
		if _, err := ReadResponse([]byte(bad)); !errors.Is(err, ErrAnswer) {
			t.Errorf("%s: got %v", bad, err)
		}
	}
	// What a handler writes is no response, and the other way round.
	if _, err := ReadSaid(body); err == nil {
		t.Error("a handler may write a response")
	}
	if d := r.Draft(DM); d.Kind != DM || d.Purpose != Answer || d.Handler != "orders" {
		t.Errorf("draft %+v", d)
	}
}

func TestResponseIDs(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	one := AnswerID("q-1", at, "orders", []byte("a"))
	for _, other := range []string{
		AnswerID("q-2", at, "orders", []byte("a")), AnswerID("q-1", at.Add(time.Second), "orders", []byte("a")),
		AnswerID("q-1", at, "other", []byte("a")), AnswerID("q-1", at, "orders", []byte("b")), AnswerID("q-1", at, "order", []byte("sa")),
	} {
		if one == other {
			t.Errorf("two answers are both %s", one)
		}
	}
	if QuestionID("a", "bc", 0, "h") == QuestionID("ab", "c", 0, "h") || QuestionID("a", "b", 0, "h") != QuestionID("a", "b", 0, "h") {
		t.Error("a question's id is not made from its cause")
	}
}
