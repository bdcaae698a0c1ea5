package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"

	"github.com/beckon-bot/beckon/runtime/admin"
)

// subscribeCommand shows what X tells the app, and makes what is missing.
func subscribeCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("subscribe", flag.ContinueOnError)
	dry := fs.Bool("dry", false, "show what is missing, change nothing")
	prune := fs.Bool("prune", false, "delete subscriptions that deliver here, or bear this program's tag, and that no bot needs")
	list := fs.Bool("connections", false, "list the app's open streams instead")
	shut := fs.Bool("close-connections", false, "close all of the app's open streams, other hosts' too, instead")
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	bot := ""
	if len(rest) > 0 {
		if bot, err = oneArg(rest, "a bot, or none for all"); err != nil {
			return err
		}
	}
	switch {
	case *dry && *prune:
		return usageError("either --dry or --prune")
	case (*list || *shut) && (*dry || *prune || bot != "" || *list && *shut):
		return usageError("--connections and --close-connections stand alone")
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		if *list || *shut {
			return o.connections(ctx, sys.stdout, *shut)
		}
		var all admin.FoundList
		raw, err := o.call(ctx, http.MethodPost, "/v1/subscribe", admin.Subscribe{Mend: !*dry, Prune: *prune, Bot: bot}, &all)
		if err != nil {
			return err
		}
		if err := o.show(sys.stdout, raw, func(w io.Writer) { writeFound(w, all.Found, *dry) }); err != nil {
			return err
		}
		for _, f := range all.Found {
			if f.Err != "" {
				return errors.New("not all of it is as it should be")
			}
		}
		return nil
	})
}

func writeFound(w io.Writer, all []admin.Found, dry bool) {
	t := table(w)
	fmt.Fprintln(t, "BOT\tWHAT\tIS\tDONE")
	missing := 0
	for _, f := range all {
		bot, done := f.Bot, f.Done
		if bot == "" {
			bot = "-"
		}
		if done == "" {
			done = "-"
		}
		if f.Err != "" {
			done = "failed: " + f.Err
		}
		if f.Is != "ok" && f.Is != "surplus" && f.Done == "" {
			missing++
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", bot, safe(f.What), safe(f.Is), safe(done))
	}
	t.Flush()
	if dry && missing > 0 {
		fmt.Fprintf(w, "%d to do; without --dry it is done.\n", missing)
	}
}

func (o *operator) connections(ctx context.Context, w io.Writer, shut bool) error {
	var all admin.ConnectionList
	raw, err := o.call(ctx, http.MethodPost, "/v1/connections", map[string]bool{"close": shut}, &all)
	if err != nil {
		return err
	}
	return o.show(w, raw, func(w io.Writer) {
		if shut {
			fmt.Fprintf(w, "X closed %s of this app.\n", plural(all.Closed, "connection"))
			return
		}
		t := table(w)
		fmt.Fprintln(t, "CONNECTION\tSTREAM\tFROM\tSINCE")
		for _, c := range all.Open {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", safe(c.ID), safe(c.Endpoint), safe(c.From), o.ago(c.At))
		}
		t.Flush()
	})
}
