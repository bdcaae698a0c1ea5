package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/erasure"
)

// forgetCommand erases one user.
func forgetCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("forget", flag.ContinueOnError)
	var in admin.Forget
	fs.StringVar(&in.Bot, "bot", "", "only what this `bot` has of them")
	fs.BoolVar(&in.Dry, "dry", false, "count what would go, and change nothing")
	f, rest, err := readFlagsUnless(sys, fs, args, true, &in.Dry)
	if err != nil {
		return err
	}
	if len(rest) != 1 || rest[0] == "" {
		return usageError("name one user: the X user id")
	}
	in.User, in.By = rest[0], f.by
	return operate(ctx, sys, f, false, func(o *operator) error {
		var r admin.Receipt
		raw, err := o.call(ctx, http.MethodPost, "/v1/forget", in, &r)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			if in.Dry {
				fmt.Fprintln(w, "would remove, besides the user's events on the bus:")
			} else {
				fmt.Fprintf(w, "removed; receipt %s:\n", r.ID)
			}
			writeRemoved(w, r)
		})
	})
}

func writeRemoved(w io.Writer, r admin.Receipt) {
	if len(r.Removed) == 0 {
		fmt.Fprintln(w, "  nothing was kept of them")
	}
	t := table(w)
	for _, kind := range slices.Sorted(maps.Keys(r.Removed)) {
		fmt.Fprintf(t, "  %s\t%d\n", kind, r.Removed[kind])
	}
	t.Flush()
	if len(r.Exports) > 0 {
		fmt.Fprintln(w, "  they are in these exports, which a person has to remove (`beckon compliance status` has the deadline):")
	}
	for _, g := range r.Exports {
		fmt.Fprint(w, "    ")
		writeGiven(w, g)
		fmt.Fprintln(w)
	}
}

// receiptsCommand lists what was removed of users.
func receiptsCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("receipts", flag.ContinueOnError)
	max := fs.Int("max", 20, "the newest `N`")
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError(fmt.Sprintf("unexpected argument %q", rest[0]))
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.Receipts
		raw, err := o.call(ctx, http.MethodGet, "/v1/receipts?max="+strconv.Itoa(*max), nil, &all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			if len(all.Receipts) == 0 {
				fmt.Fprintln(w, "no receipts")
			}
			for _, r := range all.Receipts {
				done := "done in " + span(r.DoneAt.Sub(r.AskedAt))
				if r.DoneAt.IsZero() {
					done = "under way: " + safe(r.Step)
				}
				fmt.Fprintf(w, "%s  %s ago  by %s  bot %s  %s\n", r.ID, span(o.now.Sub(r.AskedAt)), safe(r.By), safe(cmp.Or(r.Bot, "all")), done)
				writeRemoved(w, r)
			}
		})
	})
}

// openEraser puts together what erases users, on a bus that is open.
func (h *host) openEraser(events erasure.Bus) *erasure.Eraser {
	return &erasure.Eraser{Store: h.store, Bus: events, Scrub: h.scrub, Key: h.key, Book: h.desk.Book, Log: h.log, Told: func() { nudge(h.tells) }}
}

// busFiles are the bus's, without anybody who listens.
func (h *host) busFiles() bus.Options {
	return bus.Options{Dir: h.dir.file("bus"), Sealer: h.ring, Log: h.log, MaxAge: h.cfg.Retention.Texts}
}

// lateBus opens the bus for as long as one removal takes.
type lateBus struct{ h *host }

func (l lateBus) Erase(ctx context.Context, bot, user string, see func(bus.Message) error) (int, error) {
	b, err := bus.Open(ctx, l.h.busFiles())
	if err != nil {
		return 0, err
	}
	n, err := b.Erase(ctx, bot, user, see)
	return n, errors.Join(err, b.Close())
}

// See opens the bus for as long as a person reads.
func (l lateBus) See(ctx context.Context, bot, user string, see func(bus.Stored) error) error {
	b, err := bus.Open(ctx, l.h.busFiles())
	if err != nil {
		return err
	}
	return errors.Join(b.See(ctx, bot, user, see), b.Close())
}
