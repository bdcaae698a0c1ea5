// Beckon hosts automated accounts on X that speak only when spoken to.
//
// This package is the command line and the wiring: main.go finds the command,
// one file a command holds what it does, and host.go puts the parts of a host
// together, a line each. It decides nothing about posts, users or rules.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // time zones of bots must not depend on the machine

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/rules"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // something did not work
	exitUsage   = 2 // arguments or configuration are wrong
	exitRules   = 3 // rules do not load
	exitExpect  = 4 // rule tests or replay expectations fail
	exitUnsafe  = 5 // it would be unsafe to start
)

// system is the world outside the process, so that a test can be it.
type system struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	// hangup says SIGHUP from now on, until off; nil: nobody sends it.
	hangup func() (on <-chan os.Signal, off func())
}

// command is one thing that beckon does.
type command struct {
	name  string
	args  string // as usage shows them
	about string
	run   func(ctx context.Context, sys system, args []string) error
}

// commands lists them in the order in which a newcomer meets them.
func commands() []command {
	return []command{
		{"demo", "[--keep] [--format text|json]", "play a day of a small support desk; needs nothing", demoCommand},
		{"init", "DIR", "write a bot that runs as it is", initCommand},
		{"run", "-c FILE [--dry] [--send-undisclosed BOT]", "host the bots of a configuration until SIGTERM", runCommand},
		{"replay", "LOG... [-c FILE] [--expect GOLDEN] [--format text|json]", "decide a recorded event log again", replayCommand},
		{"record", "OUT.jsonl [--bot BOT] [--for 1h] [--since TIME] [--plain --to NAME]", "what comes in, into a log for tests: under pseudonyms, without DMs that nobody agreed to", recordCommand},
		{"export", "LOG... [-c FILE] [--out FILE] [--key FILE]", "a log under pseudonyms, for tests: decided as the log is", exportCommand},
		{"rules", "check|test|verify|mutate|explain|diff|schema|fmt|doc|figures|status|reload ...", "tools for rule authors; rules help lists them", rulesCommand},
		{"handlers", "check|test PATH ... | schema | status", "tools for what a bot says: do the answers load, do their dialogues go as written, which are in place", handlersCommand},
		{"actions", "list|show|queue|cost|unknown|settle|dead|retry|approve|edit|reject|send ...", "what the bots did, will do and wait for", actionsCommand},
		{"decisions", "list [--denied] [--post ID] [--since TIME] | show ID", "what the rules decided, and why a post was not answered", decisionsCommand},
		{"conversations", "list|show|handoff|release ...", "whom a person has, or should look at", conversationsCommand},
		{"login", "BOT [--port N] [--open] [--no-listen] | --status [BOT]", "let an account's owner authorise the bot on X", loginCommand},
		{"logout", "BOT [--drop]", "revoke a bot's login", logoutCommand},
		{"doctor", "[BOT] [--online] [--beside FILE]", "check label, bio, tokens, rules and host before X does", doctorCommand},
		{"key", "list|rotate|drop ...", "the key that logins and texts are sealed with", keyCommand},
		{"accounts", "[BOT]", "how each bot speaks for its account, and since when", accountsCommand},
		{"subscribe", "[BOT] [--dry] [--prune] | --connections | --close-connections", "webhook and subscriptions on X: show, and make what is missing", subscribeCommand},
		{"schedule", "list [--bot BOT] [-n N] | status", "posts by the clock and feeds: what comes next, and which schedule a running host goes by", scheduleCommand},
		{"pause", "BOT|--all", "kill switch on: nothing is sent", pauseCommand},
		{"resume", "BOT|--all", "kill switch off", resumeCommand},
		{"consent", "list|record|withdraw BOT USER_ID ...", "what one user agreed to", consentCommand},
		{"match", "list|set|remove|withdraw USER_ID --bot BOT ...", "a user and your own reference for them, on a basis that X allows", matchCommand},
		{"optouts", "list|add|export|import|match ...", "who said stop", optoutsCommand},
		{"operators", "add|list|role|rotate|remove|log ...", "who works with the host, as what, and what they did", operatorsCommand},
		{"audit", "verify|export ...", "check the audit chain, and make the report for X's yearly audit", auditCommand},
		{"incident", "--from TIME [--to TIME] --out DIR [--bot BOT] [--pause] [--logout]", "gather what was accessed in a period, and what X has to be told", incidentCommand},
		{"find", "USER_ID", "everything that is kept of one user, for a user who asks what that is", findCommand},
		{"forget", "USER_ID [--bot BOT] [--dry]", "remove everything that is kept of a user, and say what it was", forgetCommand},
		{"compliance", "status|delete|run|wipe ...", "what has to be deleted, until when, and what was", complianceCommand},
		{"backup", "DIR [--keep N]", "copy the host's state into a folder of backups, while it runs", backupCommand},
		{"restore", "DIR|FILE [--without-texts] | --no-newer-optouts", "bring a backup back, or a database that Litestream restored; nothing is sent twice, nor to who said stop since", restoreCommand},
		{"receipts", "[--max N]", "what was removed of users, when, and who asked for it", receiptsCommand},
		{"xsim", "[--listen ADDR] [--webhook URL] [--scenario FILE]", "a simulated X", xsimCommand},
		{"config", "print", "the commented sample configuration", configCommand},
		{"version", "", "which build this is", versionCommand},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], system{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now, hangup: hangup,
	}))
}

