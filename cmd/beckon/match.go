package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/match"
)

// matchCommand is which of the operator's own references a user has. It answers
// about a user who is named, and finds none.
func matchCommand(ctx context.Context, sys system, args []string) error {
	return subcommands(ctx, sys, "match", []command{
		{"list", "USER_ID --bot BOT", "what one user is matched with, for what and on what basis; ended ones too", matchList},
		{"set", "USER_ID --bot BOT --purpose WORD --basis opt_in|provided_by_user|public --ref REF [--event ID] [--source LINK] [--keep TIME]", "match a user with a reference outside of X, if there is a basis", matchSet},
		{"remove", "USER_ID --bot BOT --purpose WORD", "end the match for one purpose: it was wrong, or is not needed", matchRemove},
		{"withdraw", "USER_ID --bot BOT [--event ID]", "the user does not want it: all of them end, and what was a basis is none any more", matchWithdraw},
	}, args)
}

// matchFlags reads what all of them have in common.
func matchFlags(sys system, fs *flag.FlagSet, args []string, changes bool) (f operatorFlags, c admin.MatchChange, err error) {
	bot := fs.String("bot", "", "the bot to which the user wrote")
	f, rest, err := readFlags(sys, fs, args, changes)
	if err != nil {
		return f, c, err
	}
	if len(rest) != 1 || rest[0] == "" || *bot == "" {
		return f, c, usageError("name one user, the X user id, and --bot")
	}
	return f, admin.MatchChange{By: f.by, Bot: *bot, User: rest[0]}, nil
}

func matchList(ctx context.Context, sys system, args []string) error {
	f, c, err := matchFlags(sys, flag.NewFlagSet("match list", flag.ContinueOnError), args, false)
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.Matches
		q := url.Values{"bot": {c.Bot}, "user": {c.User}}
		raw, err := o.call(ctx, http.MethodGet, "/v1/matches?"+q.Encode(), nil, &all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeMatches(w, all) })
	})
}

func matchSet(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("match set", flag.ContinueOnError)
	purpose := fs.String("purpose", "", "what the match is for, a `WORD` such as order_status; it is used for nothing else")
	basis := fs.String("basis", "", "opt_in: their consent to matching is on record; provided_by_user: they wrote it to the bot; public: they made it public themselves")
	ref := fs.String("ref", "", "the reference outside of X, such as a customer number; - reads it from a line of standard input")
	event := fs.String("event", "", "provided_by_user: `ID` of the post or DM in which they wrote it")
	source := fs.String("source", "", "public: the https `LINK` under which they did")
	keep := fs.Duration("keep", 0, "how long at most (default: an opt-in until it is withdrawn, what they wrote for "+
		fmt.Sprintf("%d days", int(match.KeepProvided.Hours()/24))+")")
	f, c, err := matchFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	c.Purpose, c.Basis, c.Ref, c.Event, c.Source = *purpose, *basis, *ref, *event, *source
	if *keep != 0 {
		c.Keep = keep.String()
	}
	if c.Ref == "-" {
		line, err := bufio.NewReader(sys.stdin).ReadString('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("read the reference: %w", err)
		}
		c.Ref = strings.TrimRight(line, "\r\n")
	}
	return matchChange(ctx, sys, f, "/v1/matches", c)
}

func matchRemove(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("match remove", flag.ContinueOnError)
	purpose := fs.String("purpose", "", "which one")
	f, c, err := matchFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	c.Purpose = *purpose
	return matchChange(ctx, sys, f, "/v1/matches/remove", c)
}

func matchWithdraw(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("match withdraw", flag.ContinueOnError)
	event := fs.String("event", "", "`ID` of the event by which the user said so; none: it reached you by another way")
	f, c, err := matchFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	c.Event = *event
	return matchChange(ctx, sys, f, "/v1/matches/withdraw", c)
}

func matchChange(ctx context.Context, sys system, f operatorFlags, path string, c admin.MatchChange) error {
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.Matches
		raw, err := o.call(ctx, http.MethodPost, path, c, &all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeMatches(w, all) })
	})
}

func (o *operator) writeMatches(w io.Writer, all admin.Matches) {
	if len(all.Matches) == 0 {
		fmt.Fprintln(w, "no matches")
		return
	}
	t := table(w)
	fmt.Fprintln(t, "PURPOSE\tBASIS\tREF\tAGE\tBY\tEVENT\tSTANDS")
	for _, m := range all.Matches {
		stands := "yes"
		switch {
		case !m.EndedAt.IsZero():
			stands = fmt.Sprintf("ended %s ago by %s", span(o.now.Sub(m.EndedAt)), safe(m.EndedBy))
		case !m.Until.IsZero() && !o.now.Before(m.Until):
			stands = "no, its time is over"
		case !m.Until.IsZero():
			stands = "for " + span(m.Until.Sub(o.now))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Purpose, m.Basis, dash(m.Ref), span(o.now.Sub(m.At)), safe(m.By), dash(m.Event), stands)
	}
	t.Flush()
}

// dash stands where there is nothing.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return safe(s)
}
