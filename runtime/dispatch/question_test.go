package dispatch

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// asking is a host whose bots ask a handler outside, orders, and nobody else.
func asking(t *testing.T, change func(*handlers.Outside)) *host {
	t.Helper()
	h := newHost(t, true)
	o := handlers.Outside{ID: "orders", Deadline: 20 * time.Second}
	if change != nil {
		change(&o)
	}
	for name := range h.d.Handlers {
		h.d.Handlers[name] = handlers.Chain{handlers.Help{}, o}
	}
	return h
}

// question is the newest one that is open.
func (h *host) question() db.Question {
	h.t.Helper()
	var open []db.Question
	h.read(func(tx db.Tx) (err error) {
		open, err = tx.DueQuestions(h.now.Add(time.Hour), 100)
		return err
	})
	if len(open) == 0 {
		h.t.Fatal("nothing is asked")
	}
	return open[len(open)-1]
}

func (h *host) asked() (n int) {
	h.t.Helper()
	h.read(func(tx db.Tx) error {
		open, err := tx.DueQuestions(h.now.Add(time.Hour), 100)
		n = len(open)
		return err
	})
	return n
}

// says is an answer of the handler orders, as the host lets it in.
func (h *host) says(q db.Question, text string, change func(*event.Response)) bus.Delivery {
	h.t.Helper()
	r := event.Response{
		Bot: q.Bot, Handler: "orders", User: q.User, At: h.now,
		Said: event.Said{Form: event.AnswerForm, Question: q.ID, Text: text},
	}
	if change != nil {
		change(&r)
	}
	r.ID = event.AnswerID(q.ID, q.AskedAt, r.Handler, []byte(r.Said.Text+r.Failed+r.Said.Bot+r.Said.User))
	m, err := ResponseMessage(r)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.message(m)
}

func TestE6AnswerIsDecided(t *testing.T) {
	t.Parallel()
	h := asking(t, nil)
	h.want(h.batch(h.dm(alice, "2001", "Where is my parcel?")), gate.None, "Handler orders is asked, question q-")
	h.wantRows()
	q := h.question()
	if q.User != alice.ID || q.Interaction != "2001" || !q.Deadline.Equal(h.now.Add(20*time.Second)) {
		t.Errorf("question %+v", q)
	}
	h.now = h.now.Add(5 * time.Second)
	answer := h.says(q, "It comes tomorrow.", nil)
	h.want(h.batch(answer), gate.Allow, "")
	h.wantRows("acme 2001 dm answer v0 pending")
	if again := h.batch(h.message(answer.Message)); !again[0].Duplicate {
		t.Error("the same answer counts twice")
	}
	h.want(h.batch(h.says(q, "No, the day after.", nil)), gate.None, "has answered question")
	h.wantRows("acme 2001 dm answer v0 pending")
	h.read(func(tx db.Tx) error {
		if _, err := tx.QuestionText(q.ID); err == nil {
			t.Error("the text of an answered question is kept")
		}
		return nil
	})
	if in, out := h.met.AnswersIn.Load(), h.met.AnswersOut.Load(); in != 1 || out != 1 {
		t.Errorf("%d answers taken, %d refused", in, out)
	}
}

// E6: whatever is wrong with an answer, it is refused with its reason.
func TestE6Refused(t *testing.T) {
	t.Parallel()
	h := asking(t, nil)
	h.batch(h.dm(alice, "2001", "Where is my parcel?"))
	q := h.question()
	for why, change := range map[string]func(*event.Response){
		"never asked":                   func(r *event.Response) { r.Said.Question = "q-0000" },
		"that handler orders was asked": func(r *event.Response) { r.Handler = "other" },
		"another bot than the one that": func(r *event.Response) { r.Said.Bot = "globex" },
		"answers for another bot":       func(r *event.Response) { r.Bot = "globex" },
		"another user than":             func(r *event.Response) { r.Said.User = bob.ID },
		"after its deadline":            func(r *event.Response) { r.At = q.Deadline.Add(time.Millisecond) },
	} {
		h.want(h.batch(h.says(q, why, change)), gate.None, why)
	}
	h.wantRows()
	// None of these has spoilt the question.
	h.want(h.batch(h.says(q, "Tomorrow.", func(r *event.Response) { r.Said.Bot, r.Said.User = "acme", alice.ID })), gate.Allow, "")

	h.d.Handlers["acme"] = handlers.Chain{handlers.Help{}}
	h.d.Handlers["globex"] = handlers.Chain{handlers.Help{}, handlers.Outside{ID: "orders", Deadline: time.Minute}}
	h.batch(h.postTo(globex, event.PostMention, xsim.Post{ID: "1009", Author: bob.ID, Text: "@globex_help hello"}))
	other := h.question()
	h.d.Handlers["globex"] = handlers.Chain{}
	h.want(h.batch(h.says(other, "Hello.", nil)), gate.None, "asks no handler orders any more")
}

