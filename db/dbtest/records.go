package dbtest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// testEmpty asks an empty store everything.
func testEmpty(t *testing.T, s db.Store, _ Features) {
	zero := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		same(t, what, got, want)
	}
	none := func(what string, err error) {
		t.Helper()
		wantErr(t, what, err, db.ErrNotFound)
	}
	ask := func(tx db.Tx) error {
		c, err := tx.Conversation("b", "u")
		zero("Conversation", c, conversation.Conversation{Bot: "b", User: "u"}, err)
		i, err := tx.Interaction("b", "k")
		zero("Interaction", i, conversation.Interaction{Bot: "b", Key: "k"}, err)
		sup, err := tx.Suppression("h")
		zero("Suppression", sup, conversation.Suppression{UserHash: "h"}, err)
		outs, err := tx.OptedOut("", 10)
		zero("OptedOut", len(outs), 0, err)

		_, err = tx.Action("a")
		none("Action", err)
		_, err = tx.ActionByRemoteID("b", "r")
		none("ActionByRemoteID", err)
		_, err = tx.ActionByRemoteID("b", "")
		none("ActionByRemoteID of nothing", err)
		for what, list := range lists(tx) {
			got, err := list()
			zero(what, len(got), 0, err)
		}
		next, err := tx.NextDue()
		zero("NextDue", next, time.Time{}, err)
		counts, err := tx.CountActions()
		zero("CountActions", len(counts), 0, err)

		decisions, err := tx.ListDecisions(10)
		zero("ListDecisions", len(decisions), 0, err)
		found, older, err := tx.FindDecisions(db.DecisionFilter{Look: 10})
		zero("FindDecisions", len(found)+int(older), 0, err)
		sw, err := tx.Switch("b")
		zero("Switch", sw, db.Switch{Bot: "b"}, err)
		switches, err := tx.ListSwitches()
		zero("ListSwitches", len(switches), 0, err)
		letters, err := tx.ListDeadLetters(10)
		zero("ListDeadLetters", len(letters), 0, err)
		_, err = tx.DeadLetter("d")
		none("DeadLetter", err)
		n, err := tx.CountDeadLetters()
		zero("CountDeadLetters", n, int64(0), err)
		echoes, err := tx.EchoesTo("b", "u")
		zero("EchoesTo", len(echoes), 0, err)
		prints, err := tx.FingerprintsSince(time.Time{}, "a", 10)
		zero("FingerprintsSince", len(prints), 0, err)
		consents, err := tx.ConsentsOf("b", "u")
		zero("ConsentsOf", len(consents), 0, err)
		matches, err := tx.MatchesOf("b", "u")
		zero("MatchesOf", len(matches), 0, err)
		matches, err = tx.OpenMatchesOf("u")
		zero("OpenMatchesOf", len(matches), 0, err)
		matches, err = tx.OpenMatchesBy("e")
		zero("OpenMatchesBy", len(matches), 0, err)
		matches, err = tx.ExpiredMatches(at(9), 10)
		zero("ExpiredMatches", len(matches), 0, err)
		matches, err = tx.AllMatches()
		zero("AllMatches", len(matches), 0, err)
		consents, err = tx.StandingConsents("u")
		zero("StandingConsents", len(consents), 0, err)
		l, err := tx.Lookup("a")
		zero("Lookup", l, db.Lookup{Action: "a"}, err)
		l, err = tx.NextLookup()
		zero("NextLookup", l, db.Lookup{}, err)
		_, err = tx.Reminder("r")
		none("Reminder", err)
		due, err := tx.DueReminders(at(9), 10)
		zero("DueReminders", len(due), 0, err)
		next, err = tx.NextReminder()
		zero("NextReminder", next, time.Time{}, err)
		_, err = tx.Question("q")
		none("Question", err)
		_, err = tx.QuestionText("q")
		none("QuestionText", err)
		asked, err := tx.DueQuestions(at(0), 10)
		zero("DueQuestions", len(asked), 0, err)
		asked, err = tx.OpenQuestionsTo("u")
		zero("OpenQuestionsTo", len(asked), 0, err)
		next, err = tx.NextQuestion()
		zero("NextQuestion", next, time.Time{}, err)
		handed, err := tx.CountHandouts("h", at(0))
		zero("CountHandouts", handed, int64(0), err)
		handouts, err := tx.ListHandouts(10)
		zero("ListHandouts", len(handouts), 0, err)
		_, err = tx.ActionText("a")
		none("ActionText", err)
		slots, err := tx.Slots("b", "u")
		zero("Slots", len(slots), 0, err)
		_, err = tx.RuleSet("h")
		none("RuleSet", err)
		windows, err := tx.RateWindows("e", "o")
		zero("RateWindows", len(windows), 0, err)
		windows, err = tx.ListRateWindows()
		zero("ListRateWindows", len(windows), 0, err)
		capped, err := tx.Cap("o")
		zero("Cap", capped, db.Cap{Owner: "o"}, err)
		posts, err := tx.CountPosts("b", time.Time{})
		zero("CountPosts", posts, int64(0), err)
		spent, err := tx.Spending("b", time.Time{}, at(0))
		zero("Spending", len(spent), 0, err)
		_, err = tx.Token("b")
		none("Token", err)
		tokens, err := tx.ListTokens()
		zero("ListTokens", len(tokens), 0, err)
		m, err := tx.Meta("k")
		zero("Meta", m, "", err)
		return nil
	}
	read(t, s, ask)
	write(t, s, func(tx db.Tx) error {
		n, err := tx.PruneSeen(at(0), 10)
		zero("PruneSeen", n, 0, err)
		n, err = tx.PruneDecisions(at(0), 10)
		zero("PruneDecisions", n, 0, err)
		n, err = tx.PruneFingerprints(at(0), 10)
		zero("PruneFingerprints", n, 0, err)
		wantErr(t, "UpdateAction", tx.UpdateAction(pending("a"), "pending"), db.ErrStale)
		return errors.Join(tx.DropActionText("a"), tx.DropDeadLetter("d"), tx.DropEcho("b", "r"), tx.DropFingerprint("a"), tx.DropLookup("a"),
			tx.DropReminder("r"), tx.DropReminders("b", "u"), tx.DropSlots("b", "u"))
	})
	read(t, s, ask)
}

