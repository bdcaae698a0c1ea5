package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/beckon-bot/beckon/runtime/conversation"
)

// optoutsMatch says what the matcher finds, a line a message. It needs no host
// and keeps nothing.
func optoutsMatch(_ context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("optouts match", flag.ContinueOnError)
	lang := fs.String("lang", "", "language of the lines, as in BCP 47; without it, what is a stop in any")
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	if *lang != "" && !conversation.Listed(*lang) {
		return usageError(fmt.Sprintf("--lang %q: there is no list for it; there are %s", *lang, strings.Join(conversation.Languages(), ", ")))
	}
	in, out := bufio.NewReader(sys.stdin), bufio.NewWriter(sys.stdout)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			fmt.Fprintf(out, "%s\t%s\n", conversation.MatchLang(line, *lang, false), line)
		}
		switch {
		case errors.Is(err, io.EOF):
			return out.Flush()
		case err != nil:
			return fmt.Errorf("read lines: %w", errors.Join(err, out.Flush()))
		case in.Buffered() == 0: // a person types
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}
