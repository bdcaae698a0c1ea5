package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/event"
)

// actionsCommand is what the bots did, will do and wait for.
func actionsCommand(ctx context.Context, sys system, args []string) error {
	return subcommands(ctx, sys, "actions", []command{
		{"list", "[--bot BOT] [--user ID] [--state STATE] [--max N]", "the action log, newest first", actionsList},
		{"show", "ID", "one action: why, and what can be done next", actionsShow},
		{"queue", "[BOT]", "what waits to leave: how much, for what, until when", actionsQueue},
		{"cost", "[BOT] [--month YYYY-MM]", "what the bots cost, by day and kind, and what is left of their budgets", actionsCost},
		{"unknown", "[--max N]", "sends whose outcome nobody knows, and how far the search for it has come", actionsUnknown},
		{"settle", "ID --sent [--id ID] | --not-sent", "say what became of such a send, after a look on X", actionsSettle},
		{"dead", "[ID]", "events that could not be used, or one of them", actionsDead},
		{"retry", "ID", "try a pending action now; put a dead letter back", actionsRetry},
		{"approve", "ID", "let a held action go", actionsApprove},
		{"edit", "ID --text TEXT | --file FILE [--rewritten]", "another text for a held action, decided at once", actionsEdit},
		{"reject", "ID [--why TEXT]", "stop a held action", actionsReject},
		{"send", "BOT [--kind KIND] [--text TEXT] [--post ID] [--user ID] [--list ID] [--about THING] [--act TEXT] [--id ID] [--ai] [--promotional] [--affiliate] [--paid]", "ask a bot for a post, or a reply or DM of yours", actionsSend},
	}, args)
}

func actionsList(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("actions list", flag.ContinueOnError)
	bot := fs.String("bot", "", "of this bot only")
	user := fs.String("user", "", "to this user id only")
	state := fs.String("state", "", "in this state only")
	most := fs.Int("max", 100, "how many at most")
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	q := url.Values{"bot": {*bot}, "user": {*user}, "state": {*state}, "max": {strconv.Itoa(*most)}}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var list admin.Actions
		raw, err := o.call(ctx, http.MethodGet, "/v1/actions?"+q.Encode(), nil, &list)
		if err != nil {
			return err
		}
		paused, err := o.paused(ctx)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			for _, s := range paused {
				fmt.Fprintf(w, "%s paused by %s, %s%s\n", subject(s.Bot), safe(s.By), o.ago(s.At), because(s.Why))
			}
			o.writeActions(w, list.Actions, *most)
		})
	})
}

func (o *operator) writeActions(w io.Writer, list []admin.Action, most int) {
	if len(list) == 0 {
		fmt.Fprintln(w, "no actions")
		return
	}
	t := table(w)
	fmt.Fprintln(t, "ID\tBOT\tKIND\tUSER\tSTATE\tAGE\tEXPIRES\tWHY")
	for _, a := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.ID, a.Bot, kindOf(a), safe(a.User), a.State,
			span(o.now.Sub(a.CreatedAt)), o.expires(a), clip(safe(a.Reason), 72))
	}
	t.Flush()
	if len(list) == most {
		fmt.Fprintf(w, "the newest %d; --max N shows more\n", most)
	}
}

// expires is when an action that waits is cancelled.
func (o *operator) expires(a admin.Action) string {
	if !a.State.Open() || a.ExpiresAt.IsZero() {
		return "-"
	}
	return o.ahead(a.ExpiresAt)
}

// kindOf is reply or dm, with its purpose where it is no answer.
func kindOf(a admin.Action) string {
	if a.Part > 0 {
		return fmt.Sprintf("%s part %d", a.Kind, a.Part)
	}
	if a.Purpose == event.Answer {
		return string(a.Kind)
	}
	return string(a.Kind) + " " + strings.ReplaceAll(string(a.Purpose), "_", "-")
}

func actionsShow(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("actions show", flag.ContinueOnError), args, false)
	if err != nil {
		return err
	}
	id, err := oneArg(rest, "one action: its id")
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var a admin.ActionDetail
		raw, err := o.call(ctx, http.MethodGet, "/v1/actions/"+url.PathEscape(id), nil, &a)
		if err != nil {
			return o.unknown(err, "actions list", "actions")
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeAction(w, a) })
	})
}

func actionsApprove(ctx context.Context, sys system, args []string) error {
	return judge(ctx, sys, "approve", flag.NewFlagSet("actions approve", flag.ContinueOnError), args)
}

func actionsReject(ctx context.Context, sys system, args []string) error {
	return judge(ctx, sys, "reject", flag.NewFlagSet("actions reject", flag.ContinueOnError), args)
}

// judge is a person's word on a held action.
func judge(ctx context.Context, sys system, word string, fs *flag.FlagSet, args []string) error {
	var why string
	if word == "reject" {
		fs.StringVar(&why, "why", "", "the reason, for those who look later")
	}
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	id, err := oneArg(rest, "one action: its id")
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, word == "approve", func(o *operator) error {
		return o.changeAction(ctx, sys, id, word, admin.Change{Why: why})
	})
}

