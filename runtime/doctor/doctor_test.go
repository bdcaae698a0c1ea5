package doctor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// changes are what can be wrong, and how the check that sees it ends.
func changes() []struct {
	name   string
	change func(*Facts, *Bot)
	check  string
	want   Level
	found  string // a part of what is found or to do
} {
	profile := func(change func(*Profile)) func(*Facts, *Bot) {
		return func(_ *Facts, b *Bot) { change(&b.Profile.Value) }
	}
	bot := func(change func(*Bot)) func(*Facts, *Bot) { return func(_ *Facts, b *Bot) { change(b) } }
	halted := func(change func(*Bot)) func(*Facts, *Bot) {
		return func(f *Facts, b *Bot) { f.Running = false; change(b) }
	}
	app := func(change func(*Facts)) func(*Facts, *Bot) { return func(f *Facts, _ *Bot) { change(f) } }
	away := bot(func(b *Bot) { b.Profile = None[Profile]("it was not reached") })
	return []struct {
		name   string
		change func(*Facts, *Bot)
		check  string
		want   Level
		found  string
	}{
		{"good", bot(func(*Bot) {}), "account", OK, "@desk_bot"},
		{"X is away", away, "account", Unknown, "it was not reached"},
		{"the simulated X is away", func(f *Facts, b *Bot) { f.Simulated = true; away(f, b) }, "account", Unknown, "`beckon xsim`"},
		{"the token is another account's", profile(func(p *Profile) { p.ID, p.Username = "77", "stranger" }), "account", Unsafe, "@stranger (user id 77)"},
		{"the handle changed", profile(func(p *Profile) { p.Username = "desk2" }), "account", Warn, "@desk2 now"},
		{"the case of the handle changed", profile(func(p *Profile) { p.Username = "Desk_Bot" }), "account", OK, ""},
		{"protected", profile(func(p *Profile) { p.Protected = event.Yes }), "account", Warn, "protected"},

		{"good", bot(func(*Bot) {}), "label", OK, "X shows the Automated label"},
		{"lost", profile(func(p *Profile) { p.Automated = event.No }), "label", Unsafe, "declared as seen on 2026-11-20. Nothing is sent"},
		{"never there", bot(func(b *Bot) { b.Profile.Value.Automated, b.Declared.Label = event.No, time.Time{} }), "label", Unsafe, "Nothing is sent"},
		{"lost, and vouched for", bot(func(b *Bot) { b.Profile.Value.Automated, b.Vouched = event.No, true }), "label", Warn, "told by name"},
		{"X leaves it out", profile(func(p *Profile) { p.Automated = event.Unknown }), "label", Unknown, "that holds until X tells"},
		{"X leaves out what it told before", bot(func(b *Bot) { b.Profile.Value.Automated, b.Before.Label = event.Unknown, event.Yes }), "label", Unsafe, "Nothing is sent"},
		{"X is away", away, "label", Unknown, "declared as seen on 2026-11-20"},
		{"X is away, and it was gone before", func(f *Facts, b *Bot) { away(f, b); b.Before.Label = event.No }, "label", Unsafe, "when it was last asked"},
		{"X is away, and nobody declared", func(f *Facts, b *Bot) { away(f, b); b.Declared.Label = time.Time{} }, "label", Unsafe, "bots.desk.declared.label"},
		{"X is away, nobody declared, vouched for", func(f *Facts, b *Bot) { away(f, b); b.Declared.Label, b.Vouched = time.Time{}, true }, "label", Warn, "told by name"},

		{"good", bot(func(*Bot) {}), "bio", OK, ""},
		{"says nothing", profile(func(p *Profile) { p.Bio = "We love pottery." }), "bio", Unsafe, `"Bot by @acme"`},
		{"empty", profile(func(p *Profile) { p.Bio = "" }), "bio", Unsafe, "Nothing is sent"},
		{"names nobody", profile(func(p *Profile) { p.Bio = "I am a bot." }), "bio", Warn, "does not name @acme"},
		{"names nobody, and nobody declared", bot(func(b *Bot) { b.Profile.Value.Bio, b.Declared.Bio = "I am a bot.", time.Time{} }), "bio", Unsafe, "bots.desk.declared.bio"},
		{"in words not known here", profile(func(p *Profile) { p.Bio = "Wani @acme" }), "bio", Warn, "does not read as"},
		{"X is away", away, "bio", Unknown, ""},
		{"it was bad before, and half right now", bot(func(b *Bot) { b.Before.Bio, b.Profile.Value.Bio = event.No, "A bot of Acme's" }), "bio", Warn, "that holds"},

		{"good", bot(func(*Bot) {}), "operator", OK, "X's API does not tell"},
		{"no such account", bot(func(b *Bot) { b.Human = Fact(Profile{Gone: true}) }), "operator", Unsafe, "no account @acme"},
		{"a bot itself", bot(func(b *Bot) { b.Human.Value.Automated = event.Yes }), "operator", Unsafe, "no person manages it"},
		{"not declared", bot(func(b *Bot) { b.Declared.Operator = time.Time{} }), "operator", Unsafe, "bots.desk.declared.operator"},
		{"not declared, vouched for", bot(func(b *Bot) { b.Declared.Operator, b.Vouched = time.Time{}, true }), "operator", Warn, ""},
		{"seen long ago", bot(func(b *Bot) { b.Declared.Operator = now.AddDate(-1, 0, 0) }), "operator", Warn, "last seen on 2025-12-01"},
		{"X is away", bot(func(b *Bot) { b.Human = None[Profile]("away") }), "operator", Unknown, "away"},

		{"good", bot(func(*Bot) {}), "disclosure", OK, ""},
		{"says nothing of a bot", bot(func(b *Bot) { b.Disclosure = "We are @acme." }), "disclosure", Warn, `"bot" or "automated"`},
		{"denies", bot(func(b *Bot) { b.Disclosure = "This is not a bot. @acme" }), "disclosure", Warn, ""},
		{"says nothing of whose", bot(func(b *Bot) { b.Disclosure = "I am a bot." }), "disclosure", Warn, "@acme"},

		{"good", bot(func(*Bot) {}), "privacy", OK, "--online"},
		{"none, and DMs", bot(func(b *Bot) { b.Privacy = "" }), "privacy", Unsafe, "bots.desk.privacy_url"},
		{"none, and no DMs", bot(func(b *Bot) { b.Privacy, b.Kinds = "", []event.ActionKind{event.Reply} }), "privacy", OK, "no DM"},
		{"none, and no rules", bot(func(b *Bot) { b.Privacy, b.Kinds, b.Rules.Set = "", nil, "" }), "privacy", Unknown, ""},
		{"http", bot(func(b *Bot) { b.Privacy = "http://acme.example" }), "privacy", Unsafe, "https"},
		{"there", bot(func(b *Bot) { b.Online = known(Fact(200)) }), "privacy", OK, "which is there"},
		{"not there", bot(func(b *Bot) { b.Online = known(Fact(404)) }), "privacy", Warn, "404"},
		{"does not answer", bot(func(b *Bot) { b.Online = known(None[int]("no such host")) }), "privacy", Warn, "no such host"},

		{"no model", bot(func(*Bot) {}), "ai", OK, "https://help.x.com/forms/platform"},
		{"no approval", bot(func(b *Bot) { b.WrittenBy = []string{"refund", "flow return"} }), "ai", Warn, "written by a model: refund, flow return; no approval"},
		{"many without approval", bot(func(b *Bot) { b.WrittenBy = []string{"a", "b", "c", "d", "e", "f", "g"} }), "ai", Warn, "a, b, c, d, e and 2 more"},
		{"where to ask", bot(func(b *Bot) { b.WrittenBy = []string{"refund"} }), "ai", Warn, "https://help.x.com/forms/platform"},
		{"approved", bot(func(b *Bot) { b.WrittenBy, b.Approval = []string{"refund"}, "case 1" }), "ai", OK, "case 1"},
		{"approved ahead", bot(func(b *Bot) { b.Approval = "case 1" }), "ai", OK, "case 1"},

		{"good", bot(func(*Bot) {}), "token", OK, "logged in 11 days ago, refreshed 1 hour ago"},
		{"nobody logged in", bot(func(b *Bot) { b.Token = Token{Kind: "login", State: "none"} }), "token", Unsafe, "`beckon login desk`"},
		{"revoked", bot(func(b *Bot) { b.Token = Token{Kind: "login", State: "ended", Reason: "X takes it no more"} }), "token", Unsafe, "X takes it no more"},
		{"wrong key", bot(func(b *Bot) { b.Token.Reason = "the token key does not open it" }), "token", Warn, "does not open"},
		{"a refresh is under way", bot(func(b *Bot) { b.Token.State = "refreshing" }), "token", Unknown, "refreshing"},
		{"not renewed", bot(func(b *Bot) { b.Token.RefreshedAt, b.Token.ExpiresAt = now.Add(-72*time.Hour), now.Add(-70*time.Hour) }), "token", Warn, "3 days ago"},
		{"OAuth 1.0a", bot(func(b *Bot) { b.Token = Token{Kind: "oauth1", State: "configured"} }), "token", OK, ""},
		{"a fresh file", bot(func(b *Bot) { b.Token = Token{Kind: "token", FileAt: now.Add(-time.Minute)} }), "token", OK, "1 minute ago"},
		{"an old file", bot(func(b *Bot) { b.Token = Token{Kind: "token", FileAt: now.Add(-3 * time.Hour)} }), "token", Warn, "3 hours ago"},
		{"from the environment", bot(func(b *Bot) { b.Token = Token{Kind: "token"} }), "token", Unknown, "not known"},
		{"of the simulated X", func(f *Facts, b *Bot) { f.Simulated, b.Token = true, Token{Kind: "token"} }, "token", OK, ""},

		{"good", bot(func(*Bot) {}), "scopes", OK, "as narrow"},
		{"too few", bot(func(b *Bot) { b.Token.Scopes = "tweet.read users.read dm.read tweet.write offline.access" }), "scopes", Unsafe, "dm.write"},
		{"too many", bot(func(b *Bot) { b.Token.Scopes += " follows.write like.write" }), "scopes", Warn, "follows.write like.write"},
		{"X does not tell", bot(func(b *Bot) { b.Token.Scopes = "" }), "scopes", Unknown, ""},
		{"nobody logged in", bot(func(b *Bot) { b.Token = Token{Kind: "login", State: "none"} }), "scopes", Unknown, "will ask for tweet.read"},
		{"rules that do not load", bot(func(b *Bot) { b.Rules.Set = "" }), "scopes", Unknown, ""},
		{"of the simulated X", func(f *Facts, b *Bot) { f.Simulated, b.Token.Scopes = true, "" }, "scopes", OK, ""},

		{"good", bot(func(*Bot) {}), "rules", OK, "12 tests hold"},
		{"do not load", halted(func(b *Bot) { b.Rules = Rules{Dir: "rules", Problems: []string{"a.yaml:1:1: bad", "b"}} }), "rules", Unsafe, "a.yaml:1:1: bad, and 1 more"},
		{"fail", halted(func(b *Bot) { b.Rules.Problems = []string{"a_test.yaml:3: test-failed"} }), "rules", Unsafe, "`beckon rules test rules`"},
		{"refused while the host runs", bot(func(b *Bot) { b.Rules.Problems = []string{"a.yaml:1:1: bad"} }), "rules", Warn, "the last good ones stay in force: a.yaml:1:1: bad"},
		{"no tests", bot(func(b *Bot) { b.Rules.Tests = 0 }), "rules", Warn, "no test"},

		{"good", bot(func(*Bot) {}), "sending", OK, ""},
		{"told to", bot(func(b *Bot) { b.Vouched = true }), "sending", Warn, "--send-undisclosed desk"},
		{"off", bot(func(b *Bot) { b.Send = false }), "sending", OK, "send is false"},
		{"paused", bot(func(b *Bot) { b.Paused = "maria" }), "sending", OK, "maria"},
		{"permits nothing", bot(func(b *Bot) { b.Kinds = nil }), "sending", Warn, "permit nothing"},

		{"good", bot(func(*Bot) {}), "budget", OK, "$5.00 a day, $100.00 a month"},
		{"by day", bot(func(b *Bot) { b.Budget.Monthly = 0 }), "budget", OK, "no limit a month"},
		{"none", bot(func(b *Bot) { b.Budget = BudgetLimits{} }), "budget", Warn, "no end"},
		{"none, simulated", func(f *Facts, b *Bot) { f.Simulated, b.Budget = true, BudgetLimits{} }, "budget", OK, "simulated"},

		{"one bot", bot(func(*Bot) {}), "content", OK, "one bot"},
		{"answers that do not load", halted(func(b *Bot) { b.Unloaded = "answers.yaml:3:1: bad" }), "content", Unsafe, "answers.yaml:3:1"},
		{"answers refused while the host runs", bot(func(b *Bot) { b.Unloaded = "answers.yaml:3:1: bad" }), "content", Warn, "what was good before stays in place: answers.yaml:3:1"},
		{"a schedule that does not load", halted(func(b *Bot) { b.Unplanned = "posts.yaml:3:1: bad" }), "content", Unsafe, "the schedule: the file is refused: posts.yaml:3:1"},
		{"a schedule refused while the host runs", bot(func(b *Bot) { b.Unplanned = "posts.yaml:3:1: bad" }), "content", Warn, "posts.yaml:3:1"},
		{"two that differ", app(func(f *Facts) { f.Bots = append(f.Bots, Bot{Name: "care", Answers: "a2"}) }), "content", OK, "no two"},
		{"twins", app(func(f *Facts) { f.Bots = append(f.Bots, Bot{Name: "care", Answers: "a1"}) }), "content", Warn, "desk and care say the same"},
		{"twins of two hosts", app(func(f *Facts) { f.Others = []OtherBot{{"other.yaml", "care", "a1"}} }), "content", Warn, "care of other.yaml"},

		{"good", app(func(*Facts) {}), "use", OK, ""},
		{"government", app(func(f *Facts) { f.Use = "government" }), "use", Unsafe, "Enterprise"},
		{"government on Enterprise", app(func(f *Facts) { f.Use, f.App.Tier = "government", "enterprise" }), "use", OK, ""},
		{"commercial for free", app(func(f *Facts) { f.App.Tier = "free" }), "use", Unsafe, "free tier"},
		{"noncommercial for free", app(func(f *Facts) { f.Use, f.App.Tier = "noncommercial", "free" }), "use", OK, ""},
		{"research", app(func(f *Facts) { f.Use = "research" }), "use", Warn, "asked first"},

		{"good", app(func(*Facts) {}), "tier", OK, "summoned"},
		{"enterprise", app(func(f *Facts) { f.App.Tier = "enterprise" }), "tier", OK, "no summons"},
		{"likes on self-serve", bot(func(b *Bot) { b.Kinds = append(b.Kinds, event.Like, event.Quote) }), "tier", Warn, "like, quote"},

		{"good", app(func(*Facts) {}), "environment", OK, ""},
		{"a trial serves", app(func(f *Facts) { f.App.Environment = "staging" }), "environment", Warn, "declared for staging, and on X itself it sends for desk"},
		{"a trial that does not send", func(f *Facts, b *Bot) { f.App.Environment, b.Send = "staging", false }, "environment", OK, ""},
		{"a trial on a simulated X", app(func(f *Facts) { f.App.Environment, f.Simulated = "development", true }), "environment", OK, ""},
		{"production, simulated", app(func(f *Facts) { f.Simulated = true }), "environment", OK, ""},

		{"good", app(func(*Facts) {}), "app", OK, "--beside"},
		{"two keys", app(func(f *Facts) {
			f.Apps = []OtherApp{{"other.yaml", "app 2", "commercial", "production", []string{"globex", "Acme"}}}
		}), "app", Warn, "two consumer keys"},
		{"two keys, one a trial", app(func(f *Facts) {
			f.Apps = []OtherApp{{"other.yaml", "app 2", "commercial", "staging", []string{"acme"}}}
		}), "app", OK, "1 other configuration"},
		{"two keys, two purposes", app(func(f *Facts) {
			f.Apps = []OtherApp{{"other.yaml", "app 2", "research", "production", []string{"acme"}}}
		}), "app", OK, ""},
		{"two keys, other people", app(func(f *Facts) {
			f.Apps = []OtherApp{{"other.yaml", "app 2", "commercial", "production", []string{"globex"}}}
		}), "app", OK, ""},
		{"one key, two environments", app(func(f *Facts) {
			f.Apps = []OtherApp{{"other.yaml", "app 1", "commercial", "staging", []string{"acme"}}}
		}), "app", Warn, "an app of its own"},

		{"good", app(func(*Facts) {}), "ways-in", OK, "2 things are"},
		{"good", app(func(*Facts) {}), "deletions", OK, "every 6h0m0s"},
		{"no token of the app's", app(func(f *Facts) { f.App.Token = false }), "deletions", Unsafe, "app.bearer or app.consumer_key"},
		{"no token, simulated", app(func(f *Facts) { f.Simulated, f.App.Token = true, false }), "deletions", OK, "simulated"},
		{"no rounds", app(func(f *Facts) { f.App.Rounds = 0 }), "deletions", Warn, "compliance.every"},

		{"polled", app(func(f *Facts) { f.App.Ingest = "poll" }), "ways-in", Warn, "late"},
		{"not kept", app(func(f *Facts) { f.App.Kept = false }), "ways-in", Unsafe, "public_url"},
		{"not kept, and X calls", app(func(f *Facts) { f.App.Kept, f.App.Called = false, true }), "ways-in", OK, "yours to keep"},
		{"not kept, simulated", app(func(f *Facts) { f.Simulated, f.App.Kept = true, false }), "ways-in", OK, "simulated"},
		{"X is away", app(func(f *Facts) { f.App.WaysIn = None[[]Way]("list webhooks") }), "ways-in", Unknown, "list webhooks"},
		{"a subscription is missing", app(func(f *Facts) { f.App.WaysIn.Value[1].Is = "missing" }), "ways-in", Unsafe, "missing: dm.received"},
		{"and no host runs", app(func(f *Facts) { f.Running, f.App.WaysIn.Value[0].Is = false, "missing" }), "ways-in", Warn, "start the host"},
		{"several", app(func(f *Facts) {
			f.App.WaysIn = Fact([]Way{{Bot: "desk", What: "a", Is: "missing"}, {Bot: "desk", What: "b", Is: "ok"}, {Bot: "desk", What: "c", Is: "missing"}})
		}), "ways-in", Unsafe, "missing: a, c"},
		{"a replay", app(func(f *Facts) { f.App.WaysIn.Value[1] = Way{What: "replay", Is: "running"} }), "ways-in", Warn, "running: replay"},
		{"and cannot be made", app(func(f *Facts) { f.App.WaysIn.Value[1].Is, f.App.WaysIn.Value[1].Err = "missing", "refused" }), "ways-in", Unsafe, "refused"},
		{"too many", app(func(f *Facts) { f.App.WaysIn.Value[1].Is = "surplus" }), "ways-in", Warn, "--prune"},

		{"good", app(func(*Facts) {}), "clock", OK, ""},
		{"behind", app(func(f *Facts) { f.App.Skew = Fact(30 * time.Second) }), "clock", Warn, "30s behind X's"},
		{"ahead", app(func(f *Facts) { f.App.Skew = Fact(-time.Hour) }), "clock", Unsafe, "1h0m0s ahead of X's"},
		{"X is away", app(func(f *Facts) { f.App.Skew = None[time.Duration]("no answer") }), "clock", Unknown, "no answer"},

		{"good", app(func(*Facts) {}), "secrets", OK, "none of 2 files"},
		{"open, mounted", app(func(f *Facts) { f.Host.Secrets[0].Problem = "secret file is open" }), "secrets", Warn, "chmod go= secrets/token"},
		{"open, our own", app(func(f *Facts) { f.Host.Secrets[1].Problem = "is open" }), "secrets", Unsafe, "chmod go= data/host.key"},
		{"in the configuration", app(func(f *Facts) { f.Host.Secrets[2].Problem = "holds one" }), "secrets", Unsafe, "beckon.yaml holds one"},

		{"good", app(func(*Facts) {}), "database", OK, "WAL"},
		{"not durable", app(func(f *Facts) { f.Host.Database = Fact("") }), "database", Unsafe, "does not wait"},
		{"not seen", app(func(f *Facts) { f.Host.Database = None[string]("why") }), "database", Unknown, "why"},
		{"good", app(func(*Facts) {}), "bus", OK, "synced"},
		{"not durable", app(func(f *Facts) { f.Host.Bus = Fact("") }), "bus", Unsafe, "does not wait"},
		{"not seen", app(func(f *Facts) { f.Host.Bus = None[string]("why") }), "bus", Unknown, "why"},
		{"good", app(func(*Facts) {}), "optouts", OK, "for a restore"},
		{"about to be written", app(func(f *Facts) { f.Running, f.Host.Copy = true, Fact(Copy{Owed: 1, Behind: time.Second}) }), "optouts", OK, "for a restore"},
		{"no host to write it", app(func(f *Facts) { f.Running, f.Host.Copy = false, Fact(Copy{Owed: 1}) }), "optouts", Warn, "1 opt-out or erasure is not"},
		{"behind", app(func(f *Facts) { f.Running, f.Host.Copy = true, Fact(Copy{Owed: 3, Behind: 2 * time.Hour}) }), "optouts", Warn, "3 opt-outs and erasures are not in the copy on the bus, for 2h0m0s"},
		{"not known", app(func(f *Facts) { f.Host.Copy = None[Copy]("why") }), "optouts", Unknown, "why"},

		{"good", app(func(*Facts) {}), "restore", OK, "never restored"},
		{"done", app(func(f *Facts) { f.Host.Restored = Fact(Restored{At: now, BackupAt: now}) }), "restore", OK, "who said stop since is known"},
		{"to be started", app(func(f *Facts) {
			f.Running, f.Host.Restored = false, Fact(Restored{At: now, BackupAt: now, Waits: true})
		}), "restore", Warn, "is not known yet"},
		{"without its bus", app(func(f *Facts) { f.Running, f.Host.Restored = true, Fact(Restored{At: now, BackupAt: now, Waits: true}) }), "restore", Unsafe, "nothing is sent"},
		{"not seen", app(func(f *Facts) { f.Host.Restored = None[Restored]("why") }), "restore", Unknown, "why"},

		{"good", app(func(*Facts) {}), "backup", OK, "the newest backup is of"},
		{"none", app(func(f *Facts) { f.Host.Backup = Fact(time.Time{}) }), "backup", Warn, "no backup is known"},
		{"none is needed", app(func(f *Facts) { f.Simulated, f.Host.Backup = true, Fact(time.Time{}) }), "backup", OK, "simulated"},
		{"old", app(func(f *Facts) { f.Host.Backup = Fact(f.Now.Add(-72 * time.Hour)) }), "backup", Warn, "the newest backup is of"},
		{"not seen", app(func(f *Facts) { f.Host.Backup = None[time.Time]("why") }), "backup", Unknown, "why"},

		{"good", app(func(*Facts) {}), "disk", OK, "20 GiB free of 100 GiB at /srv"},
		{"low", app(func(f *Facts) { f.Host.Disk.Value.Free = 3 << 29 }), "disk", Warn, "1.5 GiB free"},
		{"full", app(func(f *Facts) { f.Host.Disk.Value.Free = 20 << 20 }), "disk", Unsafe, "20 MiB free"},
		{"not known", app(func(f *Facts) { f.Host.Disk = None[Disk]("why") }), "disk", Unknown, "why"},
	}
}