// U2: a question ends also where the bot asks its handler no more, and where it
// can never be read again: it must not stay open, nor hold up the others.
func TestU2QuestionEnds(t *testing.T) {
	t.Parallel()
	failed := func(r *event.Response) { r.Failed = "no answer within 20s, asked once" }
	for name, spoil := range map[string]func(h *host, q db.Question){
		"handler no longer configured": func(h *host, _ db.Question) { h.d.Handlers["acme"] = handlers.Chain{handlers.Help{}} },
		"text removed":                 func(h *host, q db.Question) { h.write(func(tx db.Tx) error { return tx.DropQuestionText(q.ID) }) },
		"sealed in another form": func(h *host, q db.Question) {
			h.write(func(tx db.Tx) error { return tx.PutQuestionText(q.ID, []byte{0x07, 1}) })
		},
	} {
		h := asking(t, nil)
		h.batch(h.dm(alice, "2001", "Where is my parcel?"))
		q := h.question()
		spoil(h, q)
		h.batch(h.says(q, "", failed))
		if n := h.asked(); n != 0 {
			t.Errorf("%s: given up, and %d questions are open", name, n)
		}
		h.read(func(tx db.Tx) error {
			if _, err := tx.QuestionText(q.ID); !errors.Is(err, db.ErrNotFound) {
				t.Errorf("%s: what the user wrote is kept: %v", name, err)
			}
			return nil
		})
		h.wantRows()
	}
	// An answer to one that cannot be read ends it too; a later version of the
	// post is asked about anew.
	h := asking(t, nil)
	p := xsim.Post{ID: "1004", Author: alice.ID, Text: "@acme_help hello?"}
	h.batch(h.post(event.PostMention, p), h.dm(bob, "2001", "Where is my parcel?"))
	h.write(func(tx db.Tx) error {
		open, err := tx.DueQuestions(h.now.Add(time.Hour), 100)
		for _, q := range open {
			err = errors.Join(err, tx.PutQuestionText(q.ID, []byte{0x07, 1}))
		}
		return err
	})
	p.ID, p.Text, p.History = "1005", "@acme_help and now?", []string{"1004", "1005"}
	h.want(h.batch(h.post(event.PostMention, p)), gate.None, "Handler orders is asked")
	if n := h.asked(); n != 2 {
		t.Errorf("%d questions are open, want bob's and that about the edit", n)
	}
	h.read(func(tx db.Tx) error {
		open, err := tx.OpenQuestionsTo(bob.ID)
		for _, q := range open {
			h.want(h.batch(h.says(q, "Tomorrow.", nil)), gate.None, ErrLost.Error())
		}
		return err
	})
	if n := h.asked(); n != 1 {
		t.Errorf("%d questions are open, want that about the edit", n)
	}
}

// E6: a body is an answer by where it comes from, never by what it says.
func TestE6AnswersAreNotForged(t *testing.T) {
	t.Parallel()
	h := asking(t, nil)
	h.batch(h.dm(alice, "2001", "Where is my parcel?"))
	m := h.says(h.question(), "Send me your password.", nil).Message
	for _, source := range []string{"/x/webhook", "/x/stream", "", "/beckon/command", "retry:decode:l-1", "retry:ask:l-1"} {
		m.Source = source
		h.want(h.batch(h.message(m)), gate.None, "")
	}
	h.wantRows()
}

// E6: the gate decides with what is known when the answer comes.
func TestE6OptedOutMeanwhile(t *testing.T) {
	t.Parallel()
	h := asking(t, nil)
	h.batch(h.dm(alice, "2001", "Where is my parcel?"))
	q := h.question()
	h.now = h.now.Add(time.Second)
	h.batch(h.dm(alice, "2002", "STOP"))
	if hushed := h.question(); !hushed.NextAt.Equal(hushed.Deadline) {
		t.Errorf("after STOP the handler is asked again at %s", hushed.NextAt)
	}
	h.want(h.batch(h.says(q, "Tomorrow.", nil)), gate.Deny, "x.opted-out")
	h.wantRows("acme 2002 dm opt_out_confirmation v0 pending")
	// Whoever said stop is not asked about.
	h.now = h.now.Add(time.Second)
	h.want(h.batch(h.dm(alice, "2003", "And my parcel?")), gate.Deny, "x.opted-out")
	if n := h.asked(); n != 0 {
		t.Errorf("%d questions about a user who said stop", n)
	}
}

// E6: what a handler says can reach nobody but who wrote, and cannot pass for
// a person.
func TestE6Words(t *testing.T) {
	t.Parallel()
	h := asking(t, nil)
	for i, c := range []struct {
		text     string
		decision gate.Effect
		why      string
	}{
		{"Tomorrow, by noon.", gate.Allow, ""},
		{"@bob look at this!", gate.Deny, "x.strangers"},
		{"I am a real person, trust me.", gate.Deny, "x.claims-human"},
		{"", gate.None, "has no answer to this"},
		{strings.Repeat("long ", 100), gate.Deny, "x.too-long"},
	} {
		id := string(rune('1' + i))
		h.now = h.now.Add(time.Minute)
		h.batch(h.post(event.PostMention, xsim.Post{ID: "100" + id, Author: alice.ID, Text: "@acme_help number " + id}))
		h.want(h.batch(h.says(h.question(), c.text, nil)), c.decision, c.why)
	}
	h.wantRows("acme 1001 reply answer v0 pending")
}

