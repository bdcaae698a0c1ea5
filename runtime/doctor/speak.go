package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// A static token is renewed by something else. X's live for two hours, so a file
// that nobody has written for longer holds a dead one.
// X rule: an access token lives 2 h (facts.md, read 2026-11-25)
const tokenLife = 2 * time.Hour

// oldLogin: the refresh of a login that lives is two hours away at most.
const oldLogin = 3 * time.Hour

func token(f Facts, b Bot) []Finding {
	t := b.Token
	login := fmt.Sprintf("`beckon login %s`", b.Name)
	switch {
	case t.Kind == "login" && (t.State == "none" || t.State == "ended"):
		return one(Unsafe, "nobody is logged in: "+t.Reason, login)
	case t.Kind == "login" && t.Reason != "":
		return one(Warn, "the login is "+t.State+": "+t.Reason, "see the host's log; if it stays so, "+login)
	case t.Kind == "login" && t.State != "live":
		return one(Unknown, "the login is "+t.State+": a refresh was under way when last heard of", "ask again in a minute")
	case t.Kind == "login" && f.Now.Sub(t.RefreshedAt) > oldLogin:
		return one(Warn, fmt.Sprintf("the login was last refreshed %s ago, and its access token ended %s ago", ago(f.Now, t.RefreshedAt), ago(f.Now, t.ExpiresAt)),
			"keep the host running: it renews the tokens; X may end a login that nobody renews")
	case t.Kind == "login":
		return good(fmt.Sprintf("logged in %s ago, refreshed %s ago", ago(f.Now, t.LoginAt), ago(f.Now, t.RefreshedAt)))
	case t.Kind == "oauth1":
		return good("OAuth 1.0a, which does not expire")
	case f.Simulated:
		return good("a static token, for the simulated X")
	case t.FileAt.IsZero():
		return one(Unknown, "a static token from the environment: its age is not known", "X's tokens live two hours; "+login+" lets the host renew them")
	case f.Now.Sub(t.FileAt) > tokenLife:
		return one(Warn, fmt.Sprintf("a static token, written %s ago; X's live two hours", ago(f.Now, t.FileAt)), "see that what writes the file still does, or take token out and "+login)
	}
	return good(fmt.Sprintf("a static token, written %s ago", ago(f.Now, t.FileAt)))
}

// ago is how long before now, in one unit.
func ago(now, at time.Time) string {
	d := max(now.Sub(at), 0)
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		switch n := int(d / u.of); {
		case n == 1:
			return "1 " + u.name
		case n > 1:
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return "less than a minute"
}

func scopes(f Facts, b Bot) []Finding {
	switch {
	case b.Rules.Set == "":
		return one(Unknown, "the rules do not load, so what the bot needs is not known", "mend the rules first")
	case b.Token.Kind == "login" && b.Token.State == "none":
		return one(Unknown, "nobody is logged in; a login will ask for "+strings.Join(b.Needs, " "), fmt.Sprintf("`beckon login %s`", b.Name))
	case b.Token.Scopes == "" && f.Simulated:
		return good("the rules need " + strings.Join(b.Needs, " ") + "; the simulated X asks no more of this token")
	case b.Token.Scopes == "":
		return one(Unknown, "X tells the scopes of a login only; the rules need "+strings.Join(b.Needs, " "),
			"compare with the app's permissions on X, or use `beckon login "+b.Name+"`")
	}
	granted := strings.Fields(b.Token.Scopes)
	missing := slices.DeleteFunc(slices.Clone(b.Needs), func(s string) bool { return slices.Contains(granted, s) })
	wider := slices.DeleteFunc(slices.Clone(granted), func(s string) bool { return slices.Contains(b.Needs, s) })
	again := fmt.Sprintf("`beckon logout %s`, then `beckon login %s`, which asks for what the rules need", b.Name, b.Name)
	switch {
	case len(missing) > 0:
		return one(Unsafe, "X did not grant "+strings.Join(missing, " "), "look at the app's permissions on X; then "+again)
	case len(wider) > 0:
		return one(Warn, "wider than needed: "+strings.Join(wider, " "), again)
	}
	return good("as narrow as the rules allow: " + b.Token.Scopes)
}

func ruleSet(f Facts, b Bot) []Finding {
	r := b.Rules
	if len(r.Problems) > 0 {
		more := ""
		if n := len(r.Problems) - 1; n > 0 {
			more = fmt.Sprintf(", and %d more", n)
		}
		if f.Running {
			return one(Warn, fmt.Sprintf("the rules in %s as they are now are refused, and the last good ones stay in force: %s%s", r.Dir, r.Problems[0], more),
				"`beckon rules status` shows all; mend them: a host does not start with them")
		}
		if r.Set == "" {
			return one(Unsafe, fmt.Sprintf("the rules in %s do not load: %s%s", r.Dir, r.Problems[0], more), "`beckon rules check "+r.Dir+"`")
		}
		return one(Unsafe, fmt.Sprintf("the rules in %s fail their tests: %s%s", r.Dir, r.Problems[0], more), "`beckon rules test "+r.Dir+"`")
	}
	if r.Tests == 0 {
		return one(Warn, "the rules in "+r.Dir+" load; there is no test beside them", "write one; rules/README.md shows how")
	}
	return good(fmt.Sprintf("the rules in %s load, and %s", r.Dir, counted(r.Tests, "test holds", "tests hold")))
}

func sending(_ Facts, b Bot) []Finding {
	switch {
	case b.Vouched && b.Send:
		return one(Warn, "the host was told by name to send for this bot whatever its profile shows", "start it without --send-undisclosed "+b.Name+" as soon as the profile is right")
	case !b.Send:
		return good("send is false: everything is decided, and nothing leaves")
	case b.Paused != "":
		return good("it is paused by " + b.Paused)
	case len(b.Kinds) == 0 && b.Rules.Set != "":
		return one(Warn, "it may send, and its rules permit nothing", "write a permit; rules/README.md shows how")
	}
	return good("it may send what its rules allow")
}

func budget(f Facts, b Bot) []Finding {
	m := b.Budget
	limit := func(v float64, per string) string {
		if v == 0 {
			return "no limit a " + per
		}
		return fmt.Sprintf("$%.2f a %s", v, per)
	}
	switch {
	case m.Daily == 0 && m.Monthly == 0 && f.Simulated:
		return good("none; the simulated X charges nobody")
	case m.Daily == 0 && m.Monthly == 0:
		return one(Warn, "none: what X charges has no end", fmt.Sprintf("set bots.%s.budget.day_usd and month_usd", b.Name))
	}
	return good("at most " + limit(m.Daily, "day") + ", " + limit(m.Monthly, "month"))
}

// counted writes a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// may reports whether the rules could permit any of the kinds.
func (b Bot) may(kinds ...event.ActionKind) bool {
	return slices.ContainsFunc(kinds, func(k event.ActionKind) bool { return slices.Contains(b.Kinds, k) })
}
