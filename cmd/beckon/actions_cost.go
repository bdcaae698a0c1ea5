package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/beckon-bot/beckon/runtime/admin"
)

func actionsCost(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("actions cost", flag.ContinueOnError)
	month := fs.String("month", "", "`YYYY-MM`, UTC; this month if not said")
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	q, err := oneBot(rest)
	if err != nil {
		return err
	}
	if *month != "" {
		q.Set("month", *month)
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var c admin.Costs
		raw, err := o.call(ctx, http.MethodGet, "/v1/cost?"+q.Encode(), nil, &c)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { writeCosts(w, c) })
	})
}

func writeCosts(w io.Writer, c admin.Costs) {
	for i, b := range c.Bots {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s, %s (days in UTC, by the prices of the configuration)\n", b.Bot, c.Month)
		if len(b.Days) == 0 {
			fmt.Fprintln(w, "  nothing")
		} else {
			writeDays(w, b)
		}
		writeLeft(w, "today", b.Day)
		writeLeft(w, "this month", b.Month)
	}
}

func writeDays(w io.Writer, b admin.Cost) {
	t := table(w)
	fmt.Fprintln(t, "  DAY\tWAY\tKIND\tN\tSPENT\tRESERVED")
	for _, d := range b.Days {
		reserved := "-"
		if d.ReservedN > 0 {
			reserved = fmt.Sprintf("%s for %d", d.Reserved, d.ReservedN)
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\n", d.Day, d.Way, d.Kind, strconv.FormatInt(d.N, 10), d.Settled, reserved)
	}
	fmt.Fprintf(t, "  total\t\t\t\t%s\t%s\n", b.Settled, b.Reserved)
	t.Flush()
}

func writeLeft(w io.Writer, of string, l *admin.Left) {
	if l != nil {
		fmt.Fprintf(w, "  %s of %s left %s\n", l.Left, l.Budget, of)
	}
}
