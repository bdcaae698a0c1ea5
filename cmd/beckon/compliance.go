package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/admin"
)

// complianceCommand shows what has to be deleted, and deletes what somebody asks
// for.
func complianceCommand(ctx context.Context, sys system, args []string) error {
	return subcommands(ctx, sys, "compliance", []command{
		{"status", "[--max N]", "what has to be deleted and until when, what was, and when X was asked what is gone", complianceStatus},
		{"delete", "--post|--user|--dm ID --by x|user|law [--at TIME]", "delete one post, one user or one DM, within 24 hours of when it was asked for", complianceDelete},
		{"removed", "EXPORT", "say that an export which holds what had to be deleted is removed, with every copy", complianceRemoved},
		{"run", "", "ask X now which posts and users are gone", complianceRun},
		{"wipe", "BOT|--all [--at TIME] [--dry]", "delete everything of an account whose access ended", complianceWipe},
	}, args)
}

func complianceStatus(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("compliance status", flag.ContinueOnError)
	max := fs.Int("max", 20, "the newest `N`")
	f, rest, err := readFlags(sys, fs, args, false)
	if err == nil {
		err = noArgs(rest)
	}
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.Duties
		raw, err := o.call(ctx, http.MethodGet, "/v1/duties?max="+strconv.Itoa(*max), nil, &all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.duties(w, all) })
	})
}

func (o *operator) duties(w io.Writer, all admin.Duties) {
	switch {
	case all.NotAsked != "":
		fmt.Fprintln(w, all.NotAsked)
	case all.EveryS == 0:
		fmt.Fprintln(w, "X is not asked what is gone (compliance.every: 0s)")
	default:
		fmt.Fprintf(w, "X is asked every %s what is gone\n", span(time.Duration(all.EveryS)*time.Second))
	}
	for _, r := range all.Rounds {
		about := map[string]string{"tweets": "posts"}[r.About]
		fmt.Fprintf(w, "  %s  %s  %s: %d asked about, %d gone", cmp.Or(about, r.About), o.ago(r.BeganAt), r.Step, r.IDs, r.Found)
		if r.DoneAt.IsZero() {
			fmt.Fprintf(w, "  goes on %s", o.ahead(r.NextAt))
		}
		if r.Problem != "" {
			fmt.Fprintf(w, "  (%s)", safe(r.Problem))
		}
		fmt.Fprintln(w)
	}
	if len(all.Open) == 0 {
		fmt.Fprintln(w, "nothing has to be deleted")
	} else {
		fmt.Fprintln(w, "has to be deleted:")
	}
	for _, d := range all.Open {
		o.duty(w, d)
	}
	if len(all.Recalls) > 0 {
		fmt.Fprintln(w, "exports that hold what had to be deleted: remove each file and every copy, then `beckon compliance removed EXPORT`:")
	}
	for _, r := range all.Recalls {
		fmt.Fprint(w, "  ")
		writeGiven(w, r.Given)
		fmt.Fprintf(w, "  for %s  %s\n", r.Cause, o.until(r.DueAt))
	}
	if len(all.Desk) > 0 {
		fmt.Fprintln(w, "the desk has to remove, and has not said that it did:")
	}
	for _, d := range all.Desk {
		what := d.What
		if what == "user" {
			what = "everything"
		}
		fmt.Fprintf(w, "  %s of handoff %s of %s, due %s", what, safe(d.Handoff), d.Bot, o.ahead(d.DueAt))
		switch {
		case d.NextAt.IsZero():
			fmt.Fprintf(w, "; it was told %s in vain, see to it by hand: %s", plural(d.Attempts, "time"), safe(d.Problem))
		case d.Attempts == 0:
			fmt.Fprint(w, "; not told yet")
		default:
			fmt.Fprintf(w, "; attempt %d failed: %s", d.Attempts, safe(d.Problem))
		}
		fmt.Fprintln(w)
	}
	if len(all.Done) > 0 {
		fmt.Fprintln(w, "was deleted:")
	}
	for _, d := range all.Done {
		o.duty(w, d)
	}
}

// duty is a line or two of one duty.
func (o *operator) duty(w io.Writer, d admin.Duty) {
	what := d.What
	if d.Target != "" {
		what += " " + d.Target
	}
	fmt.Fprintf(w, "  %s  %s  by %s", d.ID, safe(what), safe(d.ToldBy))
	if d.Reason != "" {
		fmt.Fprintf(w, " (%s)", safe(d.Reason))
	}
	switch {
	case d.Step == string(db.DutyVoid):
		fmt.Fprintf(w, "  void %s: the bot was resumed\n", o.ago(d.DoneAt))
		return
	case !d.DoneAt.IsZero():
		late := ""
		if d.DoneAt.After(d.DueAt) {
			late = ", late"
		}
		fmt.Fprintf(w, "  done in %s%s", span(d.DoneAt.Sub(d.OpenedAt)), late)
		for _, kind := range slices.Sorted(maps.Keys(d.Removed)) {
			fmt.Fprintf(w, ", %s %d", kind, d.Removed[kind])
		}
		fmt.Fprintln(w)
		return
	}
	fmt.Fprintf(w, "  %s", o.until(d.DueAt))
	if d.StartAt.After(o.now) {
		fmt.Fprintf(w, "; it begins by itself in %s, `beckon compliance wipe %s` begins it now, and resuming the bot ends it", span(d.StartAt.Sub(o.now)), safe(d.Target))
	}
	if d.Problem != "" {
		fmt.Fprintf(w, "; %s", safe(d.Problem))
	}
	fmt.Fprintln(w)
}

