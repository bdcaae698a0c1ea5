package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/runtime/admin"
)

// operatorsCommand is about the people who work with the host.
func operatorsCommand(ctx context.Context, sys system, args []string) error {
	return subcommands(ctx, sys, "operators", []command{
		{"add", "NAME --role viewer|agent|admin [--expires 2160h]", "a new operator; prints their token, once", operatorsAdd},
		{"list", "", "who works with the host, as what, and since when", operatorsList},
		{"role", "NAME --role viewer|agent|admin", "another role", operatorsRole},
		{"rotate", "NAME [--expires 2160h]", "another token; the one before is no good any more", operatorsRotate},
		{"remove", "NAME", "they are let in no more; what they did stays on record", operatorsRemove},
		{"log", "[--of NAME] [--max N]", "what operators did, and what they were refused", operatorsLog},
	}, args)
}

func operatorsAdd(ctx context.Context, sys system, args []string) error {
	return changeOperators(ctx, sys, "add", args, true, true)
}

func operatorsRole(ctx context.Context, sys system, args []string) error {
	return changeOperators(ctx, sys, "role", args, true, false)
}

func operatorsRotate(ctx context.Context, sys system, args []string) error {
	return changeOperators(ctx, sys, "rotate", args, false, true)
}

func operatorsRemove(ctx context.Context, sys system, args []string) error {
	return changeOperators(ctx, sys, "remove", args, false, false)
}

func changeOperators(ctx context.Context, sys system, word string, args []string, role, expires bool) error {
	fs := flag.NewFlagSet("operators "+word, flag.ContinueOnError)
	var in admin.NewOperator
	if role {
		fs.StringVar((*string)(&in.Role), "role", "", "viewer: no texts; agent: answers users; admin: everything")
	}
	if expires {
		fs.StringVar(&in.Expires, "expires", "", "how long the token is good, such as 2160h (default: until it is rotated)")
	}
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	name, err := oneArg(rest, "one operator")
	if err != nil {
		return err
	}
	if role && in.Role == "" {
		return usageError("say as what: --role viewer, agent or admin")
	}
	in.By = f.by
	path := "/v1/operators"
	if word == "add" {
		in.Name = name
	} else {
		path += "/" + url.PathEscape(name) + "/" + word
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var now admin.Operator
		raw, err := o.call(ctx, http.MethodPost, path, in, &now)
		if err != nil {
			return o.unknown(err, "operators list", "operators")
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeOperator(w, word, now) })
	})
}

func (o *operator) writeOperator(w io.Writer, word string, now admin.Operator) {
	switch word {
	case "remove":
		fmt.Fprintf(w, "%s is let in no more; what they did stays on record: %s\n", now.Name, o.command("operators log --of "+now.Name))
		return
	case "role":
		fmt.Fprintf(w, "%s is %s from now on\n", now.Name, now.Role)
		return
	}
	until := "until it is rotated"
	if !now.ExpiresAt.IsZero() {
		until = "until " + now.ExpiresAt.UTC().Format("2006-01-02 15:04 UTC")
	}
	fmt.Fprintf(w, "%s is %s. Their token, good %s; it is shown once and kept nowhere:\n\n  %s\n\n", now.Name, now.Role, until, now.Token)
	fmt.Fprintf(w, "They set BECKON_TOKEN to it, or name a file that holds it with --token-file; then no command needs --by.\n")
}

func operatorsList(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("operators list", flag.ContinueOnError), args, false)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.OperatorList
		raw, err := o.call(ctx, http.MethodGet, "/v1/operators", nil, &all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			if len(all.Operators) == 0 {
				fmt.Fprintf(w, "no operators: whoever can read the data directory may do everything, under any name; %s\n", o.command("operators add NAME --role agent"))
				return
			}
			t := table(w)
			fmt.Fprintln(t, "NAME\tROLE\tSINCE\tTOKEN\tADDED BY")
			for _, p := range all.Operators {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", p.Name, p.Role, o.ago(p.CreatedAt), o.tokenOf(p), safe(p.CreatedBy))
			}
			t.Flush()
		})
	})
}

func (o *operator) tokenOf(p admin.Operator) string {
	switch {
	case !p.RemovedAt.IsZero():
		return "removed " + o.ago(p.RemovedAt)
	case p.ExpiresAt.IsZero():
		return "made " + o.ago(p.TokenAt)
	case !p.ExpiresAt.After(o.now):
		return "expired " + o.ago(p.ExpiresAt) + "; operators rotate " + p.Name
	}
	return "expires " + o.ahead(p.ExpiresAt)
}

func operatorsLog(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("operators log", flag.ContinueOnError)
	of := fs.String("of", "", "of this operator only")
	most := fs.Int("max", 100, "how many at most, the newest first")
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.Acts
		q := url.Values{"by": {*of}, "max": {strconv.Itoa(*most)}}
		raw, err := o.call(ctx, http.MethodGet, "/v1/acts?"+q.Encode(), nil, &all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			if len(all.Acts) == 0 {
				fmt.Fprintln(w, "nothing is on record")
				return
			}
			t := table(w)
			fmt.Fprintln(t, "WHEN\tWHO\tAS\tDID\tON\tREFUSED")
			for _, a := range all.Acts {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", a.At.UTC().Format(time.DateTime), safe(a.By), orDash(string(a.Role)), safe(a.Did), orDash(safe(a.On)), orDash(clip(safe(a.Refused), 72)))
			}
			t.Flush()
		})
	})
}
