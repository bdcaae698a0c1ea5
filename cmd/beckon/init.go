package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
)

// initBot is the bot that `beckon init` writes. Its files are also the bot that
// plays the account of a log when `beckon replay` gets no configuration.
//
//go:embed all:initbot
var initBot embed.FS

// Keys of the simulated X, which are no secrets.
const (
	simulatedSecret = "simulated-consumer-secret"
	simulatedToken  = "simulated-token"
)

func initCommand(_ context.Context, sys system, args []string) error {
	rest, err := parse(flag.NewFlagSet("init", flag.ContinueOnError), args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError("name one folder to write")
	}
	dir := rest[0]
	if err := writeBot(dir); err != nil {
		return err
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	fmt.Fprintf(sys.stdout, `A support bot is in %[1]s. It runs as it is, against a simulated X:

  beckon rules test %[6]s
      tries the rules on the cases beside them
  beckon handlers test %[7]s
      plays the dialogues beside the answers
  beckon replay %[2]s -c %[3]s --expect %[4]s
      decides a recorded day and compares it with the expected decisions
  beckon xsim --webhook http://127.0.0.1:8080/x/webhook
      the simulated X, in a terminal of its own
  beckon run -c %[3]s
      the bot, in another

%[5]s says what to change for your own account.
`, dir, in("events/day.jsonl"), in("beckon.yaml"), in("events/day.decisions.jsonl"), in("README.md"), in("rules"), in("answers"))
	return nil
}

// writeBot writes the example bot into a folder that is new or empty.
func writeBot(dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return exitError{exitUsage, fmt.Errorf("%s is not empty; nothing was written", dir)}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := fs.WalkDir(initBot, "initbot", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(path, "initbot")))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		data, err := initBot.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
	if err != nil {
		return fmt.Errorf("write the bot: %w", err)
	}
	if err := writeAnswersSchema(filepath.Join(dir, "answers", handlers.SchemaFile)); err != nil {
		return fmt.Errorf("write the bot: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rules", rules.SchemaFile), rules.Schema(rules.SchemaAll), 0o644); err != nil {
		return fmt.Errorf("write the bot: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "secrets"), 0o700); err != nil {
		return err
	}
	for name, value := range map[string]string{"consumer_secret": simulatedSecret, "token": simulatedToken} {
		if err := writeSecret(filepath.Join(dir, "secrets", name), value+"\n"); err != nil {
			return fmt.Errorf("write the bot: %w", err)
		}
	}
	return nil
}
