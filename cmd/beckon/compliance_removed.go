package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/beckon-bot/beckon/runtime/admin"
)

// complianceRemoved takes a person's word that an export is gone: the host does
// not know where the files are.
func complianceRemoved(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("compliance removed", flag.ContinueOnError), args, true)
	if err != nil {
		return err
	}
	id, err := oneArg(rest, "one export, as `beckon compliance status` names it")
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var done admin.Recall
		raw, err := o.call(ctx, http.MethodPost, "/v1/exports/"+url.PathEscape(id)+"/gone", admin.Change{By: f.by}, &done)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			writeGiven(w, done.Given)
			fmt.Fprintln(w, "  is removed")
		})
	})
}

// writeGiven is an export in a line without its end.
func writeGiven(w io.Writer, g admin.Given) {
	fmt.Fprintf(w, "%s  %s", g.ID, safe(g.What))
	if g.File != "" {
		fmt.Fprintf(w, "  %s", safe(g.File))
	}
	fmt.Fprintf(w, "  for %s by %s  %s", safe(g.For), safe(cmp.Or(g.By, "nobody")), g.At.UTC().Format(time.DateOnly))
}