func actionsRetry(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("actions retry", flag.ContinueOnError), args, true)
	if err != nil {
		return err
	}
	id, err := oneArg(rest, "an action (a-...) or a dead letter (l-...)")
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		if strings.HasPrefix(id, "l-") {
			return o.retryDead(ctx, sys, id)
		}
		return o.changeAction(ctx, sys, id, "retry", admin.Change{})
	})
}

// changeAction asks for a change and says how the action stands then.
func (o *operator) changeAction(ctx context.Context, sys system, id, word string, c admin.Change) error {
	var a admin.Action
	c.By = o.flags.by
	raw, err := o.call(ctx, http.MethodPost, "/v1/actions/"+url.PathEscape(id)+"/"+word, c, &a)
	if err != nil {
		return o.unknown(err, "actions list", "actions")
	}
	return o.show(sys.stdout, raw, func(w io.Writer) {
		fmt.Fprintf(w, "%s is %s: %s\n", a.ID, a.State, safe(a.Reason))
		switch {
		case a.State != event.Pending:
		case strings.HasPrefix(a.Reason, action.ParkedReason):
			fmt.Fprintf(w, "It goes nowhere before `%s`.\n", o.command("resume "+a.Bot))
		case !o.runs:
			fmt.Fprintf(w, "No host runs: it goes when one starts, if that is before it expires (%s).\n", o.ahead(a.ExpiresAt))
		}
	})
}

// unknown adds to a 404 how to find what there is.
func (o *operator) unknown(err error, list, things string) error {
	var e apiError
	if errors.As(err, &e) && e.status == http.StatusNotFound {
		return fmt.Errorf("%w; `%s` lists %s", err, o.command(list), things)
	}
	return err
}

func actionsDead(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("actions dead", flag.ContinueOnError)
	most := fs.Int("max", 100, "how many at most")
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		id, err := oneArg(rest, "one dead letter at most")
		if err != nil {
			return err
		}
		return operate(ctx, sys, f, false, func(o *operator) error { return o.showDead(ctx, sys, id) })
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var list admin.Letters
		raw, err := o.call(ctx, http.MethodGet, "/v1/dead?max="+strconv.Itoa(*most), nil, &list)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeDead(w, list) })
	})
}

func (o *operator) writeDead(w io.Writer, list admin.Letters) {
	if len(list.Letters) == 0 {
		fmt.Fprintln(w, "no dead letters")
		return
	}
	t := table(w)
	fmt.Fprintln(t, "ID\tBOT\tEVENT\tFAILED AT\tAGE\tWHY")
	for _, l := range list.Letters {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", l.ID, orDash(l.Bot), orDash(clip(safe(l.Event), 24)), l.Stage,
			span(o.now.Sub(l.At)), clip(safe(l.Reason), 72))
	}
	t.Flush()
	if n := int64(len(list.Letters)); n < list.Total {
		fmt.Fprintf(w, "the oldest %d of %d; --max N shows more\n", n, list.Total)
	}
}

func (o *operator) showDead(ctx context.Context, sys system, id string) error {
	var l admin.Letter
	raw, err := o.call(ctx, http.MethodGet, "/v1/dead/"+url.PathEscape(id), nil, &l)
	if err != nil {
		return o.unknown(err, "actions dead", "dead letters")
	}
	return o.show(sys.stdout, raw, func(w io.Writer) {
		t := table(w)
		fmt.Fprintf(t, "dead letter\t%s, %s\n", l.ID, o.ago(l.At))
		fmt.Fprintf(t, "bot\t%s\n", orDash(l.Bot))
		fmt.Fprintf(t, "event\t%s\n", orDash(safe(l.Event)))
		fmt.Fprintf(t, "failed at\t%s\n", l.Stage)
		fmt.Fprintf(t, "why\t%s\n", safe(l.Reason))
		t.Flush()
		for _, p := range l.Posts {
			fmt.Fprintln(w, "holds")
			_ = p.Print(w, "  ") // w is a buffer
		}
		if l.Body != "" {
			fmt.Fprintln(w, "body, as it came")
			quote(w, l.Body)
		}
		fmt.Fprintf(w, "next\n  %s  takes it in again, after the fault is mended\n", o.command("actions retry "+l.ID))
	})
}

func (o *operator) retryDead(ctx context.Context, sys system, id string) error {
	var l admin.Letter
	raw, err := o.call(ctx, http.MethodPost, "/v1/dead/"+url.PathEscape(id)+"/retry", admin.Change{By: o.flags.by}, &l)
	if err != nil {
		return o.unknown(err, "actions dead", "dead letters")
	}
	return o.show(sys.stdout, raw, func(w io.Writer) {
		when := "is taken in again now"
		if !o.runs {
			when = "is taken in again when a host starts"
		}
		fmt.Fprintf(w, "%s is back on the bus and %s; if it fails again, `%s` shows it.\n", l.ID, when, o.command("actions dead"))
	})
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
