package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/rollout"
	"github.com/beckon-bot/beckon/runtime/schedule"
)

// comes is one line of what comes next.
type comes struct {
	Bot  string `json:"bot"`
	Name string `json:"name"`
	Kind string `json:"kind"` // post or feed
	// Next are the next times of a post, in its own zone; none: it is over.
	Next []time.Time `json:"next,omitempty"`
	Late string      `json:"late"`            // how long after its time it may still be posted
	Feed string      `json:"every,omitempty"` // how often a feed is looked at
	Text string      `json:"text"`            // the first text, or the form of a feed's items
}

// scheduleCommand shows what the bots will ask for by themselves. It reads the
// configuration alone: whether something leaves is decided by the rules when it
// is due.
func scheduleCommand(ctx context.Context, sys system, args []string) error {
	if len(args) > 0 && args[0] == "status" {
		return statusFiles(ctx, sys, "schedule status", rollout.Schedule, args[1:])
	}
	fs := flag.NewFlagSet("schedule", flag.ContinueOnError)
	file := fs.String("c", defaultFile, "configuration `file`")
	n := fs.Int("n", 3, "how many `times` of each post")
	bot := fs.String("bot", "", "only this `bot`")
	format := formatFlag(fs)
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if err := checkFormat(*format); err != nil {
		return err
	}
	switch {
	case len(rest) != 1 || rest[0] != "list":
		return usageError("say what: list or status")
	case *n < 1 || *n > 100:
		return usageError("-n is 1 to 100")
	}
	cfg, err := readConfig(sys, *file)
	if err != nil {
		return err
	}
	if _, ok := cfg.Bots[*bot]; *bot != "" && !ok {
		return usageError(fmt.Sprintf("no bot %q; the bots are %s", *bot, strings.Join(cfg.Names(), ", ")))
	}
	plans, err := loadPlans(cfg)
	if err != nil {
		return err
	}
	var all []comes
	for _, p := range plans {
		if *bot != "" && p.Bot != *bot {
			continue
		}
		zone, err := cfg.Bots[p.Bot].Location()
		if err != nil {
			return err
		}
		all = append(all, coming(p, sys.now(), *n, zone)...)
	}
	if *format == "json" {
		return json.NewEncoder(sys.stdout).Encode(map[string]any{"schedule": all})
	}
	writeComing(sys.stdout, all)
	return nil
}

// coming lists what a plan has, what comes first first, feeds at the end.
func coming(p schedule.Plan, now time.Time, n int, zone *time.Location) (all []comes) {
	for _, post := range p.Posts {
		c := comes{Bot: p.Bot, Name: post.Name, Kind: "post", Late: short(post.Late), Text: post.Texts[0]}
		for at := post.Times.Next(now); !at.IsZero() && len(c.Next) < n; at = post.Times.Next(at) {
			c.Next = append(c.Next, at.In(zone))
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b comes) int {
		return cmp.Or(cmp.Compare(over(a), over(b)), first(a).Compare(first(b)))
	})
	for _, f := range p.Feeds {
		all = append(all, comes{Bot: p.Bot, Name: f.Name, Kind: "feed", Late: short(f.Late), Feed: short(f.Every), Text: f.Text})
	}
	return all
}

func over(c comes) int {
	if len(c.Next) == 0 {
		return 1
	}
	return 0
}

func first(c comes) time.Time {
	if len(c.Next) == 0 {
		return time.Time{}
	}
	return c.Next[0]
}

func writeComing(w io.Writer, all []comes) {
	if len(all) == 0 {
		fmt.Fprintln(w, "Nothing is scheduled: no bot has the key schedule.")
		return
	}
	t := table(w)
	fmt.Fprintln(t, "BOT\tNAME\tKIND\tNEXT\tTEXT")
	for _, c := range all {
		next := []string{"over"}
		if c.Kind == "feed" {
			next = []string{"every " + c.Feed}
		}
		for i, at := range c.Next {
			if s := at.Format("Mon 2006-01-02 15:04 MST"); i == 0 {
				next[0] = s
			} else {
				next = append(next, s)
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", c.Bot, c.Name, c.Kind, next[0], safe(c.Text))
		for _, more := range next[1:] {
			fmt.Fprintf(t, "\t\t\t%s\t\n", more)
		}
	}
	t.Flush()
}

// short is a duration without zero parts: 1h, not 1h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
