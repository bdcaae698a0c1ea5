package dbtest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

func metaOf(t *testing.T, s db.Store, key string) string {
	t.Helper()
	return get(t, s, func(tx db.Tx) (string, error) { return tx.Meta(key) })
}

func testD1RollbackOnError(t *testing.T, s db.Store, _ Features) {
	mine := errors.New("mine")
	write(t, s, func(tx db.Tx) error { return tx.SetMeta("k", "before") })
	err := s.Write(context.Background(), func(tx db.Tx) error {
		return errors.Join(tx.SetMeta("k", "lost"), tx.InsertAction(pending("a")), mine)
	})
	wantErr(t, "Write", err, mine)
	same(t, "meta", metaOf(t, s, "k"), "before")
	read(t, s, func(tx db.Tx) error {
		_, err := tx.Action("a")
		wantErr(t, "the action", err, db.ErrNotFound)
		return nil
	})
	write(t, s, func(tx db.Tx) error { return tx.SetMeta("k", "after") })
	same(t, "meta", metaOf(t, s, "k"), "after")
	wantErr(t, "Read", s.Read(context.Background(), func(db.Tx) error { return mine }), mine)
}

func testD1RollbackOnPanic(t *testing.T, s db.Store, _ Features) {
	for _, call := range []func(context.Context, func(db.Tx) error) error{s.Write, s.Read} {
		func() {
			defer func() { same(t, "recovered", recover(), any("boom")) }()
			_ = call(context.Background(), func(tx db.Tx) error {
				_ = tx.SetMeta("k", "lost")
				panic("boom")
			})
		}()
	}
	same(t, "meta", metaOf(t, s, "k"), "")
	write(t, s, func(tx db.Tx) error { return tx.SetMeta("k", "after") })
	same(t, "meta", metaOf(t, s, "k"), "after")
}

// testD1OneWriter counts up from many goroutines: a lost update would show.
func testD1OneWriter(t *testing.T, s db.Store, _ Features) {
	const goroutines, each = 8, 10
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range each {
				err := s.Write(context.Background(), func(tx db.Tx) error {
					text, err := tx.Meta("n")
					n, _ := strconv.Atoi(text)
					return errors.Join(err, tx.SetMeta("n", strconv.Itoa(n+1)))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	same(t, "count", metaOf(t, s, "n"), strconv.Itoa(goroutines*each))
}

func testD1OwnWritesAreSeen(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		if err := errors.Join(tx.InsertAction(pending("a")), tx.PutConversation(conversation.Conversation{Bot: "b", User: "u"})); err != nil {
			return err
		}
		open, err := tx.OpenActionsTo("u")
		same(t, "open actions", ids(open), []string{"a"})
		c, err2 := tx.Conversation("b", "u")
		same(t, "version", c.Version, int64(1))
		return errors.Join(err, err2)
	})
}

func testD2Reopen(t *testing.T, s db.Store, f Features) {
	want := full[db.Action]()
	write(t, s, func(tx db.Tx) error {
		_, err := tx.MarkSeen("b", "e", 0, at(0))
		return errors.Join(err, tx.InsertAction(want), tx.PutActionText(want.ID, []byte("text")), tx.SetMeta("k", "v"))
	})
	s = f.Reopen(t, s)
	same(t, "meta", metaOf(t, s, "k"), "v")
	same(t, "action", get(t, s, func(tx db.Tx) (db.Action, error) { return tx.Action(want.ID) }), want)
	write(t, s, func(tx db.Tx) error {
		fresh, err := tx.MarkSeen("b", "e", 0, at(1))
		same(t, "fresh", fresh, false)
		return err
	})
}

func testReadSnapshot(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error { return tx.SetMeta("k", "old") })
	read(t, s, func(tx db.Tx) error {
		before, err := tx.Meta("k")
		write(t, s, func(tx db.Tx) error {
			return errors.Join(tx.SetMeta("k", "new"), tx.InsertAction(pending("a")))
		})
		after, err2 := tx.Meta("k")
		same(t, "within one snapshot", []string{before, after}, []string{"old", "old"})
		open, err3 := tx.OpenActionsTo("u")
		same(t, "another table within it", len(open), 0)
		return errors.Join(err, err2, err3)
	})
	same(t, "the next one", metaOf(t, s, "k"), "new")

	// What a writer has not committed, nobody sees.
	write(t, s, func(tx db.Tx) error {
		err := tx.SetMeta("k", "uncommitted")
		same(t, "beside a writer", metaOf(t, s, "k"), "new")
		return err
	})
}