// TestChecks changes healthy facts one by one: the check ends as wanted, and no
// other check gets worse than it says it does.
func TestChecks(t *testing.T) {
	t.Parallel()
	levels := map[string][]Level{}
	for _, tt := range changes() {
		f := healthy()
		tt.change(&f, &f.Bots[0])
		all := Examine(f)
		at := slices.IndexFunc(all, func(x Finding) bool { return x.Check == tt.check && x.Level == tt.want })
		if at < 0 {
			t.Errorf("%s, %s: want %s, got %+v", tt.check, tt.name, tt.want, of(all, tt.check))
			continue
		}
		if !strings.Contains(all[at].Found+" "+all[at].Do, tt.found) {
			t.Errorf("%s, %s: %q, %q: want %q in it", tt.check, tt.name, all[at].Found, all[at].Do, tt.found)
		}
		levels[tt.check] = append(levels[tt.check], tt.want)
	}
	// What no fact makes unknown: it is read from the configuration.
	sure := []string{"disclosure", "ai", "rules", "sending", "budget", "content", "use", "tier", "environment", "app", "deletions", "secrets"}
	for _, c := range checks() {
		had := levels[c.name]
		if !slices.Contains(had, OK) || !slices.Contains(had, Warn) && !slices.Contains(had, Unsafe) {
			t.Errorf("%s: the table has %v; want a good and a bad case", c.name, had)
		}
		if slices.Contains(had, Unknown) == slices.Contains(sure, c.name) {
			t.Errorf("%s: the table has %v; want an unknown case, or the check among those that are sure", c.name, had)
		}
	}
}

