package record

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	botUser = "1000000000000000001"
	ann     = "1500000000000000001"
	ben     = "1500000000000000002"
)

var (
	key  = event.Key("record tests: a key of 32 bytes .")
	nine = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
)

// studio is a host's recorder, and the messages that come to it.
type studio struct {
	*testing.T
	store *sqlite.Store
	now   time.Time
	rec   *Recorder
	seq   uint64
	past  []bus.Stored
}

func newStudio(t *testing.T) *studio {
	t.Helper()
	s := &studio{T: t, now: nine}
	var err error
	if s.store, err = sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "beckon.db"), Temporary: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	s.rec = New(Options{
		Store: s.store, Key: key, Now: func() time.Time { return s.now }, Live: true, Bots: map[string]string{"acme": botUser},
		Past: func(_ context.Context, see func(bus.Stored) error) error {
			for _, m := range s.past {
				if err := see(m); err != nil {
					return err
				}
			}
			return nil
		},
	})
	return s
}

func (s *studio) write(fn func(tx db.Tx) error) {
	s.Helper()
	if err := s.store.Write(context.Background(), fn); err != nil {
		s.Fatal(err)
	}
}

// tells is a message that comes in. Its texts are words that a test looks for.
func (s *studio) tells(user, kind, id, text string) bus.Message {
	s.seq++
	uuid := "77000000000000" + id[len(id)-3:]
	m := bus.Message{ID: uuid, Type: kind, Source: "/x/webhook", Time: s.now, Bot: "acme", User: user}
	body := `{"data":{"event_uuid":%[5]q,"event_type":"post.mention.create","filter":{"user_id":%[2]q},"payload":{"id":%[1]q,"author_id":%[3]q,
		"created_at":"2026-11-25T09:00:00.000Z","text":"@acme %[4]s","edit_history_tweet_ids":[%[1]q],"entities":{"mentions":[{"start":0,"end":5,"id":%[2]q}]}}}}`
	if kind == "dm.received" {
		body = `{"data":{"event_uuid":%[5]q,"event_type":"dm.received","filter":{"user_id":%[2]q},"payload":{"id":%[1]q,"sender_id":%[3]q,
			"created_at":"2026-11-25T09:00:00.000Z","event_type":"MessageCreate","dm_conversation_id":"%[3]s-%[2]s","text":%[4]q}}}`
	}
	m.Data = fmt.Appendf(nil, body, id, botUser, user, text, uuid)
	s.rec.Took(s.Context(), []bus.Delivery{{Message: m, Seq: s.seq}})
	return m
}

func (s *studio) begin(a Ask) string {
	s.Helper()
	st, err := s.rec.Begin(s.Context(), a)
	if err != nil {
		s.Fatal(err)
	}
	return st.ID
}

func (s *studio) finish(id string) Log {
	s.Helper()
	l, err := s.rec.Finish(s.Context(), id, []byte("a key of pseudonyms, of 32 bytes"), false)
	if err != nil {
		s.Fatal(err)
	}
	return l
}

// holds says which of the words are in a log.
func holds(l Log, words ...string) (in []string) {
	for _, w := range words {
		if strings.Contains(string(l.Text), w) {
			in = append(in, w)
		}
	}
	return in
}

func TestT31NoDMWithoutConsent(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.write(func(tx db.Tx) error {
		return tx.PutConversation(conversation.Conversation{Bot: "acme", User: ben, ConsentDMStorage: true})
	})
	id := s.begin(Ask{})
	s.tells(ann, "post.mention.create", "1990000000000000001", "before it")
	s.tells(ann, "dm.received", "1990000000000000002", "private words")
	s.tells(ann, "post.mention.create", "1990000000000000003", "after it")
	s.tells(ben, "dm.received", "1990000000000000004", "agreed words")
	if len(s.rec.on[id].kept[1].Data) > 0 {
		t.Error("the text of the DM is held in memory")
	}
	l := s.finish(id)
	if got := holds(l, "before it", "private words", "after it", "agreed words"); fmt.Sprint(got) != "[before it agreed words]" {
		t.Errorf("the log has %q", got)
	}
	if l.Left != (Left{DMs: 1, After: 1}) || l.Events != 2 {
		t.Errorf("left out %+v of %d", l.Left, l.Events)
	}
	// A consent that is withdrawn before the end takes the DM out again.
	id = s.begin(Ask{})
	s.tells(ben, "dm.received", "1990000000000000005", "regretted words")
	s.write(func(tx db.Tx) error {
		return tx.PutConversation(conversation.Conversation{Bot: "acme", User: ben, Version: 1})
	})
	if l = s.finish(id); len(holds(l, "regretted words")) > 0 || l.Left.DMs != 1 {
		t.Errorf("after the withdrawal: %+v\n%s", l.Left, l.Text)
	}
}

