package main

import (
	"context"
	"flag"
	"path/filepath"

	"github.com/beckon-bot/beckon/cmd/internal/config"
)

// dirOf is the folder from which a file's relative paths count.
func dirOf(path string) string { return filepath.Dir(path) }

func configCommand(_ context.Context, sys system, args []string) error {
	rest, err := parse(flag.NewFlagSet("config", flag.ContinueOnError), args)
	if err != nil {
		return err
	}
	if len(rest) != 1 || rest[0] != "print" {
		return usageError("the one thing to do is: print")
	}
	_, err = sys.stdout.Write(config.Print())
	return err
}
