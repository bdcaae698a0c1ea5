package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/event"
)

// actionsSend asks a bot for something that answers no event: a post of its
// own, or an operator's reply or DM. The rules decide, as on everything.
func actionsSend(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("actions send", flag.ContinueOnError)
	var c event.Command
	kind := fs.String("kind", string(event.Post), "post, reply, dm, quote, repost, like, bookmark, follow or list_add")
	fs.StringVar(&c.Text, "text", "", "what it says")
	fs.StringVar(&c.Post, "post", "", "`ID` of the post that it answers, quotes, reposts, likes or keeps")
	fs.StringVar(&c.User, "user", "", "X user `ID` of the recipient, or of the post's author, whose opt-out counts")
	fs.StringVar(&c.List, "list", "", "`ID` of the list")
	fs.StringVar(&c.About, "about", "", "what the user opted in to (consent record --covers) and the DM tells of: it goes to nobody who did not")
	fs.StringVar(&c.UserAct, "act", "", "the person's own act that asks for it, for a like or a list entry")
	fs.StringVar(&c.ID, "id", "", "what it is known by: the same `ID` again changes nothing")
	fs.BoolVar(&c.AIGenerated, "ai", false, "a model wrote the text")
	fs.BoolVar(&c.Promotional, "promotional", false, "the text is mainly promotional")
	fs.BoolVar(&c.Affiliate, "affiliate", false, "the text has an affiliate link")
	fs.BoolVar(&c.PaidPartnership, "paid", false, "somebody paid for the text")
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	if c.Bot, err = oneArg(rest, "one bot: its name"); err != nil {
		return err
	}
	c.Kind = event.ActionKind(strings.ReplaceAll(*kind, "-", "_"))
	c.By = f.by
	return operate(ctx, sys, f, false, func(o *operator) error {
		c.At = o.now
		var asked admin.Asked
		raw, err := o.call(ctx, http.MethodPost, "/v1/commands", c, &asked)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			when := "is decided now"
			if !o.runs {
				when = "is decided when a host starts, if that is within a day"
			}
			fmt.Fprintf(w, "%s, a %s of %s, %s; `%s` shows it, unless the rules deny it: then `%s` says which rule, and why.\n", asked.ID, asked.Do, asked.Bot, when,
				o.command("actions list --bot "+asked.Bot), o.command("decisions list --denied"))
		})
	})
}
