package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/admin"
)

// A file of opt-outs is JSON lines: a head, then an opt-out a line, and how many
// they were: of a file that is cut off nobody is taken in, since those who are
// missing would be written to. It names nobody: users stand in it by keyed hash,
// so it is of use only to a host with the same host.key. A START does not travel:
// only its user ends an opt-out.
type optOutsHead struct {
	Form    int       `json:"beckon_optouts"` // version of this form
	HostKey string    `json:"host_key"`       // check value of the key, not the key
	At      time.Time `json:"exported_at"`
}

// optOutsEnd is the last line.
type optOutsEnd struct {
	Total *int `json:"total"` // of the lines before it, without the head
}

const (
	optOutsForm  = 2
	optOutsBatch = 5000 // rows in one request
)

func optoutsExport(ctx context.Context, sys system, args []string) error {
	flags := flag.NewFlagSet("optouts export", flag.ContinueOnError)
	whom := flags.String("for", "another host of the operator", "`who` will have it; recorded with who gave it, so it takes --by")
	f, rest, err := readFlags(sys, flags, args, true)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		// Keyed hashes are no ids of X: nobody without the key can use them.
		told := admin.Export{By: f.by, For: *whom, What: "opt-outs by keyed hash"}
		if _, err := o.call(ctx, http.MethodPost, "/v1/exports", told, nil); err != nil {
			return err
		}
		w := bufio.NewWriter(sys.stdout)
		enc := json.NewEncoder(w)
		total := 0
		for after, first := "", true; ; first = false {
			q := url.Values{"after": {after}, "max": {strconv.Itoa(optOutsBatch)}}
			var list admin.OptOuts
			if _, err := o.call(ctx, http.MethodGet, "/v1/optouts?"+q.Encode(), nil, &list); err != nil {
				return err
			}
			if first {
				if err := enc.Encode(optOutsHead{optOutsForm, list.HostKey, o.now.UTC().Truncate(time.Second)}); err != nil {
					return err
				}
			}
			for _, p := range list.OptOuts {
				if err := enc.Encode(p); err != nil {
					return err
				}
			}
			total += len(list.OptOuts)
			if len(list.OptOuts) < optOutsBatch {
				if err := enc.Encode(optOutsEnd{&total}); err != nil {
					return err
				}
				return w.Flush()
			}
			after = list.OptOuts[len(list.OptOuts)-1].UserHash
		}
	})
}

func optoutsImport(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("optouts import", flag.ContinueOnError), args, true)
	if err != nil {
		return err
	}
	name, err := oneArg(rest, "one file that `beckon optouts export` wrote, or - for standard input")
	if err != nil {
		return err
	}
	in := sys.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	// All of it is read before anything changes.
	head, list, err := readOptOuts(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		sum := admin.Imported{}
		for {
			n := min(len(list), optOutsBatch)
			var done admin.Imported
			body := admin.Import{By: f.by, HostKey: head.HostKey, OptOuts: list[:n]}
			if _, err := o.call(ctx, http.MethodPost, "/v1/optouts/import", body, &done); err != nil {
				return err
			}
			sum.Read, sum.Changed, sum.Cancelled = sum.Read+done.Read, sum.Changed+done.Changed, sum.Cancelled+done.Cancelled
			if list = list[n:]; len(list) == 0 {
				break
			}
		}
		raw, err := json.Marshal(sum)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, append(raw, '\n'), func(w io.Writer) {
			fmt.Fprintf(w, "%s read, %d new or later than what stood here; %s cancelled. An import ends no opt-out.\n",
				plural(sum.Read, "opt-out"), sum.Changed, plural(sum.Cancelled, "waiting action"))
		})
	})
}

func readOptOuts(in io.Reader) (head optOutsHead, list []admin.OptOut, err error) {
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(&head); err != nil {
		return head, nil, fmt.Errorf("line 1 is no head of exported opt-outs: %w; want a file that `beckon optouts export` wrote", err)
	}
	if head.Form != optOutsForm {
		return head, nil, fmt.Errorf("line 1: form %d, this version reads %d: export it again with this version", head.Form, optOutsForm)
	}
	list = []admin.OptOut{}
	for {
		var l struct {
			admin.OptOut
			optOutsEnd
		}
		err := d.Decode(&l)
		switch {
		case errors.Is(err, io.EOF):
			return head, nil, fmt.Errorf("it is cut off after %s: the last line with the total is missing; export it again", plural(len(list), "opt-out"))
		case err != nil:
		case l.Total != nil:
			return head, list, ended(d, l.OptOut, *l.Total, len(list))
		default:
			err = action.KeptOptOut(l.OptOut).Check()
		}
		if err != nil {
			return head, nil, fmt.Errorf("line %d: %w", len(list)+2, err)
		}
		list = append(list, l.OptOut)
	}
}

// ended checks the last line.
func ended(d *json.Decoder, beside admin.OptOut, total, read int) error {
	switch _, err := d.Token(); {
	case beside != admin.OptOut{}:
		return fmt.Errorf("line %d: an opt-out and the total in one line", read+2)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("line %d: it goes on behind the total, which is the last line", read+3)
	case total != read:
		return fmt.Errorf("it has %s and says %d: lines are missing; export it again", plural(read, "opt-out"), total)
	}
	return nil
}
