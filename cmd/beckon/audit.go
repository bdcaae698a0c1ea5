package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/audit/bundle"
)

// auditCommand checks the audit chain and makes what X's yearly audit is shown.
func auditCommand(ctx context.Context, sys system, args []string) error {
	return subcommands(ctx, sys, "audit", []command{
		{"verify", "[--checkpoint FILE]...", "find what was changed, removed or put in past the host; 1 if there is any", auditVerify},
		{"export", "--for NAME [--from DAY] [--to DAY] [--out DIR]", "the report for X's yearly audit, into a new folder; it is recorded who gave it to whom", auditExport},
	}, args)
}

func auditVerify(ctx context.Context, sys system, args []string) error {
	flags := flag.NewFlagSet("audit verify", flag.ContinueOnError)
	var files []string
	flags.Func("checkpoint", "a checkpoint kept elsewhere, as a `file`; may be given again", func(name string) error {
		files = append(files, name)
		return nil
	})
	f, rest, err := readFlags(sys, flags, args, false)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	cfg, err := readConfig(sys, f.file)
	if err != nil {
		return err
	}
	var kept admin.Kept
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		note := string(b)
		if strings.Count(note, "\n") < 2 { // copied from a log, which writes it in one line
			note = strings.ReplaceAll(strings.Trim(strings.TrimPrefix(strings.TrimSpace(note), "note="), `"`), `\n`, "\n")
		}
		kept.Checkpoints = append(kept.Checkpoints, note)
	}
	beside, err := os.ReadFile(filepath.Join(cfg.DataDir, checkpointFile))
	if err == nil {
		kept.Checkpoints = append(kept.Checkpoints, string(beside))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		o.http.Timeout = 0 // it reads every record
		var c audit.Checked
		raw, err := o.call(ctx, http.MethodPost, "/v1/audit/verify", kept, &c)
		if err != nil {
			return err
		}
		if err := o.show(sys.stdout, raw, func(w io.Writer) { writeChecked(w, c) }); err != nil {
			return err
		}
		if n := int64(len(c.Faults)) + c.More; n > 0 {
			return fmt.Errorf("%s: somebody or something wrote past the host; keep the database as it is, and compare with a backup", plural(int(n), "fault"))
		}
		return nil
	})
}

func writeChecked(w io.Writer, c audit.Checked) {
	for _, f := range c.Faults {
		fmt.Fprintln(w, safe(f.String()))
	}
	if c.More > 0 {
		fmt.Fprintf(w, "and %d more\n", c.More)
	}
	for _, l := range c.Lost {
		fmt.Fprintf(w, "entries %d to %d of %s were lost with the database that %s replaced by a backup at %s (restore %s): a checkpoint tells of them\n",
			l.From, l.To, l.Writer, safe(l.By), l.At.UTC().Format(time.RFC3339), safe(l.Restore))
	}
	var records int64
	for _, n := range c.Records {
		records += n
	}
	entries, match := fmt.Sprintf("%d entries", c.Entries), "records match"
	if c.Entries == 1 {
		entries = "1 entry"
	}
	if records == 1 {
		match = "record matches"
	}
	fmt.Fprintf(w, "%s of %s since %s, %s; %d %s; erased with a receipt: %d, past their time: %d\n",
		entries, plural(len(c.Writers), "writer"), c.Since.Format(time.DateOnly), plural(c.Checkpoints, "checkpoint"), records, match, c.Erased, c.Expired)
}

func auditExport(ctx context.Context, sys system, args []string) error {
	flags := flag.NewFlagSet("audit export", flag.ContinueOnError)
	from := flags.String("from", "", "first `day`, UTC; a year ago where it is left out")
	to := flags.String("to", "", "last `day`, UTC; today where it is left out")
	whom := flags.String("for", "", "`who` will have it; recorded with who gave it, so it takes --by")
	out := flags.String("out", "", "`folder` to make; beckon-audit-FROM-TO where it is left out")
	f, rest, err := readFlags(sys, flags, args, true)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	today := sys.now().UTC().Truncate(24 * time.Hour)
	first, err := dayFlag("from", *from, today.AddDate(-1, 0, 0))
	if err != nil {
		return err
	}
	last, err := dayFlag("to", *to, today)
	if err != nil {
		return err
	}
	switch {
	case *whom == "":
		return usageError("say who will have the report: --for NAME")
	case last.Before(first):
		return usageError(fmt.Sprintf("--to %s is before --from %s", last.Format(time.DateOnly), first.Format(time.DateOnly)))
	}
	dir := *out
	if dir == "" {
		dir = fmt.Sprintf("beckon-audit-%s-%s", first.Format(time.DateOnly), last.Format(time.DateOnly))
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already; name another folder with --out", dir)
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		o.http.Timeout = 0 // it reads every record
		var r bundle.Report
		if _, err := o.call(ctx, http.MethodPost, "/v1/audit/report", admin.Report{By: f.by, For: *whom, From: first, To: last.AddDate(0, 0, 1)}, &r); err != nil {
			return err
		}
		names, err := bundle.Write(dir, r)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(struct {
			Dir    string        `json:"dir"`
			Files  []string      `json:"files"`
			Faults []audit.Fault `json:"faults"`
		}{dir, names, r.Chain.Faults})
		if err != nil {
			return err
		}
		err = o.show(sys.stdout, append(raw, '\n'), func(w io.Writer) {
			fmt.Fprintf(w, "%s: %s; open report.html, or print it\n", dir, plural(len(names), "file"))
		})
		if err != nil {
			return err
		}
		if n := len(r.Chain.Faults); n > 0 {
			return fmt.Errorf("the report says that the audit chain has %s: `%s` names them", plural(n, "fault"), o.command("audit verify"))
		}
		return nil
	})
}

func dayFlag(name, value string, otherwise time.Time) (time.Time, error) {
	if value == "" {
		return otherwise, nil
	}
	t, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return t, usageError(fmt.Sprintf("--%s is a day such as 2026-11-25, not %q", name, value))
	}
	return t, nil
}
