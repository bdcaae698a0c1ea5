package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/doctor"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/xapi"
)

// examiner gathers what the doctor judges. It asks X, reads files, and changes
// nothing.
type examiner struct {
	sys  system
	cfg  *config.Config
	file string // the configuration's; "": not known

	store    db.Store
	accounts *account.Manager
	x        *xapi.Client
	watch    *ingest.Watchdog // nil: nobody keeps the webhook
	skew     *xClock
	rules    func(ctx context.Context, bot string) (tests int, problems []string)
	files    func(bot string) (answers, schedule string) // why they are refused; "": they are not
	called   func() bool                                 // X has called the webhook; nil: no host runs
	bus      func(ctx context.Context) doctor.Known[string]
	vouched  map[string]bool
	running  bool // a host runs
}

// facts gathers about the bots that are asked for, and about all the rest. seen
// is told of each bot before anything else is asked: a label that is lost must
// not wait for what is slow.
func (e *examiner) facts(ctx context.Context, names []string, ask admin.DoctorAsk, seen func(doctor.Bot) error) (doctor.Facts, error) {
	f := doctor.Facts{
		Now: e.sys.now(), Running: e.running, Simulated: e.cfg.Simulated(), Use: e.cfg.Use,
		App: doctor.App{
			Tier: e.cfg.App.Tier, Environment: e.cfg.App.Environment, Name: appName(e.sys, e.cfg), Ingest: e.cfg.Ingest, Kept: e.watch != nil,
			Token: e.cfg.App.Bearer != "" || e.cfg.App.ConsumerKey != "", Rounds: e.cfg.Compliance.Every, Called: e.called != nil && e.called(),
		},
	}
	for _, o := range ask.Beside {
		f.Apps, f.Others = append(f.Apps, o.App), append(f.Others, o.Bots...)
	}
	accounts, err := e.accounts.List(ctx)
	if err != nil {
		return f, err
	}
	tokens := map[string]account.Status{}
	for _, a := range accounts {
		tokens[a.Bot] = a
	}
	switches, err := e.switches(ctx)
	if err != nil {
		return f, err
	}
	asked := asking{humans: map[string]doctor.Known[doctor.Profile]{}}
	for _, name := range names {
		b, err := e.profile(ctx, name, &asked)
		if err == nil {
			err = seen(b)
		}
		if err == nil {
			err = e.about(ctx, &b, tokens[name])
		}
		if err != nil {
			return f, err
		}
		b.Paused = switches(name)
		if ask.Online && b.Privacy != "" {
			status := pageStatus(ctx, b.Privacy)
			b.Online = &status
		}
		f.Bots = append(f.Bots, b)
	}
	f.App.WaysIn = e.waysIn(ctx, ask.Bot)
	f.App.Skew = e.skew.skew()
	f.Host = e.machine(ctx)
	return f, nil
}

// asking is what one look has learnt while it asks X.
type asking struct {
	humans map[string]doctor.Known[doctor.Profile] // operators' accounts by handle: each read costs
	away   bool                                    // X was not reached: nobody waits for it again
}

// askFor is how long one question to X may take: a look at many bots must end
// while somebody waits for it.
const askFor = 10 * time.Second

// profile is what X shows of one bot.
func (e *examiner) profile(ctx context.Context, name string, asked *asking) (doctor.Bot, error) {
	c := e.cfg.Bots[name]
	b := doctor.Bot{
		Name: name, UserID: c.UserID, Username: c.Username, Operator: c.OperatorAccount,
		Declared: declaredOf(c), Vouched: e.vouched[name],
	}
	var err error
	if b.Before, err = readSeen(ctx, e.store, name, c); err != nil {
		return b, err
	}
	b.Profile = asked.by(ctx, func(ctx context.Context) (xapi.User, error) { return e.x.Me(ctx, name) })
	if b.Profile.Unknown != "" {
		b.Human = doctor.None[doctor.Profile]("the bot's own account was not shown")
		return b, ctx.Err()
	}
	human, ok := asked.humans[strings.ToLower(c.OperatorAccount)]
	if !ok {
		human = asked.by(ctx, func(ctx context.Context) (xapi.User, error) {
			return e.x.UserByName(ctx, xapi.As{Bot: name}, c.OperatorAccount)
		})
		asked.humans[strings.ToLower(c.OperatorAccount)] = human
	}
	b.Human = human
	return b, ctx.Err()
}