func of(all []Finding, check string) (out []Finding) {
	for _, f := range all {
		if f.Check == check {
			out = append(out, f)
		}
	}
	return out
}

func TestHealthyIsOK(t *testing.T) {
	t.Parallel()
	all := Examine(healthy())
	if w := Worst(all); w != OK || len(all) != len(checks()) {
		t.Errorf("%d findings, the worst %s; want %d, all ok: %+v", len(all), w, len(checks()), all)
	}
	if Worst(nil) != OK {
		t.Error("no finding is not ok")
	}
}

// TestY1UnknownIsNotGood: a fact that could not be had makes no check ok.
func TestY1UnknownIsNotGood(t *testing.T) {
	t.Parallel()
	f := healthy()
	b := &f.Bots[0]
	b.Profile, b.Human = None[Profile]("away"), None[Profile]("away")
	b.Online = known(None[int]("away"))
	f.App.WaysIn, f.App.Skew = None[[]Way]("away"), None[time.Duration]("away")
	f.Host.Database, f.Host.Bus, f.Host.Disk, f.Host.Copy, f.Host.Restored, f.Host.Backup = None[string]("away"), None[string]("away"), None[Disk]("away"), None[Copy]("away"), None[Restored]("away"), None[time.Time]("away")
	for _, x := range Examine(f) {
		switch x.Check {
		case "account", "label", "bio", "operator", "privacy", "ways-in", "clock", "database", "bus", "optouts", "restore", "backup", "disk":
			if x.Level == OK {
				t.Errorf("%s is ok: %s", x.Check, x.Found)
			}
		}
	}
}

