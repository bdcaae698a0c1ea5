package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/beckon-bot/beckon/runtime/admin"
)

// keyCommand is about the key that the host seals with.
func keyCommand(ctx context.Context, sys system, args []string) error {
	return subcommands(ctx, sys, "key", []command{
		{"list", "", "the keys, which of them seals, and what each is still needed for", keyList},
		{"rotate", "[--finish]", "a new key seals from now on, and what older ones sealed is sealed again", keyRotate},
		{"drop", "ID...|--old", "take old keys out of the file, where nothing needs them any more", keyDrop},
	}, args)
}

func keyList(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("key list", flag.ContinueOnError), args, false)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var l admin.Keys
		raw, err := o.call(ctx, http.MethodGet, "/v1/keys", nil, &l)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeKeys(w, l) })
	})
}

func (o *operator) writeKeys(w io.Writer, l admin.Keys) {
	t := table(w)
	fmt.Fprintln(t, "KEY\tSTATE\tLOGINS\tKEYS OF TEXTS")
	idle := false
	for _, k := range l.Keys {
		state := "seals"
		if !k.Seals {
			state, idle = "opens", idle || k.Logins+k.Texts == 0
		}
		fmt.Fprintf(t, "%d\t%s\t%d\t%d\n", k.ID, state, k.Logins, k.Texts)
	}
	t.Flush()
	fmt.Fprintf(w, "They are in %s.\n", safe(l.Where))
	if l.Fixed != "" {
		fmt.Fprintf(w, "They cannot be rotated here: %s.\n", safe(l.Fixed))
	}
	if idle {
		fmt.Fprintf(w, "Nothing needs those with two zeros any more: `%s`.\n", o.command("key drop --old"))
	}
	if l.Lost > 0 {
		fmt.Fprintf(w, "%s sealed with a key that is not here, and can be read no more; logins among it: `%s`.\n", were(l.Lost), o.command("accounts"))
	}
}

func were(n int) string {
	if n == 1 {
		return "1 thing was"
	}
	return fmt.Sprint(n, " things were")
}

func keyRotate(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("key rotate", flag.ContinueOnError)
	finish := fs.Bool("finish", false, "add no key: seal again what a rotation that was cut off has left")
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		o.http.Timeout = 0 // it reads every key of texts
		var done admin.Rotated
		raw, err := o.call(ctx, http.MethodPost, "/v1/keys/rotate", admin.RotateKey{By: f.by, Finish: *finish}, &done)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			fmt.Fprintf(w, "Key %d seals from now on. Sealed again: %s, %s.\n", done.Key, plural(done.Logins, "login"), textKeys(done.Texts))
			if done.Busy > 0 {
				fmt.Fprintf(w, "%s being renewed at this moment, and was left alone. In a minute, with the host running: `%s`.\n", isAre(done.Busy, "login"), o.command("key rotate --finish"))
			}
			if done.Lost > 0 {
				fmt.Fprintf(w, "%s sealed with a key that is not here, and can be read no more.\n", were(done.Lost))
			}
			fmt.Fprintf(w, "Older keys still open what they sealed, such as in a backup. `%s` takes them out of the file: keep a copy of it, apart, for as long as you keep such a backup.\n", o.command("key drop --old"))
		})
	})
}

func textKeys(n int) string {
	if n == 1 {
		return "1 key of texts"
	}
	return fmt.Sprint(n, " keys of texts")
}

func isAre(n int, what string) string {
	if n == 1 {
		return "1 " + what + " is"
	}
	return fmt.Sprint(n, " ", what, "s are")
}

func keyDrop(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("key drop", flag.ContinueOnError)
	old := fs.Bool("old", false, "every key but the one that seals")
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	in := admin.DropKeys{By: f.by}
	for _, a := range rest {
		id, err := strconv.ParseUint(a, 10, 32)
		if err != nil {
			return usageError(fmt.Sprintf("a key is a number, as `beckon key list` shows it, not %q", a))
		}
		in.IDs = append(in.IDs, uint32(id))
	}
	if *old == (len(rest) > 0) {
		return usageError("say which keys: by number, or --old for every one but that which seals")
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var done admin.Dropped
		raw, err := o.call(ctx, http.MethodPost, "/v1/keys/drop", in, &done)
		if err != nil {
			if strings.Contains(err.Error(), "still needed, for") {
				return fmt.Errorf("%w; seal that again first: `%s`", err, o.command("key rotate --finish"))
			}
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			for _, id := range done.IDs {
				fmt.Fprintf(w, "Key %d is gone: it opens nothing any more.\n", id)
			}
		})
	})
}
