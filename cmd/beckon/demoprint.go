package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// demoPrinter shows the day: a line an event, for people or as JSON.
type demoPrinter struct {
	mu   sync.Mutex
	w    *bufio.Writer
	json bool
	tty  bool // colours, and a pace that can be followed

	name   func(user string) string // a user id's handle, with the @
	events int
	count  map[gate.Effect]int // of decisions: a stop has one for itself and one for its confirmation
	users  map[string]bool
}

// demoPace is the time between lines on a terminal.
const demoPace = 70 * time.Millisecond

func newDemoPrinter(w io.Writer, format string) *demoPrinter {
	p := &demoPrinter{w: bufio.NewWriter(w), json: format == "json", count: map[gate.Effect]int{}, users: map[string]bool{}}
	if f, ok := w.(*os.File); ok {
		p.tty = term.IsTerminal(int(f.Fd())) && !p.json
	}
	return p
}

func (p *demoPrinter) line(format string, args ...any) {
	if !p.json {
		fmt.Fprintf(p.w, format+"\n", args...)
	}
	p.w.Flush()
}

func (p *demoPrinter) header(d *demo) {
	p.line("A day of a small support desk, on a simulated X. Everything runs in this process: three bots, the\nwebhook at http://%s%s, the event bus, the database, the rules, the sender.\n\ntime   who          event      what they write                     decision and rule               why, and what became of it", d.cfg.Listen, webhookPath)
}

func (p *demoPrinter) note(s string) { p.line("\n%s", p.bold(s)) }

func (p *demoPrinter) say(at time.Time, s string) {
	p.line("%s  %s", at.Format("15:04"), p.dim("· "+s))
}

// event prints one decision, and what became of the action that it led to.
func (p *demoPrinter) event(h dispatch.Handled, r gate.Record, a *db.Action, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count[r.Decision]++
	if r.User != "" {
		p.users[r.User] = true
	}
	if p.json {
		p.record(r)
		return
	}
	who := "-"
	switch h.Event.Kind {
	case event.KindOwnPost, event.KindOwnDM, event.KindDelete:
		who = p.name(h.Event.BotUser)
	default:
		if r.User != "" {
			who = p.name(r.User)
		}
	}
	end := ""
	if a != nil {
		end = "  " + p.dim("→ "+outcomeOf(*a))
	}
	if text != "" {
		text = `"` + clip(text, 33) + `"`
	}
	p.line("%s  %-12s %-10s %-35s %s %-25s %s%s", r.At.Format("15:04"), clip(who, 12), shortType(h.Event.Type), text,
		p.colour(r.Decision), clip(rulesOf(r), 25), r.Say, end)
	p.pace()
}

func (p *demoPrinter) record(r gate.Record) {
	if line, err := r.Line(); err == nil {
		p.w.Write(append(line, '\n'))
		p.w.Flush()
	}
}

// judged prints an operator's word on a held draft.
func (p *demoPrinter) judged(at time.Time, by string, yes bool, before event.State, a db.Action) {
	word := "rejects"
	if yes {
		word = "approves"
	}
	if before != event.Hold {
		p.say(at, fmt.Sprintf("%s wants to judge the held answer %s, but it is %s: %s", by, a.ID, a.State, a.Reason))
		return
	}
	p.say(at, fmt.Sprintf("%s %s the held answer %s → %s", by, word, a.ID, outcomeOf(a)))
}

// live prints what is committed while the demo is kept running.
func (p *demoPrinter) live(done []dispatch.Handled) {
	for _, h := range done {
		for _, r := range h.Records {
			p.event(h, r, nil, h.Event.Text)
		}
	}
}

func (p *demoPrinter) keepHint(d *demo) {
	p.line("\nIt goes on running; Ctrl-C ends it. Write to the bot as a user of your own, in another terminal:\n\n  curl -d '{\"from\":\"you\",\"to\":\"acme_help\",\"text\":\"when are you open?\"}' %s/_sim/mention\n  curl -d '{\"from\":\"you\",\"to\":\"acme_help\",\"text\":\"stop\"}' %s/_sim/dm\n  curl %s/_sim/seen\n",
		d.cfg.XBaseURL, d.cfg.XBaseURL, d.cfg.XBaseURL)
}

// demoSummary is the end of the day.
type demoSummary struct {
	Events int            `json:"events"`
	Users  int            `json:"users"`
	Decide map[string]int `json:"decisions"`
	Posts  int            `json:"replies_on_x"`
	DMs    int            `json:"dms_on_x"`
	Checks []check        `json:"checks"`
}

// summary prints the counts and the promises. A promise that does not hold is
// an error.
func (p *demoPrinter) summary(d *demo, checks []check) error {
	s := demoSummary{Events: p.events, Users: len(p.users), Decide: map[string]int{}, Checks: checks,
		Posts: len(d.sim.Posts()), DMs: len(d.sim.DMs())}
	for e, n := range p.count {
		s.Decide[string(e)] = n
	}
	if p.json {
		line, err := json.Marshal(map[string]demoSummary{"summary": s})
		if err != nil {
			return err
		}
		p.w.Write(append(line, '\n'))
		p.w.Flush()
	}
	p.note("The day in numbers")
	p.line("  %d events from %d users; decisions: %d allowed, %d held for a person, %d denied, %d that led to no draft.\n  On X: %d replies, %d DMs.",
		s.Events, s.Users, p.count[gate.Allow], p.count[gate.Hold], p.count[gate.Deny], p.count[gate.None], s.Posts, s.DMs)
	p.note("The promises, checked against what the simulated X saw")
	broken := 0
	for _, c := range checks {
		mark := "holds "
		if !c.Holds {
			mark = "BROKEN"
			broken++
		}
		p.line("  %s  %-58s %s", mark, c.Promise, c.Found)
	}
	if broken > 0 {
		return fmt.Errorf("%d of %d promises do not hold", broken, len(checks))
	}
	return nil
}

// outcomeOf says in a few words where an action stands.
func outcomeOf(a db.Action) string {
	switch a.State {
	case event.Sent:
		return "sent"
	case event.Pending:
		return fmt.Sprintf("waits until %s: %s", a.DueAt.UTC().Format("15:04"), a.Reason)
	case event.Hold:
		return "held for a person"
	}
	return fmt.Sprintf("%s: %s", a.State, a.Reason)
}

func shortType(t event.Type) string {
	switch t {
	case event.PostMention:
		return "mention"
	case event.PostReply:
		return "reply"
	case event.PostQuote:
		return "quote"
	case event.PostRepost:
		return "repost"
	case event.PostCreate:
		return "post"
	case event.PostDelete:
		return "delete"
	case event.DMReceived:
		return "dm"
	case event.DMSent:
		return "dm sent"
	case event.LikeCreate:
		return "like"
	case event.Follow:
		return "follow"
	case event.Unfollow:
		return "unfollow"
	}
	return clip(string(t), 10)
}

func (p *demoPrinter) pace() {
	if p.tty {
		time.Sleep(demoPace)
	}
}

func (p *demoPrinter) bold(s string) string { return p.esc("1", s) }
func (p *demoPrinter) dim(s string) string  { return p.esc("2", s) }

func (p *demoPrinter) colour(e gate.Effect) string {
	s := fmt.Sprintf("%-5s", e)
	switch e {
	case gate.Allow:
		return p.esc("32", s)
	case gate.Hold:
		return p.esc("33", s)
	case gate.Deny:
		return p.esc("31", s)
	}
	return p.dim(s)
}

func (p *demoPrinter) esc(code, s string) string {
	if !p.tty {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
