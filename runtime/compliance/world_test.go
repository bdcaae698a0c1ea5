package compliance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	ann  = "700100200300400500"
	ben  = "700100200300400501"
	post = "1900000000000000001" // ann's
	mine = "1900000000000000002" // our reply to it
	dm   = "1900000000000000003" // ann's
	bens = "1900000000000000004" // ben's post
)

var (
	nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) // a Monday
	key  = event.Key("a key for tests, 32 bytes long...")
)

// stream is a bus that holds what it is given.
type stream struct {
	held    []bus.Stored
	waiting []waiting // for the desk
}

// waiting is a handoff that the desk has not taken from the bus.
type waiting struct{ user, post string }

// unpost is as the host does it.
func (s *stream) unpost(_ context.Context, duties []db.Duty) ([]int64, error) {
	n := make([]int64, len(duties))
	for i, d := range duties {
		for j, h := range s.waiting {
			if h.post != "" && (d.What == db.DutyPost && d.Target == h.post || d.What == db.DutyPosts && d.Target == h.user) {
				s.waiting[j].post = ""
				n[i]++
			}
		}
	}
	return n, nil
}

func (s *stream) Remove(_ context.Context, bot, user string, pick func(bus.Stored) (bool, error)) (n int, err error) {
	kept := s.held[:0:0]
	for _, m := range s.held {
		goes := false
		if (bot == "" || m.Bot == bot) && (user == "" || m.User == user) {
			if goes, err = pick(m); err != nil {
				return n, err
			}
		}
		if goes {
			n++
		} else {
			kept = append(kept, m)
		}
	}
	s.held = kept
	return n, nil
}

func (s *stream) Erase(ctx context.Context, bot, user string, see func(bus.Message) error) (int, error) {
	s.waiting = slices.DeleteFunc(s.waiting, func(h waiting) bool { return user == "" || h.user == user })
	return s.Remove(ctx, bot, user, func(m bus.Stored) (bool, error) { return true, see(m.Message) })
}

// world is a host with two users: ann wrote a post, which was answered and waits
// for another answer, and a DM, which is in a flow; ben wrote a post.
type world struct {
	t     *testing.T
	below *sqlite.Store
	bus   *stream
	x     *fakeX
	scrub error
	told  strings.Builder
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "x.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w := &world{t: t, below: s, bus: &stream{}, x: &fakeX{}}
	w.bus.held = []bus.Stored{
		w.body("1", ann, "post.mention.create", fmt.Sprintf(`{"id":%q,"author_id":%q,"created_at":"2026-03-02T08:00:00.000Z","text":"@acme a question","edit_history_tweet_ids":[%q]}`, post, ann, post)),
		w.body("2", ann, "dm.received", fmt.Sprintf(`{"direct_message_events":[{"type":"message_create","id":%q,"created_timestamp":"%d","message_create":{"target":{"recipient_id":"900"},"sender_id":%q,"message_data":{"text":"an order"}}}]}`, dm, nine.Add(-time.Hour).UnixMilli(), ann)),
		w.body("3", ben, "post.mention.create", fmt.Sprintf(`{"id":%q,"author_id":%q,"created_at":"2026-03-02T08:00:00.000Z","text":"@acme hello","edit_history_tweet_ids":[%q]}`, bens, ben, bens)),
		w.body("4", ben, "post.quote.create", fmt.Sprintf(`{"id":"19000000000000000055","author_id":%q,"text":"see","referenced_tweets":[{"type":"quoted","id":%q}]},"includes":{"tweets":[{"id":%q,"author_id":%q,"text":"@acme a question"}]`, ben, post, post, ann)),
	}
	w.bus.waiting = []waiting{{ann, post}, {ben, bens}}
	w.write(func(tx db.Tx) error {
		asked, err := event.Asked{Handler: "orders", Event: event.Event{ID: "e1", Bot: "acme", User: ann, Interaction: post, Message: post, Kind: event.KindPost, Text: "a question"}}.Body()
		if err != nil {
			return err
		}
		act := func(key, user string, kind event.Kind) conversation.Interaction {
			return conversation.Interaction{Bot: "acme", Key: key, User: user, Kind: kind, Message: key, TextHash: "h" + key, LastAt: nine.Add(-time.Hour)}
		}
		row := func(id, of, user string, kind event.ActionKind, st event.State, remote string) error {
			a := db.Action{
				ID: id, Bot: "acme", Interaction: of, Kind: kind, Purpose: event.Answer, User: user, State: st, CreatedAt: nine.Add(-time.Hour),
				Draft: []byte(`{}`), Decision: []byte(`{}`), TextHash: "t" + id, RemoteID: remote, ReplyTo: of,
			}
			return dbtest.PutAction(tx, a)
		}
		return errors.Join(
			tx.PutInteraction(act(post, ann, event.KindPost)), tx.PutInteraction(act(dm, ann, event.KindDM)), tx.PutInteraction(act(bens, ben, event.KindPost)),
			row("sent", post, ann, event.Reply, event.Sent, mine), row("waits", post, ann, event.DM, event.Hold, ""), tx.PutActionText("waits", []byte("t")),
			row("direct", dm, ann, event.DM, event.Sent, "55"), row("bens", bens, ben, event.Reply, event.Pending, ""), tx.PutActionText("bens", []byte("t")),
			tx.PutConversation(conversation.Conversation{Bot: "acme", User: ann, LastEventAt: nine.Add(-time.Hour), Flow: "order"}), tx.PutSlot("acme", ann, "number", []byte("42")),
			tx.PutConversation(conversation.Conversation{Bot: "acme", User: ben, LastEventAt: nine.Add(-time.Hour)}),
			tx.PutQuestion(db.Question{ID: "q", Bot: "acme", User: ann, Interaction: post, State: db.QuestionOpen}), tx.PutQuestionText("q", event.Seal(asked)),
			tx.AppendDeadLetter(db.DeadLetter{ID: "l", Bot: "acme", Raw: event.Seal(w.bus.held[0].Data)}),
			tx.AppendDeadLetter(db.DeadLetter{ID: "lb", Bot: "acme", Raw: event.Seal(w.bus.held[2].Data)}),
			tx.AppendDecision(db.Decision{ID: "dec", Bot: "acme", Record: fmt.Appendf(nil, `{"user":%q}`, ann)}),
			tx.PutMatch(db.Match{Bot: "acme", User: ann, Purpose: "post", Basis: db.BasisProvided, Sealed: []byte("r"), Event: post, Source: "post", At: nine.Add(-time.Hour)}),
			tx.PutMatch(db.Match{Bot: "acme", User: ann, Purpose: "dm", Basis: db.BasisProvided, Sealed: []byte("r"), Event: dm, Source: "dm", At: nine.Add(-time.Hour)}),
			tx.PutDeskNotice(db.DeskNotice{ID: "n", Bot: "acme", User: ann, Interaction: post, Post: post}),
			tx.PutDeskTold(db.DeskTold{ID: "h1", Bot: "acme", User: ann, Interaction: post, Post: post, At: nine.Add(-time.Hour)}),
			tx.PutDeskTold(db.DeskTold{ID: "h2", Bot: "acme", User: ann, Interaction: dm, At: nine.Add(-time.Hour)}),
			tx.PutDeskTold(db.DeskTold{ID: "h3", Bot: "acme", User: ben, Interaction: bens, Post: bens, At: nine.Add(-time.Hour)}),
			tx.PutSuppression(conversation.Suppression{UserHash: "somebody", OptedOut: true, At: nine}),
			tx.PutToken(db.Token{Bot: "acme", State: db.TokenLive, Sealed: []byte("sealed")}),
		)
	})
	return w
}

