package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/beckon-bot/beckon/runtime/admin"
)

func accountsCommand(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("accounts", flag.ContinueOnError), args, false)
	if err != nil {
		return err
	}
	return showAccounts(ctx, sys, f, rest)
}

// showAccounts shows how the one bot that rest names speaks, or every bot.
func showAccounts(ctx context.Context, sys system, f operatorFlags, rest []string) error {
	bot := ""
	if len(rest) > 0 {
		var err error
		if bot, err = oneArg(rest, "a bot, or none for all"); err != nil {
			return err
		}
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.AccountList
		raw, err := o.call(ctx, http.MethodGet, "/v1/accounts", nil, &all)
		if err != nil {
			return err
		}
		if bot != "" {
			if all.Accounts, raw, err = oneAccount(all.Accounts, bot); err != nil {
				return err
			}
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeAccounts(w, all.Accounts) })
	})
}

// oneAccount leaves the one bot in a list.
func oneAccount(all []admin.Account, bot string) (one []admin.Account, raw []byte, err error) {
	var names []string
	for _, a := range all {
		names = append(names, a.Bot)
		if a.Bot == bot {
			one = append(one, a)
		}
	}
	if len(one) == 0 {
		return nil, nil, usageError(fmt.Sprintf("no bot %q; the bots are %s", bot, strings.Join(names, ", ")))
	}
	raw, err = json.Marshal(admin.AccountList{Accounts: one})
	return one, append(raw, '\n'), err
}

func (o *operator) writeAccounts(w io.Writer, all []admin.Account) {
	t := table(w)
	fmt.Fprintln(t, "BOT\tBY\tSTATE\tLOGIN\tREFRESHED\tEXPIRES\tSCOPES")
	for _, a := range all {
		login, refreshed, expires := "-", "-", "-"
		if !a.LoginAt.IsZero() {
			login, refreshed, expires = o.ago(a.LoginAt), o.ago(a.RefreshedAt), o.ahead(a.ExpiresAt)
		}
		scopes := a.Scopes
		if scopes == "" {
			scopes = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Bot, a.Kind, a.State, login, refreshed, expires, safe(scopes))
	}
	t.Flush()
	for _, a := range all {
		if a.Reason != "" {
			fmt.Fprintf(w, "%s: %s\n", a.Bot, safe(a.Reason))
		}
	}
}

func logoutCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("logout", flag.ContinueOnError)
	drop := fs.Bool("drop", false, "drop the tokens here even where X does not confirm")
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	bot, err := oneArg(rest, "a bot")
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var done admin.LoggedOut
		raw, err := o.call(ctx, http.MethodPost, "/v1/accounts/"+url.PathEscape(bot)+"/logout", admin.Logout{By: f.by, Drop: *drop}, &done)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			if done.Revoked {
				fmt.Fprintf(w, "%s is logged out: X has revoked its tokens, and they are dropped here.\n", bot)
			} else {
				fmt.Fprintf(w, "%s: its tokens are dropped here. X did not confirm: take the app's access away in the account's settings on X (connected apps).\n", bot)
			}
			fmt.Fprintf(w, "It sends nothing until `%s`.\n", o.command("login "+bot))
		})
	})
}
