package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/rollout"
)

// statusFiles shows what a running host has in place of the files of a kind.
func statusFiles(ctx context.Context, sys system, name string, kind rollout.Kind, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet(name, flag.ContinueOnError), args, false)
	if err == nil {
		err = noArgs(rest)
	}
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.Files
		if _, err := o.call(ctx, http.MethodGet, "/v1/files", nil, &all); err != nil {
			return err
		}
		all.Files = slices.DeleteFunc(all.Files, func(s rollout.FileStatus) bool { return s.Kind != kind })
		raw, err := json.Marshal(all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, append(raw, '\n'), func(w io.Writer) {
			if len(all.Files) == 0 {
				fmt.Fprintf(w, "no bot has the key %s\n", kind)
			}
			for _, s := range all.Files {
				o.writeFile(w, s)
			}
		})
	})
}

func (o *operator) writeFile(w io.Writer, s rollout.FileStatus) {
	var holds []string
	for _, n := range s.Holds {
		holds = append(holds, plural(n.N, n.What))
	}
	fmt.Fprintf(w, "%s: %s\n  since     %s\n  path      %s\n", s.Bot, strings.Join(holds, ", "), o.ago(s.Since), safe(s.Path))
	if s.Failure != nil {
		o.writeFailure(w, *s.Failure, "what is above is still in place")
	}
}

// writeFailure shows why something is not in force, and what is instead.
func (o *operator) writeFailure(w io.Writer, f rollout.Failure, kept string) {
	fmt.Fprintf(w, "  REFUSED   %s (%s); %s:\n", o.ago(f.At), f.Step, kept)
	for _, p := range f.Problems {
		fmt.Fprintf(w, "            %s\n", safe(p))
	}
	if f.More > 0 {
		fmt.Fprintf(w, "            and %s more\n", plural(f.More, "problem"))
	}
}
