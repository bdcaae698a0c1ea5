package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"github.com/beckon-bot/beckon/runtime/admin"
)

// backupCommand copies a host's state, whether it runs or not.
func backupCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("backup", flag.ContinueOnError)
	keep := fs.Int("keep", 7, "how many backups stay in the folder, `N`; 0 is all")
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	if len(rest) != 1 || rest[0] == "" {
		return usageError("name one folder for backups, which no other host uses")
	}
	if *keep < 0 {
		return usageError("--keep is how many backups stay; 0 is all")
	}
	dir, err := filepath.Abs(rest[0])
	if err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		o.http.Timeout = 0 // it copies the database
		var b admin.BackedUp
		raw, err := o.call(ctx, http.MethodPost, "/v1/backup", admin.Backup{By: f.by, Dir: dir, Keep: *keep}, &b)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			fmt.Fprintf(w, "%s: %s, %s, as of %s\n", b.Dir, plural(b.Files, "file"), bytesOf(b.Bytes), b.At.Format(time.RFC3339))
			fmt.Fprintf(w, "%s: %s. One copy of it, and no history: it is how erased texts stay unreadable in older backups.\n", b.KeysFile, textKeys(b.TextKeys))
			fmt.Fprintln(w, "Not in it, and to be kept elsewhere:")
			for _, s := range b.Without {
				fmt.Fprintln(w, "  "+s)
			}
		})
	})
}

func bytesOf(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return plural(int(n), "byte")
}