// lists are the queries that list actions.
func lists(tx db.Tx) map[string]func() ([]db.Action, error) {
	all := map[string]func() ([]db.Action, error){
		"DueActions":     func() ([]db.Action, error) { return tx.DueActions(at(0), 10) },
		"ExpiredActions": func() ([]db.Action, error) { return tx.ExpiredActions(at(0), 10) },
		"OpenActionsTo":  func() ([]db.Action, error) { return tx.OpenActionsTo("u") },
		"UnsettledTo":    func() ([]db.Action, error) { return tx.UnsettledTo("b", "u") },
		"ActionsOf":      func() ([]db.Action, error) { return tx.ActionsOf("b", "k") },
		"ListActions":    func() ([]db.Action, error) { return tx.ListActions(db.ActionFilter{}) },
	}
	for _, st := range States() {
		all["InState "+string(st)] = func() ([]db.Action, error) { return tx.InState(st, 10) }
	}
	return all
}

// testRoundTrip puts every record with every field set and reads it back; then
// puts over it the record with only its keys, so that a column missing from an
// update shows too.
func testRoundTrip(t *testing.T, s db.Store, _ Features) {
	trip(t, s, "Conversation", conversation.Conversation{Bot: "b", User: "u"},
		db.Tx.PutConversation,
		func(tx db.Tx, c conversation.Conversation) (conversation.Conversation, error) {
			got, err := tx.Conversation(c.Bot, c.User)
			got.Version-- // one higher than given
			return got, err
		})
	trip(t, s, "Interaction", conversation.Interaction{Bot: "b", Key: "k"},
		db.Tx.PutInteraction,
		func(tx db.Tx, i conversation.Interaction) (conversation.Interaction, error) {
			return tx.Interaction(i.Bot, i.Key)
		})
	trip(t, s, "Suppression", conversation.Suppression{UserHash: "h"},
		db.Tx.PutSuppression,
		func(tx db.Tx, p conversation.Suppression) (conversation.Suppression, error) {
			return tx.Suppression(p.UserHash)
		})
	trip(t, s, "DeskNotice", db.DeskNotice{ID: "d", Bot: "b", User: "u"},
		db.Tx.PutDeskNotice,
		func(tx db.Tx, n db.DeskNotice) (db.DeskNotice, error) { return tx.DeskNotice(n.Bot, n.User) })
	trip(t, s, "Switch", db.Switch{Bot: "b"},
		db.Tx.PutSwitch,
		func(tx db.Tx, w db.Switch) (db.Switch, error) { return tx.Switch(w.Bot) })
	trip(t, s, "Restore", db.Restore{ID: "r"},
		db.Tx.PutRestore,
		func(tx db.Tx, _ db.Restore) (db.Restore, error) { return tx.LastRestore() })
	trip(t, s, "RuleSet", db.RuleSet{Hash: "h"},
		db.Tx.PutRuleSet,
		func(tx db.Tx, r db.RuleSet) (db.RuleSet, error) { return tx.RuleSet(r.Hash) })
	trip(t, s, "Echo", db.Echo{Bot: "b", RemoteID: "r", User: "u"},
		db.Tx.PutEcho,
		func(tx db.Tx, e db.Echo) (db.Echo, error) {
			got, err := tx.EchoesTo(e.Bot, e.User)
			if err != nil || len(got) != 1 {
				return db.Echo{}, fmt.Errorf("%d echoes: %w", len(got), err)
			}
			return got[0], nil
		})
	trip(t, s, "Decision", db.Decision{},
		db.Tx.AppendDecision,
		func(tx db.Tx, _ db.Decision) (db.Decision, error) {
			got, err := tx.ListDecisions(1)
			if err != nil || len(got) != 1 {
				return db.Decision{}, fmt.Errorf("%d decisions: %w", len(got), err)
			}
			return got[0], nil
		})
	trip(t, s, "Fingerprint", db.Fingerprint{Action: "a", Bot: "b", Kind: event.Post},
		db.Tx.PutFingerprint,
		func(tx db.Tx, f db.Fingerprint) (db.Fingerprint, error) {
			got, err := tx.FingerprintsSince(time.Time{}, "", 10)
			if err != nil {
				return db.Fingerprint{}, err
			}
			for _, g := range got {
				if g.Action == f.Action {
					return g, nil
				}
			}
			return db.Fingerprint{}, fmt.Errorf("%d fingerprints, none of it", len(got))
		})
	trip(t, s, "Consent", db.Consent{Bot: "b", User: "u", Kind: conversation.ConsentMatching},
		db.Tx.PutConsent,
		func(tx db.Tx, c db.Consent) (db.Consent, error) {
			got, err := tx.ConsentsOf(c.Bot, c.User)
			if err != nil {
				return db.Consent{}, err
			}
			for _, g := range got {
				if g.Kind == c.Kind {
					return g, nil
				}
			}
			return db.Consent{}, fmt.Errorf("%d consents, none of it", len(got))
		})
	var version int64 // each put is on top of the one before
	trip(t, s, "Token", db.Token{Bot: "b", State: db.TokenLive},
		func(tx db.Tx, k db.Token) error {
			k.Version = version
			version++
			return tx.PutToken(k)
		},
		func(tx db.Tx, k db.Token) (db.Token, error) {
			got, err := tx.Token(k.Bot)
			got.Version = k.Version
			if k.Sealed == nil && len(got.Sealed) == 0 {
				got.Sealed = nil
			}
			return got, err
		})
	tripBudget(t, s)
	tripDeadLetter(t, s)
	tripAction(t, s)
}

