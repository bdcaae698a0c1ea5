package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/event"
)

// loginFlags are what a login can be told.
type loginFlags struct {
	operatorFlags
	port     int
	open     bool
	noListen bool
	status   bool
	wait     time.Duration
}

// A login goes: the person opens X's page, says yes, and X sends the browser
// back to the loopback address here, with a code. The code and what proves that
// the question was ours go to the host, which exchanges them: no token passes
// through this command.
func loginCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("login", flag.ContinueOnError)
	var f loginFlags
	fs.IntVar(&f.port, "port", 0, "`port` of the callback, instead of app.redirect's; X must know it")
	fs.BoolVar(&f.open, "open", false, "open the browser")
	fs.BoolVar(&f.noListen, "no-listen", false, "paste the address instead of listening for it: for a server without a browser")
	fs.BoolVar(&f.status, "status", false, "show how the bot speaks, or every bot, as beckon accounts does")
	fs.DurationVar(&f.wait, "wait", 10*time.Minute, "how `long` to wait for the person")
	common, rest, err := readFlagsUnless(sys, fs, args, true, &f.status)
	if err != nil {
		return err
	}
	f.operatorFlags = common
	if f.status {
		return showAccounts(ctx, sys, common, rest)
	}
	name, err := oneArg(rest, "a bot")
	if err != nil {
		return err
	}
	cfg, err := readConfig(sys, f.file)
	if err != nil {
		return err
	}
	l, err := newLogin(cfg, name, f)
	if err != nil {
		return err
	}
	say := sys.stdout
	if f.format == "json" {
		say = sys.stderr
	}
	if f.noListen {
		return l.paste(ctx, sys, say)
	}
	return l.listen(ctx, sys, say)
}

// login is one login under way.
type login struct {
	cfg      *config.Config
	flags    loginFlags
	name     string
	bot      config.Bot
	scopes   []account.Scope
	redirect *url.URL
	grant    account.Grant
}

func newLogin(cfg *config.Config, name string, f loginFlags) (*login, error) {
	b, ok := cfg.Bots[name]
	if !ok {
		return nil, usageError(fmt.Sprintf("no bot %q; the bots are %s", name, strings.Join(cfg.Names(), ", ")))
	}
	if by := b.SpeaksBy(); by != config.ByLogin {
		return nil, exitError{exitUsage, fmt.Errorf("bots.%s.%s is set, so the bot does not log in; take it out of %s first", name, by, f.file)}
	}
	scopes, err := scopesOf(b)
	if err != nil {
		return nil, err
	}
	redirect, err := url.Parse(cfg.App.Redirect)
	if err != nil {
		return nil, err // config has checked it
	}
	switch {
	case f.port < 0 || f.port > 65535:
		return nil, usageError("--port is a number from 1 to 65535")
	case f.port != 0 && redirect.Scheme != "http":
		return nil, usageError("--port goes with a callback on 127.0.0.1; app.redirect is " + cfg.App.Redirect)
	case f.port != 0:
		redirect.Host = fmt.Sprintf("127.0.0.1:%d", f.port)
	case redirect.Scheme != "http" && !f.noListen:
		return nil, usageError("app.redirect is not on this machine: use --no-listen and paste the address")
	}
	return &login{
		cfg: cfg, flags: f, name: name, bot: b, scopes: scopes, redirect: redirect,
		grant: account.NewGrant(cfg.App.ClientID, redirect.String(), account.Names(scopes)),
	}, nil
}

// scopesOf asks for what the bot's rules could allow, and no more.
func scopesOf(b config.Bot) ([]account.Scope, error) {
	set, err := rules.LoadDir(b.Rules, rules.Options{})
	if err != nil {
		return nil, err
	}
	return account.Scopes(kindsOf(set)), nil
}

// kindsOf are the kinds of action that some rule could permit.
func kindsOf(set *rules.Set) []event.ActionKind {
	kinds := []event.ActionKind{event.Reply, event.DM, event.Post, event.Repost, event.Quote, event.Like, event.Bookmark, event.FollowU, event.ListAdd}
	return slices.DeleteFunc(kinds, func(k event.ActionKind) bool { return !set.Permits(string(k)) })
}

// authorise is X's page for the account's owner; a simulated X has its own.
// X rule: where to authorise (facts.md, read 2026-11-25)
func (l *login) authorise() string {
	if l.cfg.XBaseURL != "https://api.x.com" {
		return l.cfg.XBaseURL + "/i/oauth2/authorize"
	}
	return "https://x.com/i/oauth2/authorize"
}