// TestY2WhatToDo: whatever is found, a finding that is not ok says what to do,
// and each names its duty.
func TestY2WhatToDo(t *testing.T) {
	t.Parallel()
	for _, tt := range changes() {
		f := healthy()
		tt.change(&f, &f.Bots[0])
		for _, x := range Examine(f) {
			if x.Level != OK && x.Do == "" || x.Found == "" || x.Duty == "" || x.Check == "" {
				t.Errorf("%s, %s: %+v", tt.check, tt.name, x)
			}
		}
	}
}

// TestY3SeenBeforeDeclared plays every pair of looks over every declaration:
// what X shows decides, what it showed holds while it is away, and what is
// declared holds only where X never told.
func TestY3SeenBeforeDeclared(t *testing.T) {
	t.Parallel()
	tris := []event.Tri{Doubtful, event.Unknown, event.Yes, event.No}
	for _, now := range tris {
		for _, before := range []event.Tri{Doubtful, event.Yes, event.No} {
			for _, declared := range []time.Time{{}, day} {
				want := !declared.IsZero()
				switch {
				case now == event.Yes, now == event.Unknown && before == event.Yes:
					want = true
				case now == event.No, now == event.Unknown && before == event.No:
					want = false
				}
				s, old := Seen{Label: now, Bio: now, Human: now}, Seen{Label: before, Bio: before, Human: before}
				label, bio, human := s.Holds(old, Declared{declared, declared, declared})
				if label != want || bio != want || human != want {
					t.Errorf("now %q, before %q, declared %v: got %v %v %v, want %v", now, before, declared, label, bio, human, want)
				}
				// What is remembered decides the same when X is away after it.
				away := Seen{Label: event.Unknown, Bio: event.Unknown, Human: event.Unknown}
				if label, _, _ := away.Holds(s.Keep(old), Declared{Label: declared}); label != want {
					t.Errorf("now %q, before %q, declared %v: after a restart %v, want %v", now, before, declared, label, want)
				}
			}
		}
	}
}

