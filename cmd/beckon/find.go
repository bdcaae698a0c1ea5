package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/admin"
)

// findCommand shows everything that is kept of one user, for a user who asks
// what that is.
func findCommand(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("find", flag.ContinueOnError), args, true)
	if err != nil {
		return err
	}
	if len(rest) != 1 || rest[0] == "" {
		return usageError("name one user: the X user id")
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var kept admin.KeptOf
		raw, err := o.call(ctx, http.MethodPost, "/v1/find", admin.Find{By: f.by, User: rest[0]}, &kept)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { writeKept(w, kept) })
	})
}

func writeKept(w io.Writer, k admin.KeptOf) {
	switch s := k.OptedOut; {
	case s == nil:
		fmt.Fprintf(w, "user %s: no opt-out is kept\n", safe(k.User))
	case s.Stands:
		fmt.Fprintf(w, "user %s: opted out at %s (%s)\n", safe(k.User), when(s.At), safe(s.How))
	case s.At.IsZero():
		fmt.Fprintf(w, "user %s: was erased at %s\n", safe(k.User), when(s.ErasedAt))
	default:
		fmt.Fprintf(w, "user %s: opted out once, and came back at %s\n", safe(k.User), when(s.At))
	}
	if len(k.Bots) == 0 && len(k.Counts) == 0 {
		fmt.Fprintln(w, "nothing else is kept of them")
		return
	}
	for _, b := range k.Bots {
		fmt.Fprintf(w, "\nbot %s\n", b.Bot)
		if c := b.Knows; c != nil {
			fmt.Fprintf(w, "  turned to it by %s at %s, and wrote last at %s; DMs received %d, sent %d; replies %d\n",
				c.Initiated, when(c.InitiatedAt), when(c.LastEventAt), c.DMsReceived, c.DMsSent, c.RepliesSent)
		}
		for _, c := range b.Consents {
			fmt.Fprintf(w, "  agreed to %s at %s: %s\n", safe(strings.TrimSpace(c.Kind+" "+c.Covers)), when(c.At), safe(c.Wording))
			if !c.WithdrawnAt.IsZero() {
				fmt.Fprintf(w, "    withdrawn at %s\n", when(c.WithdrawnAt))
			}
		}
		for _, m := range b.Matches {
			fmt.Fprintf(w, "  matched for %s since %s, because of %s: %s\n", safe(m.Purpose), when(m.At), m.Basis, safe(m.Ref))
		}
		for _, name := range slices.Sorted(maps.Keys(b.Remember)) {
			fmt.Fprintf(w, "  remembered: %s = %s\n", safe(name), safe(b.Remember[name]))
		}
		for _, p := range b.Posts {
			fmt.Fprintln(w)
			_ = p.Print(w, "  ") // w is a buffer
		}
		for _, a := range b.Actions {
			fmt.Fprintf(w, "\n  %s: %s to them, %s, at %s\n", a.ID, a.Kind, a.State, when(a.CreatedAt))
			if a.Text != "" {
				fmt.Fprintf(w, "    %s\n", safe(a.Text))
			}
		}
	}
	fmt.Fprintln(w, "\nrecords, by kind:")
	t := table(w)
	for _, kind := range slices.Sorted(maps.Keys(k.Counts)) {
		fmt.Fprintf(t, "  %s\t%d\n", kind, k.Counts[kind])
	}
	t.Flush()
}

func when(t time.Time) string { return t.UTC().Format(time.RFC3339) }
