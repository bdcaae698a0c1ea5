// Package doctor judges whether a host and its bots keep X's duties before X
// does: facts in, findings out.
//
// What it owns: the checks, what each found means for a bot, and the words in
// which an operator reads it. What it refuses: to ask X, to read a file or a
// clock, to change anything. Who gathers the facts acts on the findings.
//
//   - Y1 a fact that could not be had is never taken for a good one: it is
//     unknown, and says why.
//   - Y2 every finding that is not ok says what to do, and every finding names
//     the duty that it serves.
//   - Y3 what X shows of an account counts more than what is declared of it; what
//     is declared holds where X shows nothing.
//   - Y4 no finding holds a secret or the text of a post or DM.
package doctor

import (
	"cmp"
	"slices"
)

// Level says how a check ended, from good to bad.
type Level string

// Levels.
const (
	OK      Level = "ok"
	Unknown Level = "unknown" // the fact could not be had
	Warn    Level = "warn"    // it works, and a person should look
	Unsafe  Level = "unsafe"  // it breaks a duty, or nothing can work
)

// rank orders levels, the worst first.
func (l Level) rank() int { return slices.Index([]Level{Unsafe, Warn, Unknown, OK}, l) }

// Finding is what one check found.
type Finding struct {
	Bot   string `json:"bot,omitempty"` // "": the app, or the host
	Check string `json:"check"`
	Level Level  `json:"level"`
	Found string `json:"found"`
	Do    string `json:"do,omitempty"` // "": nothing
	Duty  string `json:"duty"`
}

// Known is a fact, or why there is none.
type Known[T any] struct {
	Value   T
	Unknown string // why the value counts for nothing; "": it counts
}

// Fact is a fact that is known.
func Fact[T any](v T) Known[T] { return Known[T]{Value: v} }

// None is a fact that is not known.
func None[T any](why string) Known[T] { return Known[T]{Unknown: why} }

// check is one thing that is looked at.
type check struct {
	name string
	duty string // what of X's it serves
	app  func(Facts) []Finding
	bot  func(Facts, Bot) []Finding
}

// The duties, in the words of the page of facts.
// X rule: duties of an automated account, duties on data (facts.md, read 2026-11-25)
const (
	dutyLabel    = "duty 1: the Automated label is on"
	dutyBio      = "duty 2: the bio says that it is a bot, and whose"
	dutyOperator = "duty 3: linked to a human-managed account"
	dutyOptOut   = "duty 4: stop means stop"
	dutyOfficial = "duty 5: the official API only"
	dutyLimits   = "duty 6: inside the rate limits"
	dutyEngaged  = "reply only to a user who engaged first, DM only after the user's DM"
	dutyPosing   = "nobody's bot poses as a person"
	dutyPrivacy  = "DM: support bots include a privacy-policy link"
	dutyAI       = "AI-generated text needs prior approval"
	dutyUse      = "special use: government needs Enterprise, commercial a paid tier, research asks X first"
	dutyOneApp   = "one use case, one app: dev, staging and prod are the only three"
	dutyContent  = "several accounts only with content of their own"
	dutyData     = "X data is kept safe; a breach is told to X at once"
	dutyGone     = "what is gone on X is gone here within 24 hours"
	dutyOnce     = "one reply per interaction, also after a crash"
)

// checks are all of them, in the order in which a reader meets them.
func checks() []check {
	return []check{
		{name: "account", duty: dutyOfficial, bot: account},
		{name: "label", duty: dutyLabel, bot: label},
		{name: "bio", duty: dutyBio, bot: bio},
		{name: "operator", duty: dutyOperator, bot: operator},
		{name: "disclosure", duty: dutyPosing, bot: disclosure},
		{name: "privacy", duty: dutyPrivacy, bot: privacy},
		{name: "ai", duty: dutyAI, bot: ai},
		{name: "token", duty: dutyOfficial, bot: token},
		{name: "scopes", duty: dutyOfficial, bot: scopes},
		{name: "rules", duty: dutyEngaged, bot: ruleSet},
		{name: "sending", duty: dutyLimits, bot: sending},
		{name: "budget", duty: dutyLimits, bot: budget},
		{name: "content", duty: dutyContent, app: content},
		{name: "use", duty: dutyUse, app: use},
		{name: "tier", duty: dutyOfficial, app: tier},
		{name: "environment", duty: dutyOneApp, app: environment},
		{name: "app", duty: dutyOneApp, app: oneApp},
		{name: "ways-in", duty: dutyOptOut, app: waysIn},
		{name: "deletions", duty: dutyGone, app: deletions},
		{name: "clock", duty: dutyOptOut, app: clock},
		{name: "secrets", duty: dutyData, app: secrets},
		{name: "database", duty: dutyOnce, app: database},
		{name: "bus", duty: dutyOptOut, app: bus},
		{name: "optouts", duty: dutyOptOut, app: optOutCopy},
		{name: "restore", duty: dutyOptOut, app: restore},
		{name: "backup", duty: dutyOptOut, app: backup},
		{name: "disk", duty: dutyOptOut, app: disk},
	}
}

// Examine makes all checks: those of each bot in the order of the facts, then
// those of the app and the host.
func Examine(f Facts) []Finding {
	var out []Finding
	for _, b := range f.Bots {
		for _, c := range checks() {
			if c.bot != nil {
				out = append(out, c.stamp(b.Name, c.bot(f, b))...)
			}
		}
	}
	for _, c := range checks() {
		if c.app != nil {
			out = append(out, c.stamp("", c.app(f))...)
		}
	}
	return out
}

func (c check) stamp(bot string, found []Finding) []Finding {
	for i := range found {
		found[i].Bot, found[i].Check, found[i].Duty = cmp.Or(found[i].Bot, bot), c.name, c.duty
	}
	return found
}

// Worst is the worst level among the findings; OK for none.
func Worst(all []Finding) Level {
	worst := OK
	for _, f := range all {
		if f.Level.rank() < worst.rank() {
			worst = f.Level
		}
	}
	return worst
}

// Count is how many findings have the level.
func Count(all []Finding, l Level) (n int) {
	for _, f := range all {
		if f.Level == l {
			n++
		}
	}
	return n
}

func one(l Level, found, do string) []Finding {
	return []Finding{{Level: l, Found: found, Do: do}}
}

// good is a finding that needs nothing done.
func good(found string) []Finding { return one(OK, found, "") }