func unasked() Seen {
	return Look(Bot{Profile: None[Profile]("not asked"), Human: None[Profile]("not asked")})
}

// TestLook: a stranger's profile shows nothing of the bot, and a gate that
// believes it sends nothing.
func TestLook(t *testing.T) {
	t.Parallel()
	b := healthy().Bots[0]
	if s := Look(b); s.Label != event.Yes || s.Bio != event.Yes || s.Human != Doubtful {
		t.Errorf("healthy: %+v", s)
	}
	b.Profile.Value.ID = "77"
	s := Look(b)
	if !s.Stranger(Seen{Own: event.Yes}) || !unasked().Stranger(s.Keep(Seen{})) || unasked().Stranger(Seen{}) {
		t.Error("a stranger is not told, or not remembered")
	}
	label, bio, _ := s.Holds(Seen{Label: event.Yes, Bio: event.Yes}, b.Declared)
	if label || bio {
		t.Errorf("a stranger's label and bio count: %+v", s)
	}
	for _, c := range []string{"label", "bio"} {
		f := healthy()
		f.Bots[0] = b
		if got := of(Examine(f), c); len(got) != 0 {
			t.Errorf("%s of a stranger: %+v", c, got)
		}
	}
}

// TestY4NoText: what people wrote is not quoted, not even a bio.
func TestY4NoText(t *testing.T) {
	t.Parallel()
	for _, bio := range []string{"call 555-0100 for the zebra", "bot zebra", "zebra @acme", "bot zebra @acme"} {
		f := healthy()
		f.Bots[0].Profile.Value.Bio = bio
		if all := fmt.Sprintf("%+v", Examine(f)); strings.Contains(all, "zebra") || strings.Contains(all, "555") {
			t.Errorf("bio %q is quoted: %s", bio, all)
		}
	}
}

func TestMetricsFound(t *testing.T) {
	t.Parallel()
	var m Metrics
	m.Found([]Finding{{Level: Unsafe}, {Level: OK}, {Level: OK}, {Level: Warn}})
	m.Found([]Finding{{Level: OK}, {Level: Unknown}})
	if m.Unsafe.Load() != 0 || m.OK.Load() != 1 || m.Warn.Load() != 0 || m.Unknown.Load() != 1 {
		t.Errorf("got %+v, want the last look's only", &m)
	}
}
