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

// optoutsCommand is who said stop.
func optoutsCommand(ctx context.Context, sys system, args []string) error {
	return subcommands(ctx, sys, "optouts", []command{
		{"list", "[--after HASH] [--max N]", "standing opt-outs, by hash of the user", optoutsList},
		{"add", "USER_ID", "record an opt-out that came by another way than X", optoutsAdd},
		{"export", "[--for NAME]", "standing opt-outs as JSON lines, for a host with the same host.key; it is recorded who gave them to whom", optoutsExport},
		{"import", "FILE|-", "take in what export wrote; the later act wins, and no opt-out ends", optoutsImport},
		{"match", "[--lang TAG]", "what is found in each line of standard input: tier, tab, line", optoutsMatch},
	}, args)
}

func optoutsList(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("optouts list", flag.ContinueOnError)
	after := fs.String("after", "", "go on after this hash")
	most := fs.Int("max", 100, "how many at most")
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	q := url.Values{"after": {*after}, "max": {strconv.Itoa(*most)}}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var list admin.OptOuts
		raw, err := o.call(ctx, http.MethodGet, "/v1/optouts?"+q.Encode(), nil, &list)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeOptOuts(w, list.OptOuts, *most) })
	})
}

func (o *operator) writeOptOuts(w io.Writer, list []admin.OptOut, most int) {
	if len(list) == 0 {
		fmt.Fprintln(w, "no opt-outs")
		return
	}
	t := table(w)
	fmt.Fprintln(t, "USER (KEYED HASH)\tAGE\tFOUND AS\tBY")
	for _, p := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", p.UserHash, span(o.now.Sub(p.At)), p.Tier, orDash(safe(p.Event)))
	}
	t.Flush()
	if len(list) == most {
		fmt.Fprintf(w, "the first %d; `%s` goes on\n", most, o.command("optouts list --after "+list[most-1].UserHash))
	}
}

func optoutsAdd(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("optouts add", flag.ContinueOnError), args, true)
	if err != nil {
		return err
	}
	user, err := oneArg(rest, "one user: the X user id")
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var done admin.OptedOut
		raw, err := o.call(ctx, http.MethodPost, "/v1/optouts", admin.Change{By: f.by, User: user}, &done)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			fmt.Fprintf(w, "user %s is opted out of every bot here; %s cancelled. Only the user's own START ends it.\n",
				done.User, plural(done.Cancelled, "waiting action"))
		})
	})
}