func hangup() (<-chan os.Signal, func()) {
	on := make(chan os.Signal, 1)
	signal.Notify(on, syscall.SIGHUP)
	return on, func() { signal.Stop(on) }
}

// run is the program: it finds the command, runs it, and turns its error into
// a message and an exit code.
func run(ctx context.Context, args []string, sys system) int {
	if len(args) == 0 {
		usage(sys.stderr)
		return exitUsage
	}
	name := args[0]
	switch name {
	case "help", "-h", "-help", "--help":
		usage(sys.stdout)
		return exitOK
	}
	for _, c := range commands() {
		if c.name != name {
			continue
		}
		err := c.run(ctx, sys, args[1:])
		if err == nil {
			return exitOK
		}
		if errors.Is(err, flag.ErrHelp) {
			c.help(sys.stdout, err)
			return exitOK
		}
		fmt.Fprintf(sys.stderr, "beckon %s: %v\n", c.name, err)
		if errors.As(err, new(usageError)) {
			fmt.Fprintln(sys.stderr, c.usage())
		}
		return exitCode(err)
	}
	fmt.Fprintf(sys.stderr, "beckon: no command %q\n\n", name)
	usage(sys.stderr)
	return exitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, "beckon hosts automated accounts on X that speak only when spoken to.\n\nusage: beckon COMMAND ...\n\n")
	t := table(w)
	for _, c := range commands() {
		fmt.Fprintf(t, "  %s\t%s\n", c.name, c.about)
	}
	t.Flush()
	fmt.Fprint(w, "\n\"beckon COMMAND -h\" shows a command's arguments. Start with: beckon demo\n")
}

func (c command) usage() string { return strings.TrimRight("usage: beckon "+c.name+" "+c.args, " ") }

// help shows what a command does and every flag it takes.
func (c command) help(w io.Writer, asked error) {
	fmt.Fprintf(w, "%s\n\n%s\n", c.usage(), c.about)
	var h helpError
	if !errors.As(asked, &h) {
		return
	}
	fmt.Fprintln(w)
	t := table(w)
	h.flags.VisitAll(func(f *flag.Flag) {
		dashes := "--"
		if len(f.Name) == 1 {
			dashes = "-"
		}
		value, about := flag.UnquoteUsage(f)
		value = strings.ToUpper(strings.Replace(value, "string", "value", 1))
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0s" {
			about += " (" + f.DefValue + ")"
		}
		fmt.Fprintf(t, "  %s%s %s\t%s\n", dashes, f.Name, value, about)
	})
	t.Flush()
}

// helpError asks for a command's help.
type helpError struct{ flags *flag.FlagSet }

func (helpError) Error() string { return flag.ErrHelp.Error() }
func (helpError) Unwrap() error { return flag.ErrHelp }

// usageError is a mistake in the arguments.
type usageError string

func (e usageError) Error() string { return string(e) }

// exitError carries an exit code that its cause does not tell.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }
func (e exitError) Unwrap() error { return e.err }

func exitCode(err error) int {
	var coded exitError
	var diagnostics rules.Diagnostics
	switch {
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, new(usageError)):
		return exitUsage
	case errors.As(err, &diagnostics):
		return exitRules
	case errors.Is(err, errLocked), errors.Is(err, db.ErrWrongKey), errors.Is(err, db.ErrNewer):
		return exitUnsafe
	}
	return exitFailure
}

// parse reads flags wherever they stand among the arguments, and returns the
// others.
func parse(fs *flag.FlagSet, args []string) ([]string, error) {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, helpError{fs}
			}
			return nil, usageError(strings.Replace(err.Error(), "flag provided but not defined: ", "unknown flag ", 1))
		}
		args = fs.Args()
		if len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// format is the --format flag of a command.
func formatFlag(fs *flag.FlagSet) *string {
	return fs.String("format", "text", "text or json")
}

func checkFormat(f string) error {
	if f != "text" && f != "json" {
		return usageError(fmt.Sprintf("--format is text or json, not %q", f))
	}
	return nil
}
