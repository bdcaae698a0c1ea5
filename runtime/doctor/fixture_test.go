package doctor

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

var (
	now = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	day = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
)

// healthy are facts in which every check is ok.
func healthy() Facts {
	return Facts{
		Now: now, Running: true, Use: "commercial",
		App: App{
			Tier: "self_serve", Environment: "production", Name: "app 1", Ingest: "webhook", Kept: true, Token: true, Rounds: 6 * time.Hour,
			WaysIn: Fact([]Way{{What: "webhook https://desk.example/x/webhook", Is: "ok"}, {Bot: "desk", What: "dm.received", Is: "ok"}}),
			Skew:   Fact(time.Second),
		},
		Bots: []Bot{{
			Name: "desk", UserID: "900", Username: "desk_bot", Operator: "acme",
			Profile:  Fact(Profile{ID: "900", Username: "desk_bot", Bio: "Bot by @acme. Ask me anything.", Automated: event.Yes, Protected: event.No}),
			Human:    Fact(Profile{ID: "901", Username: "acme", Automated: event.No}),
			Declared: Declared{Label: day, Bio: day, Operator: day},
			Send:     true,
			Token: Token{Kind: "login", State: "live", Scopes: "tweet.read users.read dm.read tweet.write dm.write offline.access",
				LoginAt: day, RefreshedAt: now.Add(-time.Hour), ExpiresAt: now.Add(time.Hour)},
			Kinds:   []event.ActionKind{event.Reply, event.DM},
			Needs:   []string{"tweet.read", "users.read", "dm.read", "tweet.write", "dm.write", "offline.access"},
			Rules:   Rules{Dir: "rules", Set: "sha256:1", Tests: 12},
			Privacy: "https://acme.example/privacy", Disclosure: "Automated account, run by @acme.", Answers: "a1",
			Budget: BudgetLimits{Daily: 5, Monthly: 100},
		}},
		Host: Host{
			Secrets:  []Place{{Path: "secrets/token", Kind: Mounted}, {Path: "data/host.key", Kind: Own}, {Path: "beckon.yaml"}},
			Database: Fact("WAL, synchronous FULL"), Bus: Fact("synced"), Copy: Fact(Copy{}), Restored: Fact(Restored{}), Backup: Fact(now.Add(-time.Hour)),
			Disk: Fact(Disk{Path: "/srv", Free: 20 << 30, Size: 100 << 30}),
		},
	}
}

func known[T any](k Known[T]) *Known[T] { return &k }