// by asks X for one account, unless it was away a moment ago.
func (a *asking) by(ctx context.Context, read func(context.Context) (xapi.User, error)) doctor.Known[doctor.Profile] {
	if a.away {
		return doctor.None[doctor.Profile]("it was not asked: X was not reached a moment before")
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	u, err := read(ctx)
	// A login that is missing or a window that is full is one bot's: X was not asked.
	if e, ok := errors.AsType[*xapi.Error](err); ok && e.Status == 0 && (e.Class == event.Transient || e.Class == event.UnknownOutcome) && !errors.As(err, new(*account.Error)) {
		a.away = true
	}
	return profileOf(u, err)
}

func declaredOf(c config.Bot) doctor.Declared {
	return doctor.Declared{Label: c.Declared.Label, Bio: c.Declared.Bio, Operator: c.Declared.Operator}
}

// about adds what is to be known of the bot without X. What does not load is a
// fact too.
func (e *examiner) about(ctx context.Context, b *doctor.Bot, t account.Status) error {
	c := e.cfg.Bots[b.Name]
	b.Send, b.Privacy, b.Disclosure, b.Approval = c.Send, c.PrivacyURL, disclosureOf(c), c.AIApproval.Reference
	b.Budget = doctor.BudgetLimits{Daily: c.Budget.DayUSD.USD(), Monthly: c.Budget.MonthUSD.USD()}
	b.Token = doctor.Token{
		Kind: string(t.Kind), State: t.State, Scopes: t.Scopes,
		LoginAt: t.LoginAt, RefreshedAt: t.RefreshedAt, ExpiresAt: t.ExpiresAt, Reason: t.Reason,
	}
	if path, ok := strings.CutPrefix(string(c.Token), "file:"); ok {
		if info, err := os.Stat(path); err == nil {
			b.Token.FileAt = info.ModTime()
		}
	}
	b.Rules.Dir = c.Rules
	b.Rules.Tests, b.Rules.Problems = e.rules(ctx, b.Name)
	if set, err := rules.LoadDir(c.Rules, rules.Options{}); err == nil {
		b.Rules.Set, b.Kinds = set.Hash(), kindsOf(set)
		b.Needs = strings.Fields(account.Names(account.Scopes(b.Kinds)))
	} else if len(b.Rules.Problems) == 0 {
		b.Rules.Problems = []string{err.Error()}
	}
	if a, err := loadAnswers(c); err == nil {
		b.Answers, b.WrittenBy = digest(a.Said()), a.AIGenerated()
	}
	if o, ok := outsideOf(e.cfg, c.Ask); ok && o.AIGenerated {
		b.WrittenBy = append(b.WrittenBy, "ask: "+c.Ask)
	}
	b.Unloaded, b.Unplanned = e.files(b.Name)
	return ctx.Err()
}

// profileOf is what X showed of an account, or why it did not.
func profileOf(u xapi.User, err error) doctor.Known[doctor.Profile] {
	if err == nil {
		return doctor.Fact(doctor.Profile{ID: u.ID, Username: u.Username, Bio: u.Bio, Automated: u.Automated, Protected: u.Protected})
	}
	e, ok := errors.AsType[*xapi.Error](err)
	switch {
	case ok && e.Class == event.Gone && strings.HasSuffix(e.Type, "resource-not-found"):
		return doctor.Fact(doctor.Profile{Gone: true})
	case ok:
		why := fmt.Sprintf("it answered with status %d (%s)", e.Status, e.Class)
		if e.Status == 0 {
			why = fmt.Sprintf("it was not reached (%s)", e.Class)
		}
		if inner, ok := errors.AsType[*account.Error](err); ok {
			why = inner.Error()
		}
		return doctor.None[doctor.Profile](why)
	}
	return doctor.None[doctor.Profile](err.Error())
}

// switches tells by whom a bot is paused.
func (e *examiner) switches(ctx context.Context) (func(bot string) string, error) {
	by := map[string]string{}
	err := e.store.Read(ctx, func(tx db.Tx) error {
		all, err := tx.ListSwitches()
		for _, s := range all {
			if s.Paused {
				by[s.Bot] = s.By + because(s.Reason)
			}
		}
		return err
	})
	return func(bot string) string {
		if s, ok := by[db.AllBots]; ok {
			return s
		}
		return by[bot]
	}, err
}

// waysIn is what X tells the app, as beckon subscribe --dry shows it.
func (e *examiner) waysIn(ctx context.Context, bot string) doctor.Known[[]doctor.Way] {
	if e.watch == nil {
		return doctor.None[[]doctor.Way]("public_url is not set")
	}
	ctx, cancel := context.WithTimeout(ctx, 3*askFor)
	defer cancel()
	found, err := e.watch.Check(ctx, ingest.Orders{Bot: bot})
	if err != nil {
		return doctor.None[[]doctor.Way](err.Error())
	}
	out := make([]doctor.Way, len(found))
	for i, f := range found {
		out[i] = doctor.Way{Bot: f.Bot, What: f.What, Is: f.Is}
		if f.Err != nil {
			out[i].Err = f.Err.Error()
		}
	}
	return doctor.Fact(out)
}

// pageStatus asks for a page as anybody would.
func pageStatus(ctx context.Context, address string) doctor.Known[int] {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return doctor.None[int](err.Error())
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return doctor.None[int](err.Error())
	}
	_ = resp.Body.Close() // nothing of it is read
	return doctor.Fact(resp.StatusCode)
}