func TestT32WhatWasDeletedIsOut(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	id := s.begin(Ask{Plain: true})
	s.tells(ann, "post.mention.create", "1990000000000000001", "deleted words")
	s.tells(ann, "post.mention.create", "1990000000000000002", "kept words")
	s.tells(ben, "post.mention.create", "1990000000000000003", "erased words")
	s.write(func(tx db.Tx) error {
		_, err := tx.OpenDuty(compliance.Item(key, s.now, db.DutyPost, "1990000000000000001", compliance.Told{By: "x"}))
		return errors.Join(err, tx.PutSuppression(conversation.Suppression{UserHash: key.User(ben), ErasedAt: s.now.Add(time.Minute)}))
	})
	l := s.finish(id)
	if got := holds(l, "deleted words", "kept words", "erased words"); fmt.Sprint(got) != "[kept words]" || l.Left.Deleted != 2 {
		t.Errorf("the log has %q, left out %+v", got, l.Left)
	}
}

func TestT33NoticeAndPast(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	old := s.tells(ann, "post.mention.create", "1990000000000000001", "yesterday")
	s.now = s.now.Add(time.Hour)
	s.past = []bus.Stored{{Message: old, Taken: true, Seq: 1}}
	id := s.begin(Ask{Since: nine.Add(-time.Minute)})
	s.tells(ann, "post.mention.create", "1990000000000000002", "today")
	l := s.finish(id)
	if got := holds(l, "Not for training", "yesterday", "today"); len(got) != 3 || l.Events != 2 {
		t.Errorf("the log has %q, %d events", got, l.Events)
	}
	if got := holds(l, ann, "1990000000000000001"); len(got) > 0 {
		t.Errorf("under pseudonyms it has %q", got)
	}
	if strings.Index(string(l.Text), "yesterday") > strings.Index(string(l.Text), "today") {
		t.Error("it is not in the order in which things came in")
	}
	s.rec.Live = false
	if _, err := s.rec.Begin(t.Context(), Ask{}); !errors.Is(err, ErrNoHost) {
		t.Errorf("from now on where nothing comes in: %v", err)
	}
}

func TestT34Ends(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.rec.Room = 1000
	id := s.begin(Ask{})
	for n := range 4 {
		s.tells(ann, "post.mention.create", fmt.Sprint(1990000000000000001+n), "words")
	}
	if st, err := s.rec.State(id); err != nil || !st.Full || st.Events == 0 || st.Events == 4 {
		t.Errorf("when it is full: %+v, %v", st, err)
	}
	if l := s.finish(id); !l.Full || l.Events == 0 || s.rec.held != 0 {
		t.Errorf("its log: %+v, %d bytes held after it", l.Events, s.rec.held)
	}
	if _, err := s.rec.State(id); !errors.Is(err, ErrNone) {
		t.Errorf("after its end: %v", err)
	}
	for range Most {
		s.begin(Ask{})
	}
	if _, err := s.rec.Begin(t.Context(), Ask{}); !errors.Is(err, ErrBusy) {
		t.Errorf("one too many: %v", err)
	}
	s.now = s.now.Add(Forgotten + time.Second)
	s.tells(ann, "post.mention.create", "1990000000000000009", "words")
	if len(s.rec.on) != 0 || s.rec.held != 0 {
		t.Errorf("%d recordings that nobody asks for hold %d bytes", len(s.rec.on), s.rec.held)
	}
}

// The past may be long to read, and nobody can ask for a recording before it has
// an id: it is not forgotten meanwhile, and what fails then fails in good order.
func TestT34ALongPast(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	failed := errors.New("the bus is away")
	for _, fails := range []error{nil, failed} {
		s.rec.Past = func(context.Context, func(bus.Stored) error) error {
			s.now = s.now.Add(Forgotten + time.Second)
			s.tells(ann, "post.mention.create", "1990000000000000001", "words") // forgets
			return fails
		}
		st, err := s.rec.Begin(t.Context(), Ask{Since: s.now.Add(-time.Hour)})
		if !errors.Is(err, fails) {
			t.Fatalf("got %v, want %v", err, fails)
		}
		if err == nil {
			s.finish(st.ID)
		}
		if len(s.rec.on) != 0 || s.rec.held != 0 {
			t.Errorf("%d recordings hold %d bytes", len(s.rec.on), s.rec.held)
		}
	}
	s.begin(Ask{})
	s.now = s.now.Add(Forgotten + time.Second)
	s.tells(ann, "post.mention.create", "1990000000000000002", "words")
	if len(s.rec.on) != 0 {
		t.Error("one that nobody asks for is still there")
	}
}

// What is left out of a log takes room too, until its end.
func TestT34FullOfWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.rec.Room = 10_000
	id := s.begin(Ask{})
	for n := range 200 {
		s.tells(ann, "dm.received", fmt.Sprint(1990000000000000001+n), "words") // she did not agree
	}
	st, err := s.rec.State(id)
	if err != nil || !st.Full || st.Events == 0 {
		t.Errorf("after 200 DMs that may not be in it: %+v, %v", st, err)
	}
	if l := s.finish(id); l.Left.DMs == 0 || s.rec.held != 0 {
		t.Errorf("left out %+v, %d bytes held after it", l.Left, s.rec.held)
	}
}