func (w *world) body(id, user, typ, payload string) bus.Stored {
	data := fmt.Sprintf(`{"data":{"event_uuid":"e%s","event_type":%q,"filter":{"user_id":"900"},"payload":%s}}`, id, typ, payload)
	return bus.Stored{Message: bus.Message{ID: "e" + id, Type: typ, Bot: "acme", User: user, Data: []byte(data), Time: nine}, Taken: true}
}

func (w *world) write(fn func(tx db.Tx) error) {
	w.t.Helper()
	if err := w.below.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(fn func(tx db.Tx) error) {
	w.t.Helper()
	if err := w.below.Read(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) officer(s db.Store) *Officer {
	clean := func(ctx context.Context) error { return errors.Join(w.scrub, w.below.Scrub(ctx)) }
	return New(Options{
		Store: s, Bus: w.bus, Unpost: w.bus.unpost, Scrub: clean, Key: key, Bots: []string{"acme"}, X: w.x, Log: slog.New(slog.NewTextHandler(&w.told, nil)),
		Eraser: &erasure.Eraser{Store: s, Bus: w.bus, Scrub: clean, Key: key, Log: slog.New(slog.DiscardHandler)},
	})
}

func (w *world) duties() (all []db.Duty) {
	w.t.Helper()
	w.read(func(tx db.Tx) (err error) { all, err = tx.ListDuties(100); return err })
	return all
}

// left says what the database and the bus have of ann's post, of her DM, and of
// ben, a word each.
func (w *world) left() string {
	w.t.Helper()
	var s []string
	add := func(word string, there bool) {
		if there {
			s = append(s, word)
		}
	}
	w.read(func(tx db.Tx) error {
		p, err1 := tx.Interaction("acme", post)
		d, err2 := tx.Interaction("acme", dm)
		b, err3 := tx.Interaction("acme", bens)
		waits, err4 := tx.Action("waits")
		sent, err5 := tx.Action("sent")
		slots, err6 := tx.Slots("acme", ann)
		letters, err7 := tx.ListDeadLetters(9)
		dec, err8 := tx.ListDecisions(9)
		_, ann1 := tx.QuestionText("q")
		_, bens1 := tx.ActionText("bens")
		c, err9 := tx.Conversation("acme", ann)
		n, err10 := tx.DeskNotice("acme", ann)
		add("post", p.TextHash != "")
		add("act", p.Kind != "") // its key
		add("dm", d.TextHash != "")
		add("ben", b.TextHash != "" && bens1 == nil && len(letters) > 0 && letters[len(letters)-1].ID == "lb")
		add("waits", err4 == nil && waits.State == event.Hold)
		add("answered", err5 == nil && sent.State == event.Sent) // by its key
		add("hash", sent.TextHash != "")
		add("slots", len(slots) > 0)
		add("letter", len(letters) > 1)
		add("decisions", len(dec) > 0)
		add("question", ann1 == nil)
		add("flow", c.Flow != "")
		add("link", n.Post != "")
		refs, err11 := tx.OpenMatchesOf(ann)
		for _, of := range []string{"post", "dm"} {
			add("ref-"+of, slices.ContainsFunc(refs, func(m db.Match) bool { return m.Purpose == of && len(m.Sealed) > 0 }))
		}
		for _, id := range []string{"h1", "h2", "h3"} { // what the desk may show
			told, _ := tx.DeskTold(id)
			add(id, told.Interaction+told.Post != "")
		}
		remove, err12 := tx.ListDeskRemovals(9)
		slices.SortFunc(remove, func(a, b db.DeskRemoval) int { return strings.Compare(a.ID, b.ID) })
		for _, r := range remove { // and what it is told to show no more
			add("-"+r.ID, r.DueAt.After(nine))
		}
		add("waits-with-post", slices.Contains(w.bus.waiting, waiting{ann, post}))
		add("ben-waits", slices.Contains(w.bus.waiting, waiting{ben, bens}))
		for _, err := range []error{err11, err12, err1, err2, err3, err6, err7, err8, err9} {
			if err != nil {
				return err
			}
		}
		_ = err10
		return nil
	})
	for _, m := range w.bus.held {
		s = append(s, "bus"+m.ID[1:])
	}
	return strings.Join(s, " ")
}

// fakeX is X's side of compliance jobs. bad is how the next call of a method goes
// wrong.
type fakeX struct {
	jobs  []event.Job
	ids   map[string][]string
	lines []event.Redaction
	polls int
	calls []string
	bad   map[string]string // method to before, after, cut
}

var errX = errors.New("X could not be reached")

func (x *fakeX) call(method string) (after bool, err error) {
	x.calls = append(x.calls, method)
	how := x.bad[method]
	delete(x.bad, method)
	if how == "before" {
		return false, errX
	}
	return how == "after", nil
}

func (x *fakeX) CreateJob(_ context.Context, about, name string) (event.Job, error) {
	after, err := x.call("CreateJob")
	if err != nil {
		return event.Job{}, err
	}
	for _, j := range x.jobs {
		if j.Type == about && (j.Status == event.JobCreated || j.Status == event.JobInProgress) {
			return event.Job{}, errors.New("one job of a type can run at a time")
		}
	}
	j := event.Job{ID: fmt.Sprint(60 + len(x.jobs)), Type: about, Name: name, Status: event.JobCreated}
	x.jobs = append(x.jobs, j)
	if after {
		return event.Job{}, errX
	}
	return j, nil
}

func (x *fakeX) Job(_ context.Context, id string) (event.Job, error) {
	if _, err := x.call("Job"); err != nil {
		return event.Job{}, err
	}
	for i := range x.jobs {
		if j := &x.jobs[i]; j.ID == id {
			if j.Status == event.JobInProgress {
				if x.polls--; x.polls <= 0 {
					j.Status = event.JobComplete
				}
			}
			return *j, nil
		}
	}
	return event.Job{}, errors.New("no such job")
}

func (x *fakeX) Jobs(_ context.Context, about string, _ event.JobStatus) (list []event.Job, err error) {
	_, err = x.call("Jobs")
	for _, j := range x.jobs {
		if j.Type == about && err == nil {
			list = append(list, j)
		}
	}
	return list, err
}

func (x *fakeX) Upload(_ context.Context, of event.Job, ids []string) error {
	after, err := x.call("Upload")
	if err != nil {
		return err
	}
	for i := range x.jobs {
		if j := &x.jobs[i]; j.ID == of.ID {
			if j.Status != event.JobCreated {
				return errors.New("uploaded already")
			}
			if x.ids == nil {
				x.ids = map[string][]string{}
			}
			x.ids[j.Type], j.Status, x.polls = ids, event.JobInProgress, 2
		}
	}
	if after {
		return errX
	}
	return nil
}

func (x *fakeX) Download(_ context.Context, of event.Job, each func(event.Redaction) error) error {
	after, err := x.call("Download")
	if err != nil {
		return err
	}
	for _, l := range x.lines {
		if l.Action != of.Type {
			continue
		}
		if err := each(l); err != nil {
			return err
		}
	}
	if after {
		return errX // cut short
	}
	return nil
}
