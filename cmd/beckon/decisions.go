package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// decisionsCommand is what was decided, also where it left no action.
func decisionsCommand(ctx context.Context, sys system, args []string) error {
	return subcommands(ctx, sys, "decisions", []command{
		{"list", "[--bot BOT] [--denied] [--since TIME] [--post ID] [--max N]", "what was decided, newest first; of one post also why it was not answered", decisionsList},
		{"show", "ID", "one decision: its rules, its conditions, what it adds", decisionsShow},
	}, args)
}

func decisionsList(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("decisions list", flag.ContinueOnError)
	bot := fs.String("bot", "", "of this bot only")
	denied := fs.Bool("denied", false, "denials only")
	since := fs.String("since", "", "no older than a `time`: 24h, 2026-12-01, or 2026-12-01T09:30:00Z")
	post := fs.String("post", "", "on this post or DM only, by its `id` on X")
	most := fs.Int("max", 100, "how many at most")
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	q := url.Values{"bot": {*bot}, "post": {*post}, "max": {strconv.Itoa(*most)}, "denied": {strconv.FormatBool(*denied)}}
	if *since != "" {
		at, err := sinceTime(*since, sys.now())
		if err != nil {
			return err
		}
		q.Set("since", at.UTC().Format(time.RFC3339))
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var list admin.Decisions
		raw, err := o.call(ctx, http.MethodGet, "/v1/decisions?"+q.Encode(), nil, &list)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			if list.Post != nil {
				o.writeFate(w, *post, *list.Post)
				if len(list.Decisions) == 0 {
					return
				}
				fmt.Fprintln(w)
			}
			o.writeDecisions(w, list.Decisions, *most)
		})
	})
}

// sinceTime reads how long ago, a day, or a time.
func sinceTime(s string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(form, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usageError(fmt.Sprintf("--since: how long, such as 24h, a day, or a time such as 2026-12-01T09:30:00Z, not %q", s))
}

// writeFate says what became of a post.
func (o *operator) writeFate(w io.Writer, post string, f admin.Fate) {
	fmt.Fprintf(w, "post %s: %s\n", post, f.Say)
	if len(f.Actions) > 0 {
		fmt.Fprintln(w)
		o.writeActions(w, f.Actions, len(f.Actions)+1)
	}
}

func (o *operator) writeDecisions(w io.Writer, list []admin.Decided, most int) {
	if len(list) == 0 {
		fmt.Fprintln(w, "no decisions")
		return
	}
	t := table(w)
	fmt.Fprintln(t, "ID\tAT\tBOT\tUSER\tWHAT\tDECIDED\tBY\tWHY")
	for _, d := range list {
		why := safe(d.Say)
		if len(d.Obligations) > 0 {
			var adds []string
			for _, ob := range d.Obligations {
				adds = append(adds, obligationInWords(rules.Obligation(ob)))
			}
			why += " (adds " + strings.Join(adds, ", ") + ")"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.At.UTC().Format(time.DateTime), orDash(d.Bot), orDash(safe(d.User)), whatOf(d),
			d.Decision, orDash(strings.Join(d.Rules, " ")), clip(why, 100))
	}
	t.Flush()
	if len(list) == most {
		fmt.Fprintf(w, "the newest %d; --max N shows more\n", most)
	}
}

// whatOf is what was decided on: reply, dm notice, reply at its claim.
func whatOf(d admin.Decided) string {
	if d.Kind == "" {
		return "-"
	}
	what := kindOf(admin.Action{Kind: d.Kind, Purpose: d.Purpose})
	if d.Stage != gate.StageDraft {
		what += " " + d.Stage
	}
	return what
}

func decisionsShow(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("decisions show", flag.ContinueOnError), args, false)
	if err != nil {
		return err
	}
	id, err := oneArg(rest, "one decision: its id")
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var d admin.Decided
		_, err := o.call(ctx, http.MethodGet, "/v1/decisions/"+url.PathEscape(id), nil, &d)
		if err != nil {
			return o.unknown(err, "decisions list", "decisions")
		}
		// As JSON it is the record alone, which `beckon rules explain --record -` reads.
		return o.show(sys.stdout, d.Record, func(w io.Writer) {
			t := table(w)
			row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
			row("decision", "%s, of bot %s, about user %s", d.ID, orDash(d.Bot), orDash(safe(d.User)))
			row("on", "%s, event %s", whatOf(d), orDash(safe(d.Event)))
			var r gate.Record
			if json.Unmarshal(d.Record, &r) == nil {
				o.writeDecision(row, r)
			}
			row("action", "%s", orDash(d.Action))
			t.Flush()
			fmt.Fprintf(w, "next\n  %s --format json | beckon rules explain --record - RULES  shows every rule and condition\n", o.command("decisions show "+d.ID))
		})
	})
}
