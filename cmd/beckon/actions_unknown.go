package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/beckon-bot/beckon/runtime/admin"
)

func actionsUnknown(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("actions unknown", flag.ContinueOnError)
	most := fs.Int("max", 100, "how many at most")
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var list admin.Unknowns
		raw, err := o.call(ctx, http.MethodGet, "/v1/unknown?max="+strconv.Itoa(*most), nil, &list)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeUnknown(w, list.Actions) })
	})
}

func (o *operator) writeUnknown(w io.Writer, list []admin.Unknown) {
	if len(list) == 0 {
		fmt.Fprintln(w, "no action has an unknown outcome")
		return
	}
	t := table(w)
	fmt.Fprintln(t, "ID\tBOT\tKIND\tUSER\tSINCE\tLOOKED\tNEXT LOOK\tFOUND")
	for _, a := range list {
		next := "none: look on X"
		if !a.NextAt.IsZero() {
			next = o.ahead(a.NextAt)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.ID, a.Bot, kindOf(a.Action), safe(a.User),
			span(o.now.Sub(a.UpdatedAt)), plural(a.Looks, "time"), next, orDash(clip(safe(a.Found), 60)))
	}
	t.Flush()
	fmt.Fprintf(w, "None of them is sent again. If you see one on X: %s; if not: --not-sent.\n", o.command("actions settle ID --sent"))
}

func actionsSettle(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("actions settle", flag.ContinueOnError)
	sent := fs.Bool("sent", false, "X has it")
	not := fs.Bool("not-sent", false, "X does not have it")
	remote := fs.String("id", "", "X's `id` of the post or DM, with --sent")
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	id, err := oneArg(rest, "one action: its id")
	if err != nil {
		return err
	}
	if *sent == *not {
		return usageError("say --sent or --not-sent, as you saw it on X")
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var a admin.Action
		raw, err := o.call(ctx, http.MethodPost, "/v1/actions/"+url.PathEscape(id)+"/settle",
			admin.Change{By: o.flags.by, Sent: sent, Remote: *remote}, &a)
		if err != nil {
			return o.unknown(err, "actions unknown", "those whose outcome is unknown")
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { fmt.Fprintf(w, "%s is %s: %s\n", a.ID, a.State, safe(a.Reason)) })
	})
}