func trip[T any](t *testing.T, s db.Store, name string, keys T, put func(db.Tx, T) error, back func(db.Tx, T) (T, error)) {
	t.Helper()
	for _, want := range append(variants[T](), keys) {
		// All variants share their keys: each put is an update of the one before.
		overlay(&want, keys)
		write(t, s, func(tx db.Tx) error { return put(tx, want) })
		got := get(t, s, func(tx db.Tx) (T, error) { return back(tx, want) })
		same(t, name, got, want)
	}
}

// overlay sets the fields of v that are not zero in keys.
func overlay[T any](v *T, keys T) {
	from, to := reflect.ValueOf(keys), reflect.ValueOf(v).Elem()
	for i := range from.NumField() {
		if !from.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
}

func tripDeadLetter(t *testing.T, s db.Store) {
	t.Helper()
	want := full[db.DeadLetter]()
	write(t, s, func(tx db.Tx) error { return tx.AppendDeadLetter(want) })
	got := get(t, s, func(tx db.Tx) (db.DeadLetter, error) { return tx.DeadLetter(want.ID) })
	same(t, "DeadLetter", got, want)
}

func tripAction(t *testing.T, s db.Store) {
	t.Helper()
	all := variants[db.Action]()
	for _, st := range States() {
		a := full[db.Action]()
		a.State = st
		all = append(all, a)
	}
	all = append(all, db.Action{Kind: "dm", Purpose: "answer", State: "hold"})
	for i, want := range all {
		want.ID = fmt.Sprint("a", i)
		want.Interaction = fmt.Sprint("i", i)
		if want.RemoteID != "" {
			want.RemoteID = fmt.Sprint("r", i)
		}
		write(t, s, func(tx db.Tx) error { return PutAction(tx, want) })
		got := get(t, s, func(tx db.Tx) (db.Action, error) { return tx.Action(want.ID) })
		same(t, "Action as "+string(want.State), got, want)
	}
}

// testOddText sends text through every kind of column that takes a stranger's.
func testOddText(t *testing.T, s db.Store, f Features) {
	texts := []string{
		"", " ", "'; DROP TABLE actions; --", "%_\\", "?1 :a @b $c", "line\nline\r\n\ttab",
		"👩‍👩‍👧‍👦 \u202eRTL\u202c e\u0301", "\U0010ffff", "\ufeff", strings.Repeat("é", 1<<19),
	}
	if f.RawText {
		texts = append(texts, "a\x00b", "\x00", "\xff\xfe\x80")
	}
	for i, text := range texts {
		label := fmt.Sprintf("text %d", i)
		c := conversation.Conversation{Bot: "b", User: text, HeldReason: text, Flow: text}
		a := pending(fmt.Sprint(i))
		a.Interaction, a.User, a.Reason, a.RemoteID = text, text, text, text
		a.Approval = &db.Approval{By: strings.ToValidUTF8(text, "?"), Rules: []string{"r"}}
		d := db.DeadLetter{ID: text, Raw: []byte(text)}
		write(t, s, func(tx db.Tx) error {
			fresh, err := tx.MarkSeen("b", text, 0, at(0))
			if err == nil && !fresh {
				err = errors.New("seen before: two texts are one key")
			}
			return errors.Join(err,
				tx.PutConversation(c), tx.InsertAction(a), tx.AppendDeadLetter(d),
				tx.PutActionText(a.ID, []byte(text)), tx.PutSlot("b", "u", text, []byte(text)),
				tx.SetMeta(text, text))
		})
		read(t, s, func(tx db.Tx) error {
			gotC, err1 := tx.Conversation("b", text)
			c.Version = 1
			same(t, label+" in a conversation", gotC, c)
			gotA, err2 := tx.Action(a.ID)
			a.CreatedAt, a.DueAt = a.CreatedAt.UTC(), a.DueAt.UTC()
			same(t, label+" in an action", gotA, a)
			gotD, err3 := tx.DeadLetter(text)
			same(t, label+" in a dead letter", string(gotD.Raw), text)
			sealed, err4 := tx.ActionText(a.ID)
			same(t, label+" as sealed text", string(sealed), text)
			slots, err5 := tx.Slots("b", "u")
			same(t, label+" in a slot", string(slots[text]), text)
			m, err6 := tx.Meta(text)
			same(t, label+" in meta", m, text)
			return errors.Join(err1, err2, err3, err4, err5, err6)
		})
	}
}
