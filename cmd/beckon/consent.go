package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/beckon-bot/beckon/runtime/admin"
)

// consentCommand is what one user agreed to. It answers about a user who is
// named, and finds none.
func consentCommand(ctx context.Context, sys system, args []string) error {
	return subcommands(ctx, sys, "consent", []command{
		{"list", "BOT USER_ID", "what one user agreed to, and took back", consentList},
		{"record", "BOT USER_ID --kind dm_storage|matching|opt_in [--covers WHAT] --wording TEXT [--event ID]", "what a user agreed to, in the words that they saw", consentRecord},
		{"withdraw", "BOT USER_ID --kind dm_storage|matching|opt_in [--covers WHAT] [--event ID]", "a user takes it back; the record stays", consentWithdraw},
	}, args)
}

func botAndUser(rest []string) (bot, user string, err error) {
	if len(rest) != 2 || rest[0] == "" || rest[1] == "" {
		return "", "", usageError("name a bot and one user: the X user id")
	}
	return rest[0], rest[1], nil
}

func consentList(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("consent list", flag.ContinueOnError), args, false)
	if err != nil {
		return err
	}
	bot, user, err := botAndUser(rest)
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.Consents
		q := url.Values{"bot": {bot}, "user": {user}}
		raw, err := o.call(ctx, http.MethodGet, "/v1/consents?"+q.Encode(), nil, &all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeConsents(w, all) })
	})
}

func consentRecord(ctx context.Context, sys system, args []string) error {
	return consentChange(ctx, sys, "record", "/v1/consents", args)
}

func consentWithdraw(ctx context.Context, sys system, args []string) error {
	return consentChange(ctx, sys, "withdraw", "/v1/consents/withdraw", args)
}

func consentChange(ctx context.Context, sys system, verb, path string, args []string) error {
	fs := flag.NewFlagSet("consent "+verb, flag.ContinueOnError)
	var c admin.ConsentChange
	fs.StringVar(&c.Kind, "kind", "", "dm_storage: their DMs are kept; matching: they are matched with an account outside X; opt_in: they hear from the bot about what it covers")
	fs.StringVar(&c.Covers, "covers", "", "what an opt-in is about, and nothing else")
	fs.StringVar(&c.Event, "event", "", "`ID` of the event by which the user said so; none: it reached you by another way")
	if verb == "record" {
		fs.StringVar(&c.Wording, "wording", "", "what the user saw and agreed to")
	}
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	if c.Bot, c.User, err = botAndUser(rest); err != nil {
		return err
	}
	c.By = f.by
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.Consents
		raw, err := o.call(ctx, http.MethodPost, path, c, &all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeConsents(w, all) })
	})
}

func (o *operator) writeConsents(w io.Writer, all admin.Consents) {
	if len(all.Consents) == 0 {
		fmt.Fprintln(w, "no consents")
		return
	}
	t := table(w)
	fmt.Fprintln(t, "KIND\tAGE\tBY\tSTANDS\tWORDING")
	for _, c := range all.Consents {
		if c.Covers != "" {
			c.Kind += " to " + safe(c.Covers)
		}
		stands := "yes"
		if !c.WithdrawnAt.IsZero() {
			stands = fmt.Sprintf("withdrawn %s ago by %s", span(o.now.Sub(c.WithdrawnAt)), safe(c.WithdrawnBy))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", c.Kind, span(o.now.Sub(c.At)), safe(c.Event), stands, safe(c.Wording))
	}
	t.Flush()
}
