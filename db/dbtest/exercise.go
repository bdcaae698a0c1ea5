// Package dbtest holds the one suite that every engine of package db passes,
// and a store that fails on purpose.
//
// What it owns: what "implements db.Store" means, as tests with the numbers D1
// to D5 of package db. What it refuses: to look behind the interface; what only
// one engine can show (files, pragmas, triggers) stands in that engine's tests.
package dbtest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Features are honest differences between engines.
type Features struct {
	// Reopen closes s and opens the same database again. It may not be nil for
	// an engine that keeps anything.
	Reopen func(t *testing.T, s db.Store) db.Store
	// RawText: text columns keep the NUL byte and bytes that are not UTF-8.
	// Postgres refuses both.
	RawText bool
}

// Exercise runs the suite. open makes an empty store that is closed when the
// test ends; a second Close must do no harm there.
func Exercise(t *testing.T, open func(t *testing.T) db.Store, f Features) {
	for name, run := range map[string]func(*testing.T, db.Store, Features){
		"Empty":                   testEmpty,
		"RoundTrip":               testRoundTrip,
		"OddText":                 testOddText,
		"Seen":                    testSeen,
		"ConversationVersion":     testConversationVersion,
		"OptedOut":                testOptedOut,
		"SuppressionsOwed":        testSuppressionsOwed,
		"ListSuppressions":        testListSuppressions,
		"WithPeople":              testWithPeople,
		"Decisions":               testDecisions,
		"DeadLetters":             testDeadLetters,
		"Echoes":                  testEchoes,
		"Lookups":                 testLookups,
		"Matches":                 testMatches,
		"Reminders":               testReminders,
		"FindDecisions":           testFindDecisions,
		"DeskNotices":             testDeskNotices,
		"DeskRemovals":            testDeskRemovals,
		"Questions":               testQuestions,
		"Erasures":                testErasures,
		"Duties":                  testDuties,
		"Recalls":                 testRecalls,
		"ComplianceJobs":          testComplianceJobs,
		"Holdings":                testHoldings,
		"Wipe":                    testWipe,
		"Handouts":                testHandouts,
		"Tokens":                  testTokens,
		"Fingerprints":            testFingerprints,
		"RateWindows":             testRateWindows,
		"PostCounts":              testPostCounts,
		"Spending":                testSpending,
		"AuditChain":              testAuditChain,
		"Walks":                   testWalks,
		"Receipts":                testReceipts,
		"History":                 testHistory,
		"Counts":                  testCounts,
		"TextKeys":                testTextKeys,
		"HeldTextKeys":            testHeldTextKeys,
		"Restores":                testRestores,
		"Operators":               testOperators,
		"OperatorActs":            testOperatorActs,
		"Turns":                   testTurns,
		"Texts":                   testTexts,
		"SwitchesAndMeta":         testSwitchesAndMeta,
		"ActionQueries":           testActionQueries,
		"DueOrder":                testDueOrder,
		"NextDue":                 testNextDue,
		"Expired":                 testExpired,
		"ListActions":             testListActions,
		"UpdateAction":            testUpdateAction,
		"RemoteIDs":               testRemoteIDs,
		"D1RollbackOnError":       testD1RollbackOnError,
		"D1RollbackOnPanic":       testD1RollbackOnPanic,
		"D1OneWriter":             testD1OneWriter,
		"D1OwnWritesAreSeen":      testD1OwnWritesAreSeen,
		"D2Reopen":                testD2Reopen,
		"D3OneRowForAKey":         testD3OneRowForAKey,
		"D3OneReply":              testD3OneReply,
		"D4TerminalStatesStay":    testD4TerminalStatesStay,
		"D4Diagram":               testD4Diagram,
		"D4NothingIsInsertedSent": testD4NothingIsInsertedSent,
		"D5TextNeedsItsAction":    testD5TextNeedsItsAction,
		"ReadSnapshot":            testReadSnapshot,
		"ReadRefusesWrites":       testReadRefusesWrites,
		"ReadsInParallel":         testReadsInParallel,
		"ContextEndsTheWait":      testContextEndsTheWait,
		"Closed":                  testClosed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open(t), f)
		})
	}
}

// day is the suite's clock: a fixed time, in a zone that is not UTC, so that an
// engine that keeps zones is found out.
var day = time.Date(2026, 3, 1, 9, 30, 0, 0, time.FixedZone("", 3600))

func at(seconds int) time.Time { return day.Add(time.Duration(seconds) * time.Second) }

func write(t *testing.T, s db.Store, fn func(tx db.Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s db.Store, fn func(tx db.Tx) error) {
	t.Helper()
	if err := s.Read(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// get reads one value in a transaction of its own.
func get[T any](t *testing.T, s db.Store, fn func(tx db.Tx) (T, error)) T {
	t.Helper()
	var v T
	read(t, s, func(tx db.Tx) (err error) {
		v, err = fn(tx)
		return err
	})
	return v
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != nil && !inUTC(reflect.ValueOf(got)) { // cmp takes equal instants for equal
		t.Errorf("%s: got a time that is not in UTC: %v", what, got)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// States are all states of an action.
func States() []event.State {
	return []event.State{
		event.Hold, event.Pending, event.Attempting, event.Sent,
		event.Failed, event.Unsettled, event.Denied, event.Cancelled,
	}
}

// way leads from the state of a new row to the state.
func way(s event.State) []event.State {
	switch s {
	case event.Attempting:
		return []event.State{event.Pending, event.Attempting}
	case event.Sent, event.Failed, event.Unsettled:
		return []event.State{event.Pending, event.Attempting, s}
	}
	return []event.State{s}
}

// PutAction inserts a and leads it to a.State along the diagram of the action
// log: the schema refuses a new row that says that X was called.
func PutAction(tx db.Tx, a db.Action) error {
	steps := way(a.State)
	a.State = steps[0]
	if err := tx.InsertAction(a); err != nil {
		return err
	}
	for i, next := range steps[1:] {
		a.State = next
		if err := tx.UpdateAction(a, steps[i]); err != nil {
			return err
		}
	}
	return nil
}

// pending makes an action that differs from others of another id in its keys.
func pending(id string) db.Action {
	return db.Action{
		ID: id, Bot: "bot", Interaction: "i-" + id, Kind: event.Reply, Purpose: event.Answer,
		User: "u", State: event.Pending, CreatedAt: at(0), DueAt: at(0),
	}
}

func ids(actions []db.Action) []string {
	var out []string
	for _, a := range actions {
		out = append(out, a.ID)
	}
	return out
}
