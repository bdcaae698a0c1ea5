package incident

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/audit/bundle"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

var (
	key  = event.Key("incident tests: 32 bytes of a key")
	from = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	to   = from.Add(3 * time.Hour)
	now  = to.Add(time.Hour)
)

const (
	user  = "770000000000000771"
	words = "quixotic walrus"
	dm    = "880000000000000881" // X's id of a DM
)

// clock is what the audit chain notes.
type clock struct{ now time.Time }

// day is a database in which everything happened before, in and after the period,
// with two bots.
func day(t *testing.T) (s, below db.Store) {
	t.Helper()
	ctx := t.Context()
	engine, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(t.TempDir(), "i.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	below = engine
	signer, err := audit.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{from.AddDate(0, 0, -9)}
	s, err = audit.Open(ctx, below, audit.Options{Key: key, Signer: signer, Now: func() time.Time { return c.now }})
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range []time.Time{from.Add(-time.Millisecond), from, to.Add(-time.Millisecond), to} {
		c.now = at
		err := s.Write(ctx, func(tx db.Tx) error {
			id := func(what string) string { return fmt.Sprint(what, "-", i) }
			errs := []error{
				tx.AppendOperatorAct(db.OperatorAct{ID: id("o"), At: at, By: "ann", Role: db.RoleAgent, Did: "read the text", On: "id a-0 bot desk"}),
				tx.AppendOperatorAct(db.OperatorAct{ID: id("p"), At: at, By: "bob", Role: db.RoleAgent, Did: "pause", On: "bot shop"}),
				tx.AddHandout(db.Handout{Question: id("q"), Attempt: 1, At: at, Bot: "desk", To: "models.acme.example", What: "dm", Bytes: 40}),
				tx.PutReceipt(db.Receipt{ID: id("r"), Cause: db.CauseUser, TriggeredAt: at, DueAt: at.Add(time.Hour), At: at, Counts: `{}`}),
				tx.PutConfigVersion(db.ConfigVersion{At: at, Hash: id("c"), Changed: "bots.desk.send", Keys: "{}"}),
				tx.PutSuppression(conversation.Suppression{UserHash: key.User(fmt.Sprint(user, i)), OptedOut: true, At: at, Tier: conversation.TierHard}),
				tx.AddCount(db.Count{Day: at.Truncate(24 * time.Hour), Bot: "desk", Kind: audit.CountDecision, Name: audit.DecisionCount("draft", "allow", "desk.reply", nil), N: 1}),
			}
			for bot, kind := range map[string]event.ActionKind{"desk": event.Reply, "shop": event.DM} {
				a := db.Action{
					ID: id(bot), Bot: bot, Interaction: id("i"), Kind: kind, Purpose: event.Answer, User: user, ReplyTo: "5", Event: id("e"),
					State: event.Pending, CreatedAt: at, UpdatedAt: at, DueAt: at, ExpiresAt: at.Add(time.Hour),
					Decision: []byte("{}"), Draft: []byte("{}"), DecisionID: id("d"), RuleSet: "sha256:01",
				}
				errs = append(errs, tx.InsertAction(a), tx.PutActionText(a.ID, []byte(words)))
				a.State, a.Attempts = event.Attempting, 1
				errs = append(errs, tx.UpdateAction(a, event.Pending))
				a.State, a.RemoteID = event.Sent, fmt.Sprint("99", i)
				if kind == event.DM {
					a.RemoteID = fmt.Sprint(dm, i)
				}
				errs = append(errs, tx.UpdateAction(a, event.Attempting))
			}
			return errors.Join(errs...)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := audit.Give(ctx, s, at, db.Redistribution{Recipient: "a stranger", What: "opt-outs", IDs: 3, By: "ann"}); err != nil {
			t.Fatal(err)
		}
	}
	err = s.Write(ctx, func(tx db.Tx) error {
		return errors.Join(
			tx.PutToken(db.Token{Bot: "desk", State: db.TokenLive, LoginAt: from, Sealed: []byte("x")}),
			tx.PutOperator(db.Operator{Name: "ann", Role: db.RoleAgent, CreatedAt: from.AddDate(-1, 0, 0), TokenAt: from}),
			tx.PutOperator(db.Operator{Name: "carl", Role: db.RoleAdmin, CreatedAt: from.AddDate(-1, 0, 0), RemovedAt: from.Add(-time.Hour)}))
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, below
}

func audited(t *testing.T) db.Store {
	s, _ := day(t)
	return s
}

func collect(t *testing.T, s db.Store, bot string) Evidence {
	t.Helper()
	e, err := Collect(context.Background(), s, Options{From: from, To: to, Now: now, By: "ann", Bot: bot, Key: key, Setup: Setup{
		Accounts: []Account{{"desk", "1", "acme_desk", "acme", "login"}, {"shop", "2", "acme_shop", "acme", "token"}},
		Handlers: []string{"orders"}, Models: []string{"words"}, Desk: true, Bearer: true, Login: true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestPeriod wants what lies in the period, its first moment with it and its end
// without, of one bot or of both.
func TestPeriod(t *testing.T) {
	t.Parallel()
	s := audited(t)
	for bot, want := range map[string]map[string]int{
		"":     {"acts": 4, "actions": 4, "handouts": 2, "given": 2, "deletions": 2, "config": 2, "optouts": 2, "logins": 1, "operators": 1, "accounts": 2, "entries": 4, "decisions": 1},
		"desk": {"acts": 2, "actions": 2, "handouts": 2, "given": 2, "deletions": 2, "config": 2, "optouts": 2, "logins": 1, "operators": 1, "accounts": 1, "entries": 4, "decisions": 1},
		"shop": {"acts": 2, "actions": 2, "handouts": 0, "given": 2, "deletions": 2, "config": 2, "optouts": 2, "logins": 0, "operators": 1, "accounts": 1, "entries": 4, "decisions": 0},
	} {
		e := collect(t, s, bot)
		got := map[string]int{
			"acts": len(e.Acts), "actions": len(e.Actions), "handouts": len(e.Handouts), "given": len(e.Given), "deletions": len(e.Report.Deletions),
			"config": len(e.Report.Config), "optouts": len(e.OptOuts), "logins": len(e.Logins), "operators": len(e.Operators), "accounts": len(e.Setup.Accounts),
			"entries": len(e.Entries), "decisions": len(e.Report.Decisions),
		}
		for what, n := range want {
			if got[what] != n {
				t.Errorf("bot %q: %d %s, want %d", bot, got[what], what, n)
			}
		}
		if !slices.IsSortedFunc(e.Acts, func(a, b Act) int { return a.At.Compare(b.At) }) {
			t.Errorf("bot %q: acts are not in their order", bot)
		}
		for i, x := range e.Entries {
			if x.At.Before(from) || !x.At.Before(to) || i > 0 && x.Prev != e.Entries[i-1].Hash {
				t.Errorf("bot %q: entry %d of %s at %v does not follow the one before", bot, x.Seq, x.Writer, x.At)
			}
		}
	}
	for _, o := range []Options{{From: to, To: from, Now: now}, {From: from, To: from, Now: now}, {From: now.Add(time.Hour), To: now.Add(2 * time.Hour), Now: now}} {
		if _, err := Collect(t.Context(), s, o); !errors.Is(err, ErrPeriod) {
			t.Errorf("from %v to %v: got %v, want ErrPeriod", o.From, o.To, err)
		}
	}
}

func TestV31NobodyIsNamed(t *testing.T) {
	t.Parallel()
	m, err := collect(t, audited(t), "").Files()
	if err != nil {
		t.Fatal(err)
	}
	marked := 0
	for _, f := range m.Files {
		for _, no := range []string{user, words, dm} {
			if strings.Contains(string(f.Data), no) {
				t.Errorf("%s holds %q", f.Name, no)
			}
		}
		if strings.Contains(string(f.Data), Mark(key, user)) {
			marked++
		}
	}
	if marked != 1 { // by its mark it is found, in actions
		t.Errorf("%d files name the user by their mark, want 1", marked)
	}
	if m.PostIDs != 2 {
		t.Errorf("%d ids of posts, want 2", m.PostIDs)
	}
}

func TestV32Checksums(t *testing.T) {
	t.Parallel()
	m, err := collect(t, audited(t), "").Files()
	if err != nil {
		t.Fatal(err)
	}
	data := map[string][]byte{}
	for _, f := range m.Files {
		data[f.Name] = f.Data
	}
	sums := data[Folder+"/"+bundle.Sums]
	if got := fmt.Sprintf("%x", sha256.Sum256(sums)); got != m.Sum {
		t.Errorf("the sum of the sums: got %s, want %s", m.Sum, got)
	}
	delete(data, Folder+"/"+bundle.Sums)
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if got := fmt.Sprintf("%x", sha256.Sum256(data[Folder+"/"+name])); got != sum {
			t.Errorf("%s: its sum is %s, and %s stands there", name, got, sum)
		}
		delete(data, Folder+"/"+name)
	}
	delete(data, NoticeFile)
	delete(data, ChecklistFile)
	for name := range data {
		t.Errorf("%s has no checksum", name)
	}
}

func TestV33Gaps(t *testing.T) {
	t.Parallel()
	e := collect(t, audited(t), "")
	m, err := e.Files()
	if err != nil {
		t.Fatal(err)
	}
	text := string(m.Files[0].Data)
	if n := strings.Count(text, "[FILL IN:"); n != len(m.Gaps) || n < 10 {
		t.Errorf("%d gaps are marked, and %d listed", n, len(m.Gaps))
	}
	for _, want := range []string{
		"opened by operators         2 times, by one operator\n", "    a stranger: 2 times, 6 ids, 0 whole posts or users\n",
		"2 times, to models.acme.example\n", "sent                                      2 dm, 2 reply\n", "@acme_desk (user id 1), run by @acme",
		"nothing was changed, removed or put in past the host", "2 done, 0 open",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the notice lacks %q:\n%s", want, text)
		}
	}
	list := string(m.Files[1].Data)
	at := -1
	for _, want := range []string{
		"[ ] beckon pause --all", "[ ] beckon logout desk", "[ ] bot shop speaks by token", "sha256sum -c SHA256SUMS", "fill in notice-to-x.txt", "[ ] beckon operators rotate ann",
		"app's consumer secret", "app.client_secret", "app.bearer", "beckon subscribe --dry", "beckon key rotate", "handlers.orders.token", "handlers.words.model.key", "desk.secret", "data_dir/audit.key", "beckon login desk", "beckon resume --all",
	} {
		i := strings.Index(list, want)
		if i < at {
			t.Errorf("the checklist has %q not after what comes before it:\n%s", want, list)
		}
		at = max(at, i)
	}
	if strings.Contains(list, "rotate carl") {
		t.Error("the checklist has an operator who left")
	}
	// What was done is ticked.
	e.Switches = []Switch{{Bot: db.AllBots, Paused: true, By: "ann", At: from}}
	e.Logins[0].State = db.TokenEnded
	if m, err = e.Files(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"[x] beckon pause --all", "[x] beckon logout desk"} {
		if !strings.Contains(string(m.Files[1].Data), want) {
			t.Errorf("the checklist lacks %q", want)
		}
	}
	for _, want := range []string{"all accounts: nothing has been sent since 2026-03-02T09:00:00Z", "bot desk: its login has ended"} {
		if !strings.Contains(string(m.Files[0].Data), want) {
			t.Errorf("the notice lacks %q", want)
		}
	}
}

// TestTamperedIsTold ends an opt-out past the host.
func TestTamperedIsTold(t *testing.T) {
	t.Parallel()
	s, below := day(t)
	err := below.Write(t.Context(), func(tx db.Tx) error {
		return tx.PutSuppression(conversation.Suppression{UserHash: key.User(user + "1"), At: from, Tier: conversation.TierHard})
	})
	if err != nil {
		t.Fatal(err)
	}
	e := collect(t, s, "")
	m, err := e.Files()
	if err != nil {
		t.Fatal(err)
	}
	if e.Faults() != 1 || !strings.Contains(string(m.Files[0].Data), "NO: the audit chain has 1 fault") {
		t.Errorf("%d faults, want 1; the notice:\n%s", e.Faults(), m.Files[0].Data)
	}
}
