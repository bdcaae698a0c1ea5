package dbtest

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

func testQuestions(t *testing.T, s db.Store, _ Features) {
	put := func(q db.Question) {
		t.Helper()
		write(t, s, func(tx db.Tx) error { return tx.PutQuestion(q) })
	}
	one := func(id string) db.Question {
		t.Helper()
		return get(t, s, func(tx db.Tx) (db.Question, error) { return tx.Question(id) })
	}
	for _, q := range variants[db.Question]() {
		put(q)
		same(t, "round trip", one(q.ID), q)
	}
	open := func(id, user string, next int) db.Question {
		return db.Question{ID: id, Bot: "bot", User: user, Handler: "h", State: db.QuestionOpen, AskedAt: at(0).UTC(), NextAt: at(next).UTC()}
	}
	put(open("c", "u", 5))
	put(open("b", "u", 5))
	put(open("a", "v", 9))
	due := func(second int) (ids []string) {
		t.Helper()
		for _, q := range get(t, s, func(tx db.Tx) ([]db.Question, error) { return tx.DueQuestions(at(second), 10) }) {
			ids = append(ids, q.ID)
		}
		return ids
	}
	// The first variant is open too, and due before all: its times are those of fill.
	write(t, s, func(tx db.Tx) error {
		q := full[db.Question]()
		q.State = db.QuestionAnswered
		return tx.PutQuestion(q)
	})
	same(t, "due by time, then id", due(9), []string{"b", "c", "a"})
	same(t, "due earlier", due(5), []string{"b", "c"})
	next := func() time.Time {
		t.Helper()
		return get(t, s, func(tx db.Tx) (time.Time, error) { return tx.NextQuestion() })
	}
	same(t, "next", next(), at(5).UTC())
	about := get(t, s, func(tx db.Tx) ([]db.Question, error) { return tx.OpenQuestionsTo("u") })
	same(t, "about the user, by id", about, []db.Question{open("b", "u", 5), open("c", "u", 5)})

	write(t, s, func(tx db.Tx) error { return tx.PutQuestionText("b", []byte("one")) })
	write(t, s, func(tx db.Tx) error { return tx.PutQuestionText("b", []byte("two")) })
	same(t, "text", get(t, s, func(tx db.Tx) ([]byte, error) { return tx.QuestionText("b") }), []byte("two"))
	if err := s.Write(t.Context(), func(tx db.Tx) error { return tx.PutQuestionText("none", []byte("x")) }); err == nil {
		t.Error("a text of no question was stored")
	}
	ended := open("b", "u", 5)
	ended.State = db.QuestionFailed
	put(ended)
	same(t, "an ended one is not due", due(9), []string{"c", "a"})
	pruned := func(before, max int) (n int) {
		t.Helper()
		write(t, s, func(tx db.Tx) (err error) {
			n, err = tx.PruneQuestions(at(before), max)
			return err
		})
		return n
	}
	write(t, s, func(tx db.Tx) error { _, err := tx.PruneQuestions(at(-1), 10); return err }) // the variants, asked long before
	same(t, "an open one is never pruned", pruned(1, 10), 1)
	read(t, s, func(tx db.Tx) error {
		_, err := tx.Question("b")
		wantErr(t, "a pruned question", err, db.ErrNotFound)
		_, err = tx.QuestionText("b")
		wantErr(t, "the text of a pruned question", err, db.ErrNotFound)
		return nil
	})
	write(t, s, func(tx db.Tx) error { return tx.PutQuestionText("c", []byte("three")) })
	write(t, s, func(tx db.Tx) error { return tx.DropQuestionText("c") })
	read(t, s, func(tx db.Tx) error {
		_, err := tx.QuestionText("c")
		wantErr(t, "a dropped text", err, db.ErrNotFound)
		return nil
	})
}

func testHandouts(t *testing.T, s db.Store, _ Features) {
	add := func(h db.Handout) {
		t.Helper()
		write(t, s, func(tx db.Tx) error { return tx.AddHandout(h) })
	}
	first := db.Handout{Question: "q-1", Attempt: 1, At: at(1).UTC(), Bot: "bot", To: "api.example", What: "dm", Bytes: 42}
	add(first)
	add(first) // once
	second := first
	second.Attempt, second.At, second.What = 2, at(2).UTC(), "post"
	add(second)
	other := first
	other.Question, other.To, other.At = "q-2", "elsewhere.example", at(3).UTC()
	add(other)
	count := func(to string, since int) int64 {
		t.Helper()
		return get(t, s, func(tx db.Tx) (int64, error) { return tx.CountHandouts(to, at(since)) })
	}
	same(t, "to one recipient", count("api.example", 0), int64(2))
	same(t, "since", count("api.example", 2), int64(1))
	same(t, "to nobody", count("nobody", 0), int64(0))
	same(t, "newest first", get(t, s, func(tx db.Tx) ([]db.Handout, error) { return tx.ListHandouts(2) }), []db.Handout{other, second})
}