// ask shows what is asked for and why, and where to say yes.
func (l *login) ask(w io.Writer) {
	fmt.Fprintf(w, "Bot %s asks X for the right to act as @%s:\n\n", l.name, l.bot.Username)
	t := table(w)
	for _, s := range l.scopes {
		fmt.Fprintf(t, "  %s\t%s\n", s.Name, s.Why)
	}
	t.Flush()
	fmt.Fprintf(w, "\nIn a browser that is logged in to X as @%s, open\n\n  %s\n\n", l.bot.Username, l.grant.URL(l.authorise()))
}

// listen waits for the browser to come back.
func (l *login) listen(ctx context.Context, sys system, say io.Writer) error {
	cb := newCallback(l)
	srv, ln, err := listen(l.redirect.Host, cb)
	if err != nil {
		return fmt.Errorf("listen for X's answer: %w; if another program has the port, take another one in app.redirect and in the app's settings on X", err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	defer func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(bye) // the page about the end goes out first
		<-served
	}()
	l.ask(say)
	if l.flags.open {
		if err := openBrowser(ctx, l.grant.URL(l.authorise())); err != nil {
			fmt.Fprintf(say, "The browser could not be opened: %v\n", err)
		}
	}
	fmt.Fprintf(say, "Waiting for X's answer on %s for %s; interrupt to give up.\n", l.redirect, l.flags.wait)
	late := time.NewTimer(l.flags.wait)
	defer late.Stop()
	select {
	case <-ctx.Done():
		return errors.New("given up: nobody is logged in")
	case <-late.C:
		return fmt.Errorf("nobody answered within %s: nobody is logged in", l.flags.wait)
	case a := <-cb.answers:
		err := a.err
		if err == nil {
			err = l.handOver(ctx, sys, a.code)
		}
		cb.finish(err)
		return err
	}
}

// maxPaste is far above any address that X makes.
const maxPaste = 16 << 10

// paste reads the address from the terminal.
func (l *login) paste(ctx context.Context, sys system, say io.Writer) error {
	l.ask(say)
	fmt.Fprintf(say, "Then the browser goes to an address that begins with %s, and may show an error there. Paste that address here within 30 seconds:\n", l.redirect)
	line, err := bufio.NewReader(io.LimitReader(sys.stdin, maxPaste)).ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || line == "") {
		return errors.New("nothing was pasted: nobody is logged in")
	}
	q, err := account.ParseAnswer(line)
	if err != nil {
		return err
	}
	code, err := l.grant.Answer(q)
	if err != nil {
		return err
	}
	return l.handOver(ctx, sys, code)
}

// handOver gives the code to the host, or does the host's part where none runs.
func (l *login) handOver(ctx context.Context, sys system, c account.Code) error {
	// A login may come before the first start.
	if err := os.MkdirAll(l.cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	return operate(ctx, sys, l.flags.operatorFlags, false, func(o *operator) error {
		var a admin.Account
		raw, err := o.call(ctx, http.MethodPost, "/v1/accounts/"+url.PathEscape(l.name)+"/login", admin.Login{
			By: l.flags.by, Code: c.Code.Reveal(), Verifier: c.Verifier.Reveal(), Redirect: c.Redirect,
		}, &a)
		if err != nil {
			return err
		}
		paused, err := o.paused(ctx)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			fmt.Fprintf(w, "%s is logged in as @%s. The host renews its tokens from now on; `%s` shows how they stand, `%s` ends it.\n",
				l.name, l.bot.Username, o.command("accounts"), o.command("logout "+l.name))
			if missing := account.Missing(l.scopes, a.Scopes); len(missing) > 0 && a.Scopes != "" {
				fmt.Fprintf(w, "X did not grant %s: look at the app's permissions on X, then log in again.\n", strings.Join(missing, ", "))
			}
			for _, s := range paused {
				switch s.Bot {
				case l.name:
					fmt.Fprintf(w, "It is still paused by %s%s. `%s` ends that.\n", safe(s.By), because(s.Why), o.command("resume "+l.name))
				case db.AllBots:
					fmt.Fprintf(w, "All bots are paused by %s%s. `%s` ends that.\n", safe(s.By), because(s.Why), o.command("resume --all"))
				}
			}
		})
	})
}

// openBrowser asks the desktop to show an address.
func openBrowser(ctx context.Context, address string) error {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	return exec.CommandContext(ctx, name, args...).Run()
}
