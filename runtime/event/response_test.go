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
		`null`:                        `form: write "beckon.answer/v1"`,
		`[]`:                          "the answer: want a struct, got array",
		`{"form":"beckon.answer/v2"}`: `form: write "beckon.answer/v1"`,
		`{"form":"beckon.answer/v1"}`: "name the id",
		`{"form":"beckon.answer/v1","question":"q","to":"8"}`:              `unknown field "to"`,
		`{"form":"beckon.answer/v1","question":"q","kind":"post"}`:         `unknown field "kind"`,
		`{"form":"beckon.answer/v1","question":"q","purpose":"scheduled"}`: `unknown field "purpose"`,
		`{"form":"beckon.answer/v1","question":"q","failed":"x"}`:          `unknown field "failed"`,
		`{"form":"beckon.answer/v1","question":"q"} {"form":"x"}`:          "goes on after its end",
		`{"form":"beckon.answer/v1","question":7}`:                         "question: want a string, got number",
		`{"text":"` + strings.Repeat("a", MaxSaid) + `"}`:                  "at most",
	} {
		if _, err := ReadSaid([]byte(body)); !errors.Is(err, ErrAnswer) || !strings.Contains(err.Error(), why) {
			t.Errorf("%.60s: got %v, want %q", body, err, why)
		}
	}
}

// What a handler wrote may be a user's words: the errors, which go to the log,
// quote none of it.
func TestReadSaidQuotesNothing(t *testing.T) {
	t.Parallel()
	const words = "my card is 4711 0815"
	for _, body := range []string{
		`{"form":"` + words + `","question":"q"}`, `{"form":"beckon.answer/v1","question":"q","text":47110815}`, `{"form":"beckon.answer/v1","handoff":"` + words + `"}`,
		`{"form":"beckon.answer/v1","question":"` + strings.Repeat(words, 10) + `"}`, words, `{"text":"` + words, `{"text":"` + words + `\q"}`,
		`{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ` + words + `":1}`, `{"form":"beckon.answer/v1","question":"q","text":"` + words + "\xff\"}",
		"\ufeff" + `{"form":"beckon.answer/v1","question":"q"}`, `{"form":"beckon.answer/v1","question":"q","text":["` + words + `"]}`,
		strings.Repeat("[", 20_000), strings.Repeat(`{"text":`, 12_000),
	} {
		_, err := ReadSaid([]byte(body))
		if !errors.Is(err, ErrAnswer) {
			t.Errorf("%.60q: got %v", body, err)
			continue
		}
		if s := err.Error(); strings.Contains(s, "4711") || len(s) > 200 {
			t.Errorf("%.60q: the error quotes it: %s", body, s)
		}
	}
}

// No answer crashes the host, and what is taken travels as it is.
func FuzzReadSaid(f *testing.F) {
	f.Add([]byte(`{"form":"beckon.answer/v1","question":"q-1","user":"7","text":"Tomorrow.","ai_generated":true}`))
	f.Add([]byte(`{"form":"beckon.answer/v1","question":"q-1","text":"\ud800 \u0000","text":7}`))
	f.Add([]byte(`{"FORM":"beckon.answer/v1","question":"q-1","handoff":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		said, err := ReadSaid(body)
		if err != nil {
			if len(err.Error()) > 400 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		r := Response{ID: "n-1", Bot: "acme", Handler: "orders", At: time.Unix(1, 0).UTC(), Said: said}
		out, err := r.Body()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ReadResponse(out); err != nil || got != r {
			t.Errorf("got %+v, %v; want %+v", got, err, r)
		}
	})
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