// testReadRefusesWrites calls every writing method on a snapshot.
func testReadRefusesWrites(t *testing.T, s db.Store, _ Features) {
	a := pending("a")
	write(t, s, func(tx db.Tx) error { return tx.InsertAction(a) })
	for name, method := range map[string]func(tx db.Tx) error{
		"MarkSeen":         func(tx db.Tx) error { _, err := tx.MarkSeen("b", "e", 0, at(0)); return err },
		"PruneSeen":        func(tx db.Tx) error { _, err := tx.PruneSeen(at(0), 1); return err },
		"PutConversation":  func(tx db.Tx) error { return tx.PutConversation(conversation.Conversation{}) },
		"PutInteraction":   func(tx db.Tx) error { return tx.PutInteraction(conversation.Interaction{}) },
		"PutSuppression":   func(tx db.Tx) error { return tx.PutSuppression(conversation.Suppression{}) },
		"SettleOwed":       func(tx db.Tx) error { return tx.SettleSuppression("h", 1) },
		"InsertAction":     func(tx db.Tx) error { return tx.InsertAction(pending("b")) },
		"UpdateAction":     func(tx db.Tx) error { return tx.UpdateAction(a, a.State) },
		"AppendDecision":   func(tx db.Tx) error { return tx.AppendDecision(db.Decision{}) },
		"PruneDecisions":   func(tx db.Tx) error { _, err := tx.PruneDecisions(at(0), 1); return err },
		"PutDeskTold":      func(tx db.Tx) error { return tx.PutDeskTold(db.DeskTold{ID: "h"}) },
		"TakeBack":         func(tx db.Tx) error { _, err := tx.TakeBack(db.DutyPost, "", "1", at(0), at(1)); return err },
		"PutSwitch":        func(tx db.Tx) error { return tx.PutSwitch(db.Switch{}) },
		"PutRestore":       func(tx db.Tx) error { return tx.PutRestore(db.Restore{ID: "r"}) },
		"AppendDeadLetter": func(tx db.Tx) error { return tx.AppendDeadLetter(db.DeadLetter{}) },
		"DropDeadLetter":   func(tx db.Tx) error { return tx.DropDeadLetter("d") },
		"PutEcho":          func(tx db.Tx) error { return tx.PutEcho(db.Echo{}) },
		"PutToken":         func(tx db.Tx) error { return tx.PutToken(db.Token{Bot: "b", State: db.TokenLive}) },
		"PutRateWindow":    func(tx db.Tx) error { return tx.PutRateWindow(db.RateWindow{Span: 1e9}) },
		"PutCap":           func(tx db.Tx) error { return tx.PutCap(db.Cap{}) },
		"AddPosts":         func(tx db.Tx) error { return tx.AddPosts("b", at(0), 1, at(0)) },
		"AddSpending":      func(tx db.Tx) error { return tx.AddSpending(db.Spending{Bot: "b"}) },
		"DropEcho":         func(tx db.Tx) error { return tx.DropEcho("b", "r") },
		"PutFingerprint":   func(tx db.Tx) error { return tx.PutFingerprint(db.Fingerprint{Kind: event.Post}) },
		"DropFingerprint":  func(tx db.Tx) error { return tx.DropFingerprint("a") },
		"PruneFingerprint": func(tx db.Tx) error { _, err := tx.PruneFingerprints(at(0), 1); return err },
		"PutMatch":         func(tx db.Tx) error { return tx.PutMatch(db.Match{Basis: db.BasisPublic}) },
		"PruneMatches":     func(tx db.Tx) error { _, err := tx.PruneMatches(at(9), 1); return err },
		"PutConsent":       func(tx db.Tx) error { return tx.PutConsent(db.Consent{Kind: conversation.ConsentMatching}) },
		"PutActionText":    func(tx db.Tx) error { return tx.PutActionText("a", nil) },
		"DropActionText":   func(tx db.Tx) error { return tx.DropActionText("a") },
		"PutSlot":          func(tx db.Tx) error { return tx.PutSlot("b", "u", "n", nil) },
		"PutRuleSet":       func(tx db.Tx) error { return tx.PutRuleSet(db.RuleSet{}) },
		"SetMeta":          func(tx db.Tx) error { return tx.SetMeta("k", "v") },
	} {
		err := s.Read(context.Background(), func(tx db.Tx) error {
			if method(tx) == nil {
				t.Errorf("%s wrote in a Read", name)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	same(t, "meta", metaOf(t, s, "k"), "")
}

// testReadsInParallel holds two snapshots at once, with a writer beside them.
func testReadsInParallel(t *testing.T, s db.Store, _ Features) {
	var both, wg sync.WaitGroup
	both.Add(2)
	for range 2 {
		wg.Go(func() {
			err := s.Read(context.Background(), func(tx db.Tx) error {
				_, err := tx.Meta("k")
				both.Done()
				both.Wait()
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	write(t, s, func(tx db.Tx) error { return tx.SetMeta("k", "v") })
	wg.Wait()
}

func testContextEndsTheWait(t *testing.T, s db.Store, _ Features) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, call := range map[string]func(context.Context, func(db.Tx) error) error{"Write": s.Write, "Read": s.Read} {
		err := call(ended, func(db.Tx) error {
			t.Errorf("%s ran on an ended context", name)
			return nil
		})
		wantErr(t, name, err, context.Canceled)
	}
	write(t, s, func(db.Tx) error { // holds the writer
		short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		wantErr(t, "a second Write", s.Write(short, func(db.Tx) error { return nil }), context.DeadlineExceeded)
		return nil
	})
}

func testClosed(t *testing.T, s db.Store, _ Features) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func(context.Context, func(db.Tx) error) error{"Write": s.Write, "Read": s.Read} {
		if err := call(context.Background(), func(db.Tx) error { return nil }); err == nil {
			t.Errorf("%s after Close: no error", name)
		}
	}
}
