package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

var (
	key  = event.Key("bundle tests: a key of 32 bytes .")
	from = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	to   = time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)
	now  = time.Date(2026, 3, 30, 8, 0, 0, 0, time.UTC)
)

// month is a database of a month in which something of everything happened.
func month(t *testing.T) *audit.Store {
	t.Helper()
	ctx := context.Background()
	below, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(t.TempDir(), "b.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = below.Close() })
	signer, err := audit.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := audit.Open(ctx, below, audit.Options{Key: key, Signer: signer, Now: func() time.Time { return from }})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Write(ctx, func(tx db.Tx) error {
		for d := range 28 {
			day := from.AddDate(0, 0, d)
			n := int64(400 + 300*(d%7) - d*7)
			for _, c := range []db.Count{
				{Kind: audit.CountDecision, Name: audit.DecisionCount("draft", "allow", "desk.reply", nil), N: n},
				{Kind: audit.CountDecision, Name: audit.DecisionCount("claim", "allow", "desk.reply", nil), N: n - 20},
				{Kind: audit.CountDecision, Name: audit.DecisionCount("draft", "hold", "x.ai", []string{"ai"}), N: n / 9},
				{Kind: audit.CountDecision, Name: audit.DecisionCount("draft", "deny", "x.opted-out", []string{"opted-out", "not-confirmation"}), N: n / 14},
				{Kind: audit.CountDecision, Name: audit.DecisionCount("", "none", "", nil), N: n / 3},
				{Kind: audit.CountOptOut, Name: audit.OptOutLag(200 * time.Millisecond), N: 5},
				{Kind: audit.CountOptOut, Name: audit.OptOutLag(3 * time.Second), N: 1},
			} {
				c.Day, c.Bot = day, "desk"
				if err := tx.AddCount(c); err != nil {
					return err
				}
			}
		}
		for i, a := range []db.Activation{
			{At: from.AddDate(0, -2, 0), Set: "sha256:0101", Packs: "platform 2026-01-01, desk 1.0.0", Why: "start"},
			{At: from.AddDate(0, -1, 0), Set: "sha256:0202", Packs: "platform 2026-01-01, desk 1.1.0", Why: "file changed"},
			{At: from.AddDate(0, 0, 9), Set: "sha256:0303", Packs: "platform 2026-03-01, desk 1.2.0", Why: "reload by ann"},
			{At: to.AddDate(0, 0, 1), Set: "sha256:0404", Packs: "platform 2026-03-01, desk 2.0.0", Why: "later"},
		} {
			a.Bot, a.Was = "desk", fmt.Sprint(i)
			if err := tx.PutActivation(a); err != nil {
				return err
			}
		}
		for i, r := range []db.Receipt{
			{ID: "r-1", Cause: db.CauseUser, TriggeredAt: from.Add(time.Hour), At: from.Add(2 * time.Hour), Counts: `{"decisions":4,"texts":2}`},
			{ID: "r-2", Cause: db.CauseX, TriggeredAt: from.Add(30 * time.Hour), At: from.Add(60 * time.Hour), Counts: `{"texts":1}`},
		} {
			r.DueAt = r.TriggeredAt.Add(24 * time.Hour)
			if err := tx.PutReceipt(r); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return errorsOf(
			tx.AddHandout(db.Handout{Question: "q-1", Attempt: 1, At: from.Add(time.Hour), Bot: "desk", To: "models.acme.example", What: "dm"}),
			tx.AddHandout(db.Handout{Question: "q-1", Attempt: 2, At: from.Add(2 * time.Hour), Bot: "desk", To: "models.acme.example", What: "dm"}),
			tx.AddHandout(db.Handout{Question: "q-2", Attempt: 1, At: to, Bot: "desk", To: "models.acme.example", What: "dm"}),
			tx.PutSuppression(conversation.Suppression{UserHash: key.User("4711"), OptedOut: true, At: from, EventID: "e", Tier: conversation.TierHard}),
			tx.PutConfigVersion(db.ConfigVersion{At: from.Add(time.Hour), Hash: "0123456789abcdef", Changed: "bots.desk.send listen", Keys: "{}"}),
			tx.PutConfigVersion(db.ConfigVersion{At: to.Add(time.Hour), Hash: "f", Changed: "later", Keys: "{}"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []struct {
		at time.Time
		r  db.Redistribution
	}{
		{from.AddDate(0, 0, -10), db.Redistribution{Recipient: "University of X", IDs: 900_000}},
		{from.AddDate(0, 0, 3), db.Redistribution{Recipient: "university of x", IDs: 500_000}},
		{from.AddDate(0, 0, 25), db.Redistribution{Recipient: "University of X", IDs: 1000, Hydrated: 480}},
		{from.AddDate(0, 0, 25).Add(time.Hour), db.Redistribution{Recipient: "University of X", Hydrated: 20}},
		{from.AddDate(0, 0, -10), db.Redistribution{Recipient: "of before", IDs: 1}},
	} {
		g.r.What, g.r.By = "posts", "ann"
		if _, err := audit.Give(context.Background(), s, g.at, g.r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Checkpoint(context.Background(), now); err != nil {
		t.Fatal(err)
	}
	return s
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func collect(t *testing.T) Report {
	t.Helper()
	r, err := Collect(context.Background(), month(t), Options{
		From: from, To: to, Now: now, By: "ann", For: "X Corp.", Key: key,
		Use: []Line{{"What for", "support <b>desk</b>"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCollect(t *testing.T) {
	t.Parallel()
	r := collect(t)
	if len(r.Chain.Faults) > 0 {
		t.Errorf("chain: %v", r.Chain.Faults)
	}
	if len(r.Rules) != 2 || r.Rules[0].Set != "sha256:0202" || !r.Rules[0].To.Equal(from.AddDate(0, 0, 9)) || r.Rules[1].Set != "sha256:0303" {
		t.Errorf("rules in force: got %+v", r.Rules)
	}
	if len(r.Decisions) != 28*5 || r.Decisions[0].Day != "2026-03-01" {
		t.Errorf("got %d rows of decisions", len(r.Decisions))
	}
	var denied Decisions
	for _, d := range r.Decisions {
		if d.Decision == "deny" {
			denied = d
		}
	}
	if denied.Rule != "x.opted-out" || denied.Reason != "opted-out,not-confirmation" || denied.Stage != "draft" {
		t.Errorf("a denial by rule and reason: got %+v", denied)
	}
	if r.OptOuts.Standing != 1 || r.OptOuts.Within[0] != (Within{"1 s", 140}) || r.OptOuts.Within[1] != (Within{"5 s", 28}) {
		t.Errorf("opt-outs: got %+v", r.OptOuts)
	}
	if len(r.Deletions) != 2 || !r.Deletions[0].InTime || r.Deletions[1].InTime {
		t.Errorf("deletions: got %+v, want the second late", r.Deletions)
	}
	want := Given{
		Recipient: "University of X", What: []string{"posts"}, Times: 3, IDs: 501_000, Hydrated: 500,
		MostIDs: 1_400_000, MostObjects: 500, CapIDs: 1_500_000, CapObjects: 500,
	}
	if len(r.Given) != 1 || fmt.Sprint(r.Given[0]) != fmt.Sprint(want) {
		t.Errorf("given: got %+v, want %+v", r.Given, want)
	}
	if len(r.Handlers) != 1 || r.Handlers[0] != (Handler{"models.acme.example", "dm", 2, 2}) {
		t.Errorf("handlers elsewhere: got %+v", r.Handlers)
	}
	if len(r.Config) != 1 || r.Config[0].Changed != "bots.desk.send listen" {
		t.Errorf("configurations: got %+v", r.Config)
	}
	_, err := Collect(context.Background(), month(t), Options{From: to, To: from, Key: key})
	if err == nil {
		t.Error("an empty period: want an error")
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	r := collect(t)
	dir := filepath.Join(t.TempDir(), "bundle")
	names, err := Write(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	if keep := os.Getenv("BECKON_AUDIT_PAGE"); keep != "" { // to look at it
		page, _ := os.ReadFile(filepath.Join(dir, "report.html"))
		if err := os.WriteFile(keep, page, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	sums := read("SHA256SUMS")
	for _, name := range names {
		text := read(name)
		for _, secret := range []string{"4711", key.User("4711"), "day_usd", "rate_limit"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
		if name != "SHA256SUMS" && !strings.Contains(sums, fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(text)), name)) {
			t.Errorf("the checksum of %s is missing or wrong", name)
		}
		if strings.HasSuffix(name, ".jsonl") {
			for line := range strings.Lines(text) {
				if !json.Valid([]byte(line)) {
					t.Errorf("%s: not JSON: %s", name, line)
				}
			}
		}
	}
	var m Manifest
	if err := json.Unmarshal([]byte(read("manifest.json")), &m); err != nil || len(m.Files) != len(names)-2 || len(m.LeftOut) == 0 {
		t.Errorf("manifest: %d files, %d left out, %v", len(m.Files), len(m.LeftOut), err)
	}
	marked := 0
	for _, f := range m.Files {
		if f.Confidential != ForX && f.Confidential != Inside {
			t.Errorf("%s is marked %q", f.Name, f.Confidential)
		}
		if f.Confidential == Inside {
			marked++
		}
	}
	if marked == 0 {
		t.Error("nothing is marked confidential")
	}
	page := read("report.html")
	for _, want := range []string{
		"support &lt;b&gt;desk&lt;/b&gt;", "<svg", "x.opted-out", "opted-out, not-confirmation", "desk 1.2.0", "1 past their deadline",
		"1\u2009400\u2009000 of 1\u2009500\u2009000", "beckon.audit/v1", "Intact", "@media print",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, bad := range []string{"<script", "http://", "https://", "of before", "<no value>"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if _, err := Write(dir, r); err == nil {
		t.Error("over a bundle that is there: want an error")
	}
}

func TestNice(t *testing.T) {
	t.Parallel()
	for most, want := range map[float64]float64{0: 4, 3: 4, 5: 8, 9: 10, 11: 20, 399: 400, 401: 800, 801: 1000} {
		if got := nice(most); got != want {
			t.Errorf("top of a scale for %g: got %g, want %g", most, got, want)
		}
	}
}

func TestBins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		days, want int
	}{{1, 1}, {60, 60}, {70, 10}, {366, 53}, {730, 24}} {
		r := Report{From: from, To: from.AddDate(0, 0, c.days)}
		if got, _ := r.bins(); len(got) != c.want {
			t.Errorf("%d days: got %d bars, want %d", c.days, len(got), c.want)
		}
	}
}

func TestPut(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "out")
	files := []File{{Name: "a.txt", Data: []byte("a")}, {Name: "in/b.txt", Data: []byte("b")}}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if names, err := Put(dir, files); err != nil || len(names) != 2 {
		t.Fatalf("into an empty folder: got %v, %v", names, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "in", "b.txt")); err != nil || string(b) != "b" {
		t.Errorf("a file in a folder: got %q, %v", b, err)
	}
	for what, c := range map[string]struct {
		dir   string
		files []File
		want  string
	}{
		"a folder that holds something": {dir, files, "is there already, and not empty"},
		"a file":                        {filepath.Join(dir, "a.txt"), files, "not a directory"},
		"a way out":                     {filepath.Join(parent, "new"), []File{files[0], {Name: "../c.txt"}}, "is no name of a file"},
		"nowhere":                       {filepath.Join(parent, "none", "new"), files, "no such file"},
	} {
		if _, err := Put(c.dir, c.files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", what, err, c.want)
		}
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) != 1 || left[0].Name() != "out" {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "a.txt")); err != nil || string(b) != "a" {
		t.Errorf("what was there was changed: %q, %v", b, err)
	}
}
