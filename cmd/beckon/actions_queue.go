package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/admin"
)

func actionsQueue(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("actions queue", flag.ContinueOnError), args, false)
	if err != nil {
		return err
	}
	q, err := oneBot(rest)
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var queue admin.Queue
		raw, err := o.call(ctx, http.MethodGet, "/v1/queue?"+q.Encode(), nil, &queue)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeQueue(w, queue) })
	})
}

// oneBot reads a bot that may be left out.
func oneBot(rest []string) (url.Values, error) {
	if len(rest) == 0 {
		return url.Values{}, nil
	}
	bot, err := oneArg(rest, "one bot at most")
	return url.Values{"bot": {bot}}, err
}

func (o *operator) writeQueue(w io.Writer, q admin.Queue) {
	if c := q.Cap; c != nil {
		fmt.Fprintf(w, "ALARM: X takes nothing of this app since %s (%s): %s.\nRaise its cap or buy credit, then `%s`; by itself the host tries again %s.\n\n",
			stamp(c.Since), o.ago(c.Since), safe(c.Reason), o.command("resume BOT"), o.ahead(c.NextTry))
	}
	if len(q.Waiting) == 0 {
		fmt.Fprintln(w, "nothing waits")
		return
	}
	t := table(w)
	fmt.Fprintln(t, "BOT\tCALL\tN\tOLDEST\tNEXT GOES\tLAST GOES\tWAITS FOR")
	late := 0
	for _, l := range q.Waiting {
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", l.Bot, l.Endpoint, l.N, span(o.now.Sub(l.Oldest)),
			o.when(l.Next), o.when(l.Last), waitsFor(l))
		late += l.Late
	}
	t.Flush()
	fmt.Fprintln(w, "When the last goes is by X's limits alone, if nothing comes between.")
	if late > 0 {
		fmt.Fprintf(w, "%d of them will expire before their turn.\n", late)
	}
	if !o.runs {
		fmt.Fprintln(w, "No host runs: nothing goes before one starts.")
	}
}

// when is a time ahead, or a dash where only a person knows it.
func (o *operator) when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return o.ahead(t)
}

// waitsFor is the cause in words. The alarm of a cap is said once, above.
func waitsFor(l admin.Waiting) string {
	switch l.Cause {
	case action.ForSender:
		return "its turn"
	case action.ForWindow:
		whose := "the account's"
		if l.Window.App {
			whose = "the app's, shared by its bots"
		}
		return fmt.Sprintf("rate limit (%s): %d in %s, resets at %s", whose, l.Window.Most, span(time.Duration(l.Window.Seconds)*time.Second), stamp(l.Window.ResetsAt))
	case action.ForCap:
		return "usage cap"
	case action.ForRetry:
		return "another try: " + clip(safe(l.Why), 72)
	case action.ForPart:
		return "the part of the answer before it"
	case action.ForResume:
		return "kill switch: " + clip(safe(l.Why), 72)
	case action.ForPerson:
		return "a person's word: actions approve, actions reject"
	}
	return clip(safe(l.Why), 72)
}

// stamp is a time to the minute, in UTC, as X counts.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
