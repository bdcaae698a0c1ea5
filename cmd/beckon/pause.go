package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/admin"
)

func pauseCommand(ctx context.Context, sys system, args []string) error {
	return setSwitch(ctx, sys, "pause", args, true)
}

func resumeCommand(ctx context.Context, sys system, args []string) error {
	return setSwitch(ctx, sys, "resume", args, false)
}

// setSwitch turns the kill switch of a bot, or of all, on or off.
func setSwitch(ctx context.Context, sys system, name string, args []string, on bool) error {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	all := fs.Bool("all", false, "every bot of this host")
	why := fs.String("why", "", "the reason, for those who look later")
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	bot := db.AllBots
	switch {
	case *all && len(rest) > 0:
		return usageError("either a bot or --all")
	case !*all:
		if bot, err = oneArg(rest, "a bot, or --all"); err != nil {
			return err
		}
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var now admin.Switches
		change := admin.Change{By: f.by, Why: *why, Paused: &on}
		raw, err := o.call(ctx, http.MethodPut, "/v1/switches/"+url.PathEscape(bot), change, &now)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeSwitched(w, bot, on, now) })
	})
}

// writeSwitched says what a change made of the switches. A bot is silent while
// one of two is on: its own, or that of all.
func (o *operator) writeSwitched(w io.Writer, bot string, on bool, now admin.Switches) {
	arg := bot
	if bot == db.AllBots {
		arg = "--all"
	}
	if on {
		fmt.Fprintf(w, "%s paused: nothing is sent from now on, a call under way apart. `%s` ends it.\n", subject(bot), o.command("resume "+arg))
		fmt.Fprintf(w, "What comes in meanwhile is denied, and not answered later: `%s` shows whom a person has to answer.\n", o.command("decisions list --denied"))
	} else {
		fmt.Fprintf(w, "%s resumed: what waits is decided again before it goes.\n", subject(bot))
		for _, s := range now.Switches {
			if s.Paused && s.Bot != bot && (bot == db.AllBots || s.Bot == db.AllBots) {
				fmt.Fprintf(w, "%s still paused by %s, %s%s\n", subject(s.Bot), safe(s.By), o.ago(s.At), because(s.Why))
			}
		}
	}
	if !o.runs {
		fmt.Fprintln(w, "No host runs now; this counts when one starts.")
	}
}

// paused lists the switches that are on.
func (o *operator) paused(ctx context.Context) ([]admin.Switch, error) {
	var all admin.Switches
	if _, err := o.call(ctx, http.MethodGet, "/v1/switches", nil, &all); err != nil {
		return nil, err
	}
	var on []admin.Switch
	for _, s := range all.Switches {
		if s.Paused {
			on = append(on, s)
		}
	}
	return on, nil
}

func subject(bot string) string {
	if bot == db.AllBots {
		return "all bots are"
	}
	return bot + " is"
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + safe(why)
}