// until says how much time there is.
func (o *operator) until(due time.Time) string {
	s := "due in " + span(due.Sub(o.now))
	if !o.now.Before(due) {
		s = "late by " + span(o.now.Sub(due))
	}
	return s + " (" + due.UTC().Format("2006-01-02 15:04 MST") + ")"
}

// timeFlag reads when something was asked for.
func timeFlag(fs *flag.FlagSet, about string) *time.Time {
	var at time.Time
	fs.Func("at", about+", as `TIME`: 2026-12-07T09:30:00Z, or 2026-12-07 for its beginning in UTC", func(s string) (err error) {
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if at, err = time.Parse(layout, s); err == nil {
				return nil
			}
		}
		return fmt.Errorf("want a time such as 2026-12-07T09:30:00Z, not %q", s)
	})
	return &at
}

func complianceDelete(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("compliance delete", flag.ContinueOnError)
	var in admin.Deletion
	fs.StringVar(&in.Post, "post", "", "X's `ID` of a post")
	fs.StringVar(&in.User, "user", "", "X's `ID` of a user")
	fs.StringVar(&in.DM, "dm", "", "X's `ID` of a DM")
	fs.StringVar(&in.Cause, "by", "", "`WHO` asks for it: x, user or law")
	fs.StringVar(&in.By, "operator", "", "who you are (your login); a token says so itself")
	at := timeFlag(fs, "when it was asked for, from which 24 hours count")
	f, rest, err := readFlags(sys, fs, args, false)
	if err == nil {
		err = noArgs(rest)
	}
	if err != nil {
		return err
	}
	if in.By = strings.TrimSpace(in.By); in.By == "" && f.token == "" {
		if in.By = strings.TrimSpace(sys.getenv("USER")); in.By == "" {
			return usageError("say who you are: --operator NAME")
		}
	}
	in.At = *at
	return operate(ctx, sys, f, false, func(o *operator) error {
		var d admin.Duty
		raw, err := o.call(ctx, http.MethodPost, "/v1/duties", in, &d)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			if !d.DoneAt.IsZero() && len(d.Removed) == 0 {
				fmt.Fprintln(w, "nothing was kept of it")
			}
			o.duty(w, d)
		})
	})
}

func complianceRun(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("compliance run", flag.ContinueOnError)
	f, rest, err := readFlags(sys, fs, args, true)
	if err == nil {
		err = noArgs(rest)
	}
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.Duties
		raw, err := o.call(ctx, http.MethodPost, "/v1/duties/rounds", admin.Change{By: f.by}, &all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			o.duties(w, all)
			if !o.runs {
				fmt.Fprintln(w, "no host runs: the next one goes on with it")
			}
		})
	})
}

func complianceWipe(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("compliance wipe", flag.ContinueOnError)
	var in admin.Wipe
	all := fs.Bool("all", false, "of every bot, those too that are configured no more")
	fs.BoolVar(&in.Dry, "dry", false, "count what would go, and change nothing")
	at := timeFlag(fs, "when access ended, from which ten business days count")
	f, rest, err := readFlagsUnless(sys, fs, args, true, &in.Dry)
	if err != nil {
		return err
	}
	switch {
	case *all && len(rest) == 0:
		in.Bot = db.AllBots
	case *all:
		return usageError("either a bot, or --all")
	default:
		if in.Bot, err = oneArg(rest, "a bot, or --all"); err != nil {
			return err
		}
	}
	in.By, in.At = f.by, *at
	return operate(ctx, sys, f, false, func(o *operator) error {
		var done admin.Wiped
		raw, err := o.call(ctx, http.MethodPost, "/v1/duties/wipe", in, &done)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			if !in.Dry {
				for _, d := range done.Duties {
					o.duty(w, d)
				}
				return
			}
			fmt.Fprintln(w, "would remove, besides events on the bus and the account's login:")
			t := table(w)
			for _, kind := range slices.Sorted(maps.Keys(done.Would)) {
				fmt.Fprintf(t, "  %s\t%d\n", strings.ReplaceAll(kind, "_", " "), done.Would[kind])
			}
			t.Flush()
			fmt.Fprintln(w, "stays: opt-outs under keyed hashes, the audit chain, receipts, rules and configurations that were in force, what was spent")
		})
	})
}
