package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/beckon-bot/beckon/runtime/admin"
)

// conversationsCommand is the desk's work queue: conversations that a person
// has, or should look at. It finds users by nothing else.
func conversationsCommand(ctx context.Context, sys system, args []string) error {
	return subcommands(ctx, sys, "conversations", []command{
		{"list", "[--bot BOT] [--max N]", "conversations that are held, handed off or paused; no others are listed", conversationsList},
		{"show", "BOT USER_ID", "one of them, with what the user wrote, as far as it is kept", conversationsShow},
		{"handoff", "BOT USER_ID [--why TEXT]", "a person takes over: the bot is silent toward this user", conversationsHandoff},
		{"release", "BOT USER_ID", "the bot may speak to this user again; no opt-out ends by it", conversationsRelease},
	}, args)
}

func conversationsList(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("conversations list", flag.ContinueOnError)
	bot := fs.String("bot", "", "of this bot only")
	most := fs.Int("max", 100, "how many at most")
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.Conversations
		q := url.Values{"bot": {*bot}, "max": {strconv.Itoa(*most)}}
		raw, err := o.call(ctx, http.MethodGet, "/v1/conversations?"+q.Encode(), nil, &all)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			if len(all.Conversations) == 0 {
				fmt.Fprintln(w, "no conversation waits for a person")
				return
			}
			t := table(w)
			fmt.Fprintln(t, "BOT\tUSER\tSTATE\tUNTIL\tLAST WROTE\tWHY")
			for _, c := range all.Conversations {
				until, last := "released", "-"
				if !c.Until.IsZero() {
					until = o.ahead(c.Until)
				}
				if !c.Last.IsZero() {
					last = o.ago(c.Last)
				}
				why := c.Why
				if c.Desk != "" {
					why += "; the desk: " + c.Desk
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Bot, safe(c.User), c.State, until, last, safe(why))
			}
			t.Flush()
		})
	})
}

func conversationsShow(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("conversations show", flag.ContinueOnError), args, false)
	if err != nil {
		return err
	}
	bot, user, err := botAndUser(rest)
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var c admin.Talk
		raw, err := o.call(ctx, http.MethodGet, "/v1/conversations/"+url.PathEscape(bot)+"/"+url.PathEscape(user), nil, &c)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			fmt.Fprintf(w, "user %s of bot %s: %s, %s\n", safe(c.User), c.Bot, strings.ReplaceAll(c.State, "_", " "), safe(c.Why))
			if len(c.Posts) == 0 {
				fmt.Fprintln(w, "\nnothing that they wrote is kept: posts are for three days (or retention.texts), DMs until their answer has ended, or for as long if the user agrees to it")
			}
			for _, p := range c.Posts {
				fmt.Fprintln(w)
				_ = p.Print(w, "  ") // w is a buffer
			}
			if c.State == "held" {
				fmt.Fprintf(w, "\nnext: if they said stop, `beckon optouts add %s`; if not:", safe(c.User))
			}
			fmt.Fprintf(w, "\nnext: write to them on X as the bot's account; `beckon conversations release %s %s` lets the bot speak again\n", c.Bot, safe(c.User))
		})
	})
}

func conversationsHandoff(ctx context.Context, sys system, args []string) error {
	return changeConversation(ctx, sys, "handoff", args)
}

func conversationsRelease(ctx context.Context, sys system, args []string) error {
	return changeConversation(ctx, sys, "release", args)
}

func changeConversation(ctx context.Context, sys system, word string, args []string) error {
	fs := flag.NewFlagSet("conversations "+word, flag.ContinueOnError)
	var why string
	if word == "handoff" {
		fs.StringVar(&why, "why", "", "the reason, for those who look later")
	}
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	bot, user, err := botAndUser(rest)
	if err != nil {
		return err
	}
	// How long a handoff lasts stands with what decides.
	return operate(ctx, sys, f, word == "handoff", func(o *operator) error {
		var c admin.Conversation
		path := "/v1/conversations/" + url.PathEscape(bot) + "/" + url.PathEscape(user) + "/" + word
		raw, err := o.call(ctx, http.MethodPost, path, admin.Change{By: f.by, Why: why}, &c)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			switch {
			case c.State == "":
				fmt.Fprintf(w, "%s may speak to user %s again, when they write; an opt-out of theirs stands.\n", c.Bot, c.User)
			case c.Until.IsZero():
				fmt.Fprintf(w, "%s is silent toward user %s until `%s`.\n", c.Bot, c.User, o.command("conversations release "+c.Bot+" "+c.User))
			default:
				fmt.Fprintf(w, "%s is silent toward user %s, and speaks again %s; `%s` ends it before.\n", c.Bot, c.User, o.ahead(c.Until),
					o.command("conversations release "+c.Bot+" "+c.User))
			}
		})
	})
}
