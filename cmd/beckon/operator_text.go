package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/beckon-bot/beckon/runtime/display"
)

// subcommands finds the command that args begin with and runs it.
func subcommands(ctx context.Context, sys system, group string, list []command, args []string) error {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.name
	}
	first := "-"
	if len(args) > 0 {
		first = args[0]
	}
	switch first {
	case "-h", "-help", "--help", "help":
		return usageOf(sys.stdout, group, list)
	}
	if strings.HasPrefix(first, "-") {
		return usageError("say what: " + strings.Join(names, ", "))
	}
	for _, c := range list {
		if c.name != first {
			continue
		}
		err := c.run(ctx, sys, args[1:])
		if errors.Is(err, flag.ErrHelp) {
			c.name = group + " " + c.name
			c.help(sys.stdout, err)
			return nil
		}
		return err
	}
	return usageError(fmt.Sprintf("no command %q; there are %s", first, strings.Join(names, ", ")))
}

func usageOf(w io.Writer, group string, list []command) error {
	fmt.Fprintln(w, "usage:")
	t := table(w)
	for _, c := range list {
		fmt.Fprintf(t, "  beckon %s %s %s\t%s\n", group, c.name, c.args, c.about)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, "\nAll take -c FILE (beckon.yaml) and --format text|json. What changes something takes --by NAME ($USER).\n")
	return err
}

// oneArg returns the only argument.
func oneArg(rest []string, what string) (string, error) {
	if len(rest) != 1 || rest[0] == "" {
		return "", usageError("name " + what)
	}
	return rest[0], nil
}

func noArgs(rest []string) error {
	if len(rest) > 0 {
		return usageError(fmt.Sprintf("unexpected argument %q", rest[0]))
	}
	return nil
}

// table aligns columns; cells end with a tab, the last one with the line.
func table(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

// show writes an answer for machines as it came, or calls text.
func (o *operator) show(w io.Writer, raw []byte, text func(w io.Writer)) error {
	var b bytes.Buffer
	if o.flags.format == "json" {
		if err := json.Indent(&b, raw, "", "  "); err != nil {
			return fmt.Errorf("read the host's answer: %w", err)
		}
	} else {
		text(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// command is a command line that the reader can copy.
func (o *operator) command(words string) string {
	if o.flags.file != defaultFile {
		words += " -c " + o.flags.file
	}
	return "beckon " + words
}

// ago says how long ago t was, ahead how far off it is; in one unit.
func (o *operator) ago(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return span(o.now.Sub(t)) + " ago"
}

func (o *operator) ahead(t time.Time) string {
	if d := t.Sub(o.now); d > 0 {
		return "in " + span(d)
	}
	return "now"
}

// span is a duration in its largest unit.
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// safe is text of others for a terminal: on one line, and without what would
// steer the terminal or turn the direction of writing.
func safe(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// quote writes lines of others behind a bar.
func quote(w io.Writer, s string) {
	for line := range strings.Lines(s) {
		shown, _ := display.Safe(strings.TrimRight(line, "\r\n"))
		fmt.Fprintf(w, "  | %s\n", shown)
	}
}

// plural is "1 action" or "3 actions".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