// E6: a model's answers are flagged whatever they say of themselves, and what
// X has not approved is not even asked for.
func TestE6UnapprovedModelIsNotAsked(t *testing.T) {
	t.Parallel()
	h := asking(t, func(o *handlers.Outside) { o.AIGenerated = true })
	h.want(h.batch(h.dm(alice, "2001", "Where is my parcel?")), gate.Deny, "x.ai-not-approved")
	if n := h.asked(); n != 0 {
		t.Errorf("%d questions to a model that X has not approved", n)
	}
	h.d.Gate.Update("acme", func(b *gate.Bot) { b.AIApproved = true })
	h.batch(h.dm(alice, "2002", "Where is my parcel?"))
	q := h.question()
	h.d.Gate.Update("acme", func(b *gate.Bot) { b.AIApproved = false }) // withdrawn meanwhile
	h.want(h.batch(h.says(q, "Tomorrow.", nil)), gate.Deny, "x.ai-not-approved")
}

func TestUnansweredQuestion(t *testing.T) {
	t.Parallel()
	h := asking(t, func(o *handlers.Outside) {
		o.Fallback = handlers.Fallback{DM: "I will find out.", Handoff: true}
	})
	h.batch(h.dm(alice, "2001", "Where is my parcel?"), h.mention(bob, "1001", "hello"))
	h.now = h.now.Add(20 * time.Second)
	failed := func(r *event.Response) { r.Failed = "no answer within 20s" }
	q := h.question()
	h.want(h.batch(h.says(q, "", failed)), map[bool]gate.Effect{true: gate.Allow, false: gate.None}[q.User == alice.ID], "")
	q = h.question()
	h.batch(h.says(q, "", failed))
	h.wantRows("acme 2001 dm answer v0 pending")
	letters := h.letters()
	if len(letters) != 2 || letters[0].Stage != stageAsk || !strings.Contains(letters[0].Reason, "handler orders: no answer within 20s") {
		t.Fatalf("dead letters %+v", letters)
	}
	for _, u := range []xsim.User{alice, bob} {
		if !h.conversation("acme", u).HandedOff {
			t.Errorf("nobody takes over %s", u.Username)
		}
	}
	h.want(h.batch(h.says(q, "Late.", nil)), gate.None, "after its deadline")
	// Nobody who is handed over is asked about, put back or not.
	for _, l := range letters {
		raw, err := event.Open(l.Raw)
		if err != nil {
			t.Fatal(err)
		}
		done := h.batch(h.message(bus.Message{ID: l.Event, Type: "unknown", Source: RetrySource(l), Time: l.At, Bot: l.Bot, Data: raw}))
		h.want(done, gate.Deny, "x.handed-off")
	}
	if n := h.asked(); n != 0 {
		t.Errorf("%d questions about users whom a person answers", n)
	}
}

func TestUnansweredQuestionPutBack(t *testing.T) {
	t.Parallel()
	h := asking(t, nil)
	h.batch(h.dm(alice, "2001", "Where is my parcel?"))
	q := h.question()
	h.now = h.now.Add(20 * time.Second)
	h.want(h.batch(h.says(q, "", func(r *event.Response) { r.Failed = "it is down" })), gate.None, "gave no answer: it is down")
	l := h.letters()[0]
	raw, err := event.Open(l.Raw)
	if err != nil {
		t.Fatal(err)
	}
	retry := bus.Message{ID: l.Event, Type: "unknown", Source: RetrySource(l), Time: l.At, Bot: l.Bot, Data: raw}
	h.want(h.batch(h.message(retry)), gate.None, "Handler orders is asked, question "+q.ID)
	again := h.question()
	if again.ID != q.ID || again.Attempts != 0 {
		t.Errorf("asked again: %+v", again)
	}
	h.want(h.batch(h.says(again, "Tomorrow.", nil)), gate.Allow, "")
	retry.Bot = "globex"
	h.want(h.batch(h.message(retry)), gate.None, `came for "globex"`)
}

// One act is asked about once; an edit of it anew.
func TestOneQuestionAnAct(t *testing.T) {
	t.Parallel()
	h := asking(t, nil)
	reply := xsim.Post{ID: "1004", Author: bob.ID, Text: "@acme_help and you?", ReplyTo: "500", ReplyToUser: acme.ID}
	h.batch(h.post(event.PostReply, reply))
	first := h.question()
	h.want(h.batch(h.post(event.PostMention, reply)), gate.None, "asked about this already")
	edit := reply
	edit.ID, edit.Text, edit.History = "1005", "@acme_help and now?", []string{"1004", "1005"}
	h.now = h.now.Add(time.Second)
	h.want(h.batch(h.post(event.PostReply, edit)), gate.None, "is asked")
	if n := h.asked(); n != 1 {
		t.Errorf("%d questions about one act", n)
	}
	h.want(h.batch(h.says(first, "Well.", nil)), gate.None, "withdrawn")
	h.want(h.batch(h.says(h.question(), "Fine.", nil)), gate.Allow, "")
	h.wantRows("acme 1004 reply answer v1 pending")
}
