package dbtest

import (
	"errors"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

func testDuties(t *testing.T, s db.Store, _ Features) {
	for _, v := range variants[db.Duty]() {
		write(t, s, func(tx db.Tx) error {
			v.ID = "v " + string(v.What) + string(v.Step) + string(v.Cause)
			_, err := tx.OpenDuty(v)
			if err != nil {
				return err
			}
			got, err := tx.Duty(v.ID)
			same(t, "round trip", got, v)
			return err
		})
	}
	one := db.Duty{ID: "d1", What: db.DutyPost, Target: "42", Hash: "h", Owner: "7", Cause: db.CauseX, ToldBy: "job", Step: db.DutyRows, OpenedAt: at(1), DueAt: at(9)}
	two := one
	two.ID, two.Hash, two.DueAt, two.OpenedAt = "d2", "g", at(5), at(2)
	write(t, s, func(tx db.Tx) error {
		for _, d := range []db.Duty{one, two} {
			fresh, err := tx.OpenDuty(d)
			if !fresh || err != nil {
				t.Errorf("open %s: fresh %v, %v", d.ID, fresh, err)
			}
		}
		other := one
		other.Target = "other"
		fresh, err := tx.OpenDuty(other)
		if fresh {
			t.Error("the same id was opened twice")
		}
		return err
	})
	openIDs := func() (out string) {
		for _, d := range get(t, s, func(tx db.Tx) ([]db.Duty, error) { return tx.OpenDuties(10) }) {
			out += d.ID
		}
		return out
	}
	same(t, "open, by due", openIDs(), "d2d1")
	same(t, "how many", get(t, s, db.Tx.CountOpenDuties), int64(2))
	on := func(h ...string) (out string) {
		var of [4]string
		copy(of[:], h)
		for _, d := range get(t, s, func(tx db.Tx) ([]db.Duty, error) { return tx.DutiesOn(of) }) {
			out += d.ID
		}
		return out
	}
	same(t, "on one", on("h"), "d1")
	same(t, "on both", on("g", "none", "none", "h"), "d1d2")
	done := one
	done.Target, done.Owner, done.Step, done.DoneAt, done.AlarmedAt, done.StartAt = "", "", db.DutyDone, at(7), at(6), at(2)
	done.Attempts, done.Problem, done.Counts = 2, "p", `{"a":1}`
	write(t, s, func(tx db.Tx) error {
		changed := done
		changed.Hash, changed.DueAt = "other", at(99) // not its to change
		return tx.UpdateDuty(changed)
	})
	same(t, "done", get(t, s, func(tx db.Tx) (db.Duty, error) { return tx.Duty("d1") }), done)
	same(t, "what is done is not open", openIDs(), "d2")
	same(t, "and is still found", on("h"), "d1")
	if l := get(t, s, func(tx db.Tx) ([]db.Duty, error) { return tx.ListDuties(2) }); len(l) != 2 || l[0].OpenedAt.Before(l[1].OpenedAt) {
		t.Errorf("newest first: %v", l)
	}
	write(t, s, func(tx db.Tx) error {
		n, err := tx.PruneDuties(at(3), 100)
		if n < 1 {
			t.Error("nothing was pruned")
		}
		_, gone := tx.Duty("d1")
		wantErr(t, "what was pruned", gone, db.ErrNotFound)
		_, open := tx.Duty("d2")
		return errors.Join(err, open)
	})
}

func testComplianceJobs(t *testing.T, s db.Store, _ Features) {
	for _, v := range variants[db.ComplianceJob]() {
		write(t, s, func(tx db.Tx) error {
			v.About = "users"
			if err := tx.PutComplianceJob(v); err != nil {
				return err
			}
			got, err := tx.LastComplianceJob("users")
			same(t, "round trip", got, v)
			return err
		})
	}
	read(t, s, func(tx db.Tx) error {
		_, err := tx.LastComplianceJob("tweets")
		wantErr(t, "none about posts", err, db.ErrNotFound)
		return nil
	})
	first := db.ComplianceJob{Name: "a", About: "tweets", Step: db.JobDone, BeganAt: at(1), DoneAt: at(2)}
	second := db.ComplianceJob{Name: "b", About: "tweets", Step: db.JobNamed, BeganAt: at(5).UTC()}
	write(t, s, func(tx db.Tx) error { return errors.Join(tx.PutComplianceJob(second), tx.PutComplianceJob(first)) })
	same(t, "the last", get(t, s, func(tx db.Tx) (db.ComplianceJob, error) { return tx.LastComplianceJob("tweets") }).Name, "b")
	same(t, "all", len(get(t, s, func(tx db.Tx) ([]db.ComplianceJob, error) { return tx.ListComplianceJobs(9) })), 3)
	write(t, s, func(tx db.Tx) error { _, err := tx.PruneDuties(at(9), 1); return err })
	same(t, "pruned, but what is under way", get(t, s, func(tx db.Tx) ([]db.ComplianceJob, error) { return tx.ListComplianceJobs(9) }), []db.ComplianceJob{second})
}

// act is a post of a user's, edited as often as version says.
func act(bot, key, user string, version int) conversation.Interaction {
	i := conversation.Interaction{Bot: bot, Key: key, User: user, Kind: event.KindPost, Message: key, Version: version, LastAt: at(1).UTC(), FirstAt: at(1).UTC()}
	if version > 0 {
		i.Message = key + "e"
	}
	return i
}

func testHoldings(t *testing.T, s db.Store, _ Features) {
	edited, plain, elsewhere, dm := act("a", "10", "1", 1), act("a", "11", "1", 0), act("b", "11", "1", 0), act("b", "12", "2", 0)
	dm.Kind = event.KindDM
	reply := pending("r")
	reply.Interaction, reply.User, reply.ReplyTo, reply.State, reply.RemoteID = "11", "1", "11", event.Sent, "90"
	direct := pending("d")
	direct.Kind, direct.User, direct.State, direct.RemoteID = event.DM, "3", event.Sent, "91"
	hash := pending("h")
	hash.User, hash.State = "erased", event.Failed
	write(t, s, func(tx db.Tx) error {
		err := errors.Join(tx.PutInteraction(edited), tx.PutInteraction(plain), tx.PutInteraction(elsewhere), tx.PutInteraction(dm),
			PutAction(tx, reply), PutAction(tx, direct), PutAction(tx, hash), tx.PutSlot("a", "4", "s", nil),
			tx.PutConversation(conversation.Conversation{Bot: "a", User: "5"}),
			tx.PutMatch(db.Match{Bot: "a", User: "6", Basis: db.BasisProvided, Event: "77", Source: "post", Sealed: []byte("r")}),
			tx.PutMatch(db.Match{Bot: "a", User: "6", Purpose: "p", Basis: db.BasisProvided, Event: "78", Source: "dm", Sealed: []byte("r")}),
			tx.PutMatch(db.Match{Bot: "a", User: "7", Basis: db.BasisProvided, Event: "79", Source: "post", EndedAt: at(1)}),
			tx.PutDeskNotice(db.DeskNotice{ID: "n", Bot: "a", User: "1", Interaction: "11", Post: "11"}))
		if err != nil {
			return err
		}
		_, err = tx.EraseUser(db.Who{User: "erased"}, "a-hash", at(2))
		return err
	})
	same(t, "posts", get(t, s, db.Tx.HeldPosts), []string{"10", "10e", "11", "77", "90"})
	same(t, "users", get(t, s, db.Tx.HeldUsers), []string{"1", "2", "3", "4", "5", "6", "7"})
	acts := func(id string) []conversation.Interaction {
		return get(t, s, func(tx db.Tx) ([]conversation.Interaction, error) { return tx.ActsWith(id) })
	}
	same(t, "by its first version", acts("10"), []conversation.Interaction{edited})
	same(t, "by its newest version", acts("10e"), []conversation.Interaction{edited})
	same(t, "toward two bots", acts("11"), []conversation.Interaction{plain, elsewhere})
	same(t, "of nothing", len(acts("99")), 0)
	same(t, "posts of one", get(t, s, func(tx db.Tx) ([]conversation.Interaction, error) { return tx.PostsOf("1") }), []conversation.Interaction{edited, plain, elsewhere})
	same(t, "no DM among them", len(get(t, s, func(tx db.Tx) ([]conversation.Interaction, error) { return tx.PostsOf("2") })), 0)
	write(t, s, func(tx db.Tx) error { return tx.UnpostDeskNotice("a", "11") })
	n := get(t, s, func(tx db.Tx) (db.DeskNotice, error) { return tx.DeskNotice("a", "1") })
	if n.Post != "" || n.Interaction != "" || n.ID != "n" {
		t.Errorf("the desk's notice: %+v", n)
	}
}

func testWipe(t *testing.T, s db.Store, _ Features) {
	put := func(tx db.Tx, bot string) error {
		var errs []error
		for _, st := range States() {
			a := pending(bot + string(st))
			a.Bot, a.State, a.Interaction = bot, st, bot+string(st)
			errs = append(errs, PutAction(tx, a))
		}
		errs = append(errs, tx.PutActionText(bot+"pending", []byte("t")), tx.PutSlot(bot, "u", "s", nil), tx.PutInteraction(act(bot, "1", "u", 0)),
			tx.PutConversation(conversation.Conversation{Bot: bot, User: "u"}), tx.PutConversation(conversation.Conversation{Bot: bot, User: "v"}),
			tx.PutEcho(db.Echo{Bot: bot, RemoteID: "e"}), tx.PutReminder(db.Reminder{ID: bot, Bot: bot, User: "u", After: 1e9}),
			tx.PutConsent(db.Consent{Bot: bot, User: "u", Kind: conversation.ConsentDMStorage}),
			tx.PutMatch(db.Match{Bot: bot, User: "u", Basis: db.BasisPublic, Sealed: []byte("r")}),
			tx.PutQuestion(db.Question{ID: bot, Bot: bot, State: db.QuestionOpen}), tx.PutQuestionText(bot, []byte("t")),
			tx.PutDeskNotice(db.DeskNotice{ID: bot, Bot: bot, User: "u"}), tx.AppendDeadLetter(db.DeadLetter{ID: bot, Bot: bot}),
			tx.AppendDecision(db.Decision{ID: bot, Bot: bot, Record: []byte("{}")}),
			tx.PutFingerprint(db.Fingerprint{Action: bot + "pending", Bot: bot, Kind: event.Reply}), tx.PutLookup(db.Lookup{Action: bot + "unknown"}))
		return errors.Join(errs...)
	}
	write(t, s, func(tx db.Tx) error {
		return errors.Join(put(tx, "a"), put(tx, "b"), tx.PutSuppression(conversation.Suppression{UserHash: "h", OptedOut: true}))
	})
	same(t, "open", get(t, s, func(tx db.Tx) ([]string, error) { return tx.OpenActionsOf("a", 9) }), []string{"ahold", "apending", "aunknown"})
	same(t, "open of all", len(get(t, s, func(tx db.Tx) ([]string, error) { return tx.OpenActionsOf("", 9) })), 6)
	one := map[string]int64{
		"action_texts": 1, "actions": 4, "consents": 1, "conversations": 1, "dead_letters": 1, "decisions": 1, "desk_notices": 1, "echoes": 1,
		"fingerprints": 1, "interactions": 1, "lookups": 1, "matches": 1, "question_texts": 1, "questions": 1, "reminders": 1, "slots": 1,
	}
	wipe := func(bot string, max int) (e db.Erased) {
		t.Helper()
		write(t, s, func(tx db.Tx) (err error) { e, err = tx.Wipe(bot, max); return err })
		return e
	}
	one["actions"] = 1
	first := wipe("a", 1)
	same(t, "a chunk", first.Counts, one)
	if len(first.Records) < 2 {
		t.Errorf("records: %v", first.Records)
	}
	same(t, "the next", wipe("a", 9).Counts, map[string]int64{"actions": 3, "conversations": 1})
	same(t, "nothing is left", len(wipe("a", 9).Counts), 0)
	same(t, "the other bot has all of its own", len(get(t, s, func(tx db.Tx) ([]db.Action, error) { return tx.ListActions(db.ActionFilter{Bot: "b"}) })), len(States()))
	same(t, "what has not ended", len(get(t, s, func(tx db.Tx) ([]db.Action, error) { return tx.ListActions(db.ActionFilter{Bot: "a"}) })), 4)
	if len(wipe("", 9).Counts) != len(one) || len(wipe("", 9).Counts) != 0 {
		t.Error("every bot")
	}
	if !get(t, s, func(tx db.Tx) (conversation.Suppression, error) { return tx.Suppression("h") }).OptedOut {
		t.Error("an opt-out is gone")
	}
}
