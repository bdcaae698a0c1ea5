package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/beckon-bot/beckon/runtime/admin"
)

// actionsEdit gives a held action another text.
func actionsEdit(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("actions edit", flag.ContinueOnError)
	var c admin.Change
	fs.StringVar(&c.Text, "text", "", "what it says instead")
	file := fs.String("file", "", "a `FILE` with what it says instead")
	fs.BoolVar(&c.Rewritten, "rewritten", false, "nothing that a model wrote is left in it: it counts as a person's text")
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	id, err := oneArg(rest, "one action: its id")
	if err != nil {
		return err
	}
	if (c.Text == "") == (*file == "") {
		return usageError("say what it says instead, in one way: --text TEXT or --file FILE")
	}
	if *file != "" {
		b, err := os.ReadFile(*file)
		if err != nil {
			return fmt.Errorf("read the text: %w", err)
		}
		c.Text = string(b)
	}
	return operate(ctx, sys, f, true, func(o *operator) error {
		return o.changeAction(ctx, sys, id, "edit", c)
	})
}
