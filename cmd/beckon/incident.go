package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/audit/bundle"
	"github.com/beckon-bot/beckon/runtime/audit/incident"
)

// incidentCommand gathers what was accessed in a period. It reads, unless it is
// told to stop and to log out first: then by the same ways as `beckon pause` and
// `beckon logout`.
func incidentCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("incident", flag.ContinueOnError)
	from := fs.String("from", "", "when it may have begun: a `time` such as 2026-11-25T14:30:00Z, or a day, UTC")
	to := fs.String("to", "", "when it ended: a `time`, or a day with all of it; now where it is left out")
	bot := fs.String("bot", "", "one bot only")
	out := fs.String("out", "", "`folder` to make")
	pause := fs.Bool("pause", false, "first the kill switch, of all bots or of --bot")
	logout := fs.Bool("logout", false, "first revoke the tokens of all bots that log in, or of --bot")
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	in := admin.Incident{By: f.by, Bot: *bot, To: soon(sys.now())}
	if in.From, err = momentFlag("from", *from, false); err != nil {
		return err
	}
	if *to != "" {
		if in.To, err = momentFlag("to", *to, true); err != nil {
			return err
		}
	}
	switch {
	case !in.From.Before(in.To):
		return usageError(fmt.Sprintf("--to %s is not after --from %s", in.To.Format(time.RFC3339), in.From.Format(time.RFC3339)))
	case *out == "":
		return usageError("say where the evidence goes: --out DIR")
	}
	if err := bundle.Free(*out); err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		o.http.Timeout = 0 // it reads every record
		// What cannot be stopped is told, and the evidence is kept all the same.
		var failed error
		if *pause {
			failed = o.stopAll(ctx, *bot)
		}
		if *logout {
			failed = errors.Join(failed, o.revokeAll(ctx, sys.stderr, *bot))
		}
		if *to == "" { // what was just done belongs to it
			in.To = soon(sys.now())
		}
		var done admin.Gathered
		if _, err := o.call(ctx, http.MethodPost, "/v1/incident", in, &done); err != nil {
			return errors.Join(failed, err)
		}
		if _, err := bundle.Put(*out, done.Files); err != nil {
			return errors.Join(failed, fmt.Errorf("keep the evidence: %w", err))
		}
		raw, err := json.Marshal(struct {
			Dir  string   `json:"dir"`
			Sum  string   `json:"sum"`
			Gaps []string `json:"gaps"`
		}{*out, done.Sum, done.Gaps})
		if err != nil {
			return errors.Join(failed, err)
		}
		err = o.show(sys.stdout, append(raw, '\n'), func(w io.Writer) { o.writeIncident(w, *out, done) })
		if err == nil && done.Faults > 0 {
			err = fmt.Errorf("the audit chain has %s, so what the host tells is not all that happened: `%s` names them", plural(int(done.Faults), "fault"), o.command("audit verify"))
		}
		return errors.Join(failed, err)
	})
}

func (o *operator) writeIncident(w io.Writer, dir string, done admin.Gathered) {
	fmt.Fprintf(w, "%s holds:\n", dir)
	fmt.Fprintf(w, "  %-18s what X has to be told, at once; %s to fill in:\n", incident.NoticeFile, plural(len(done.Gaps), "gap"))
	for i, g := range done.Gaps {
		fmt.Fprintf(w, "    %2d. %s\n", i+1, safe(g))
	}
	fmt.Fprintf(w, "  %-18s what to stop, keep and exchange, in which order\n", incident.ChecklistFile)
	fmt.Fprintf(w, "  %-18s what was accessed and done; check it: cd %s/%s && sha256sum -c %s\n", incident.Folder+"/", dir, incident.Folder, bundle.Sums)
	fmt.Fprintf(w, "The checksum of %s is %s; the audit chain has it too: `%s`.\n", bundle.Sums, done.Sum, o.command("operators log"))
	if !done.Paused {
		fmt.Fprintf(w, "Bots still send: `%s`.\n", o.command("pause --all"))
	}
}

// soon is the next whole second: everything until now is before it.
func soon(now time.Time) time.Time { return now.UTC().Truncate(time.Second).Add(time.Second) }

// momentFlag reads a time, or a day: its beginning, or its end.
func momentFlag(name, value string, end bool) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		return t.UTC(), nil
	}
	if t, err := time.Parse(time.DateOnly, value); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	return time.Time{}, usageError(fmt.Sprintf("--%s is a time such as 2026-11-25T14:30:00Z, or a day such as 2026-11-25, not %q", name, value))
}

// stopAll turns the kill switch on.
func (o *operator) stopAll(ctx context.Context, bot string) error {
	if bot == "" {
		bot = db.AllBots
	}
	on := true
	_, err := o.call(ctx, http.MethodPut, "/v1/switches/"+url.PathEscape(bot), admin.Change{By: o.flags.by, Why: "incident", Paused: &on}, nil)
	if err != nil {
		return fmt.Errorf("the kill switch is not on: %w", err)
	}
	return nil
}

// revokeAll logs out whoever has logged in, and says of whom it cannot.
func (o *operator) revokeAll(ctx context.Context, w io.Writer, bot string) error {
	var all admin.AccountList
	if _, err := o.call(ctx, http.MethodGet, "/v1/accounts", nil, &all); err != nil {
		return fmt.Errorf("nobody was logged out: %w", err)
	}
	var errs []error
	for _, a := range all.Accounts {
		switch {
		case bot != "" && a.Bot != bot:
		case a.Kind != "login":
			fmt.Fprintf(w, "%s speaks by %s: only the developer portal can revoke that\n", a.Bot, a.Kind)
		case a.State == "none" || a.State == string(db.TokenEnded):
		default:
			var done admin.LoggedOut
			_, err := o.call(ctx, http.MethodPost, "/v1/accounts/"+url.PathEscape(a.Bot)+"/logout", admin.Logout{By: o.flags.by}, &done)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s is not logged out: %w", a.Bot, err))
				continue
			}
			fmt.Fprintf(w, "%s is logged out: X has revoked its tokens\n", a.Bot)
		}
	}
	return errors.Join(errs...)
}
