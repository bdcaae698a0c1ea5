package incident

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// notice is the text to X.
//
// X rule: a breach is told to X at once (facts.md, read 2026-11-25). Where it is
// told, and what has to stand in it, we have read nowhere: the text says what X
// can act on, and leaves the address to a person.
func (e Evidence) notice() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	f := e.figures()
	app := "[FILL IN: the app's id, from the developer portal]"
	if e.Setup.App != "" {
		app = e.Setup.App
	}

	p("To:      [FILL IN: where X takes this: the contact in your agreement with X, or the form at https://help.x.com/forms/platform]")
	p("From:    [FILL IN: your company, and a person who answers, with mail and phone]")
	p("Subject: Security incident%s", handles(e.Setup.Accounts))
	p("Sent:    [FILL IN: date and time, UTC. It is due at once: do not wait for the last answer]")
	p("")
	p("We report a security incident that concerns data or access from the X API.")
	p("")
	p("Whose app and accounts")
	p("  app       %s", app)
	for _, a := range e.Setup.Accounts {
		p("  account   @%s (user id %s), run by @%s", a.Username, a.UserID, a.Operator)
	}
	p("")
	p("What happened")
	p("  [FILL IN: in two or three sentences: who got at what, how, and how you know]")
	p("  noticed   [FILL IN: when, UTC, and by whom]")
	p("  period    %s to %s, UTC", stamp(e.From), stamp(e.To))
	p("  ended     [FILL IN: when access ended, or that it has not yet]")
	p("")
	p("What of X's was accessed or left the host in that period, by its records")
	p("  posts and DMs opened by operators         %s", f.read)
	p("  exports and reports given to somebody     %s", f.given)
	for _, line := range f.recipients {
		p("    %s", line)
	}
	p("  posts and DMs given to outside handlers   %s", f.handlers)
	p("  which of these were not ours              [FILL IN: the entries of evidence/acts.jsonl, given.jsonl and handlers.jsonl that nobody on your side made, or none]")
	p("  copies of the database or of its backups  [FILL IN: whether anybody may have one, and of when; texts in it open only with the host's key]")
	p("  tokens of the accounts, secrets of the app [FILL IN: which of them somebody may have]")
	p("  users concerned                           [FILL IN: how many, and how you counted. By the records, %s had something to do with the accounts' actions in the period]", users(f.users))
	p("")
	p("What was done in the accounts' names in that period, by the host")
	p("  sent                                      %s", f.sent)
	p("  of which not by us                        [FILL IN: the ids of posts, or none; evidence/actions.jsonl has all that the host sent]")
	p("  seen on X, and not sent by the host       [FILL IN: posts, DMs and follows that the accounts show on X and evidence/actions.jsonl does not: who has a token can act past the host]")
	p("  opt-outs in the period, all in force      %d", len(e.OptOuts))
	p("  deletions done, and open                  %d done, %d open", len(e.Report.Deletions), e.Duties)
	p("")
	p("Whether the records can be trusted")
	p("  %s", f.chain)
	p("")
	p("What we have done")
	for _, line := range e.measures() {
		p("  %s", line)
	}
	p("  secrets exchanged since                   [FILL IN: which, and when; see checklist.txt]")
	p("  users told                                [FILL IN: when and how, or why not]")
	p("")
	p("What we will do")
	p("  [FILL IN: next steps, and when you will write again]")
	p("")
	p("We keep the evidence, with checksums. It holds no texts and no ids of users,")
	p("and we will answer questions about it.")
	return b.String()
}

func handles(accounts []Account) string {
	var out []string
	for _, a := range accounts {
		out = append(out, " @"+a.Username)
	}
	return strings.Join(out, ",")
}

// figures are what the records tell, in words.
type figures struct {
	read, given, handlers, sent, chain string
	recipients                         []string
	users                              int
}

func (e Evidence) figures() (f figures) {
	reads, readers := 0, map[string]bool{}
	for _, a := range e.Acts {
		if a.reads() {
			reads++
			readers[a.By] = true
		}
	}
	f.read = "none"
	if reads > 0 {
		f.read = fmt.Sprintf("%s, by %s", times(reads), people(len(readers)))
	}

	type whom struct {
		ids, whole int64
		n          int
	}
	given := map[string]*whom{}
	for _, g := range e.Given {
		w := given[g.Recipient]
		if w == nil {
			w = &whom{}
			given[g.Recipient] = w
		}
		w.n, w.ids, w.whole = w.n+1, w.ids+g.IDs, w.whole+g.Hydrated
	}
	f.given = "none"
	if len(e.Given) > 0 {
		f.given = times(len(e.Given))
	}
	for name, w := range given {
		f.recipients = append(f.recipients, fmt.Sprintf("%s: %s, %d ids, %d whole posts or users", name, times(w.n), w.ids, w.whole))
	}
	slices.Sort(f.recipients)

	f.handlers = "none"
	if len(e.Handouts) > 0 {
		to := map[string]bool{}
		for _, h := range e.Handouts {
			to[h.To] = true
		}
		f.handlers = fmt.Sprintf("%s, to %s", times(len(e.Handouts)), strings.Join(sorted(to), ", "))
	}

	sent, who := map[event.ActionKind]int{}, map[string]bool{}
	for _, a := range e.Actions {
		if a.User != "" {
			who[a.User] = true
		}
		if a.State == event.Sent && e.in(a.Updated) {
			sent[a.Kind]++
		}
	}
	f.users, f.sent = len(who), "none"
	var kinds []string
	for k, n := range sent {
		kinds = append(kinds, fmt.Sprintf("%d %s", n, k))
	}
	if slices.Sort(kinds); len(kinds) > 0 {
		f.sent = strings.Join(kinds, ", ")
	}

	c := e.Report.Chain
	if n := int64(len(c.Faults)) + c.More; n > 0 {
		f.chain = fmt.Sprintf("NO: the audit chain has %d faults, which evidence/chain.jsonl names: somebody or something wrote past the host.", n)
	} else {
		f.chain = fmt.Sprintf("The audit chain was checked whole, %d entries since %s: nothing was changed, removed or put in past the host.", c.Entries, stamp(c.Since))
		if e.From.Before(c.Since) {
			f.chain += " It begins within the period: of what was before there is no record."
		}
	}
	return f
}

// measures are what the records say was done about it.
func (e Evidence) measures() (out []string) {
	for _, w := range e.Switches {
		if w.Paused {
			what := "the account of bot " + w.Bot
			if w.Bot == db.AllBots {
				what = "all accounts"
			}
			out = append(out, fmt.Sprintf("%s: nothing has been sent since %s", what, stamp(w.At)))
		}
	}
	for _, l := range e.Logins {
		if l.State == db.TokenEnded {
			out = append(out, fmt.Sprintf("bot %s: its login has ended, and the host has no tokens of it", l.Bot))
		}
	}
	if len(out) == 0 {
		out = append(out, "[FILL IN: nothing was stopped and nobody logged out yet: `beckon pause --all`, `beckon logout BOT`]")
	}
	return out
}

func sorted(set map[string]bool) []string {
	var out []string
	for s := range set {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func times(n int) string  { return count(n, "once", "times") }
func people(n int) string { return count(n, "one operator", "operators") }
func users(n int) string  { return count(n, "one user", "users") }

func count(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprint(n, " ", many)
}

// Faults counts what the check of the chain found.
func (e Evidence) Faults() int64 { return int64(len(e.Report.Chain.Faults)) + e.Report.Chain.More }
