package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/record"
)

// recordCommand writes what a host takes in to a log for tests. The host holds it
// until the end, in memory; here nothing is written before it is whole.
func recordCommand(ctx context.Context, sys system, args []string) error {
	flags := flag.NewFlagSet("record", flag.ContinueOnError)
	in := admin.Recording{}
	flags.StringVar(&in.Bot, "bot", "", "only what comes for this `bot`")
	long := flags.Duration("for", 0, "end after this `time`, such as 1h; none: at Ctrl-C")
	since := flags.String("since", "", "begin in the past, which the bus has of three days: a `time` ago such as 2h, or 2026-11-25T09:30:00Z; where --for is left out, end now")
	flags.BoolVar(&in.Plain, "plain", false, "under real names: an admin's, within X's caps on what one recipient is given")
	whom := flags.String("to", "", "`who` will have it, which is recorded; with --plain it has to be said (the operator's tests)")
	keyFile := flags.String("key", "", "`file` with the key of the pseudonyms, as for export")
	f, rest, err := readFlags(sys, flags, args, true)
	if err != nil {
		return err
	}
	out, err := oneArg(rest, "the file to write")
	if err != nil {
		return err
	}
	switch {
	case *long < 0:
		return usageError("--for is a time such as 1h")
	case in.Plain && *whom == "":
		return usageError("say who will have real names: --to NAME")
	case *whom == "":
		*whom = "the operator's tests"
	}
	if in.Since, err = sinceFlag(*since, sys.now()); err != nil {
		return err
	}
	if _, err := os.Lstat(out); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already; name another file", out)
	}
	if _, err := os.Stat(filepath.Dir(out)); err != nil {
		return fmt.Errorf("the folder of %s: %w", out, err)
	}
	key, err := exportKey(*keyFile)
	if err != nil {
		return err
	}
	in.By = f.by
	end := admin.Finish{By: f.by, For: *whom, File: filepath.Base(out), Key: base64.StdEncoding.EncodeToString(key), Many: *keyFile != ""}
	// Ctrl-C ends the recording, not the command.
	return operate(context.WithoutCancel(ctx), sys, f, false, func(o *operator) error {
		o.http.Timeout = 0 // the bus may have much, and the log may be long
		stays := context.WithoutCancel(ctx)
		var st record.State
		if _, err := o.call(stays, http.MethodPost, "/v1/recordings", in, &st); err != nil {
			return err
		}
		path := "/v1/recordings/" + url.PathEscape(st.ID)
		if o.runs && (in.Since.IsZero() || *long > 0) {
			if err := o.watchRecording(ctx, sys.stderr, path, *long); err != nil {
				return err
			}
		}
		var done admin.Recorded
		if _, err := o.call(stays, http.MethodPost, path+"/finish", end, &done); err != nil {
			return err
		}
		if err := writeLog(out, done.Log); err != nil {
			return err
		}
		return sayRecorded(sys, f.format, out, done)
	})
}

// askEvery keeps a recording: the host drops one that nobody asks for.
const askEvery = 2 * time.Second

// watchRecording waits for its end: the time, Ctrl-C, or no more room.
func (o *operator) watchRecording(ctx context.Context, w io.Writer, path string, long time.Duration) error {
	var over <-chan time.Time
	if long > 0 {
		t := time.NewTimer(long)
		defer t.Stop()
		over = t.C
	}
	fmt.Fprintln(w, "recording; Ctrl-C ends it and writes the file")
	ask := time.NewTicker(askEvery)
	defer ask.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-over:
			return nil
		case <-ask.C:
		}
		var st record.State
		if _, err := o.call(context.WithoutCancel(ctx), http.MethodGet, path, nil, &st); err != nil {
			return fmt.Errorf("the recording is lost, and nothing is written: %w", err)
		}
		if st.Full {
			fmt.Fprintln(w, "the host has no more room for it: it ends here")
			return nil
		}
	}
}

func sayRecorded(sys system, format, out string, r admin.Recorded) error {
	w := sys.stdout
	if format == "json" {
		r.Log = ""
		return json.NewEncoder(w).Encode(r)
	}
	fmt.Fprintf(w, "%s: %s of %s, export %s\n", out, plural(r.Events, "event"), plural(r.Users, "user"), r.Export)
	for _, l := range []struct {
		n    int
		what string
	}{
		{r.Left.DMs, "DMs whose user did not agree to their storage"},
		{r.Left.After, "events of the same users after that, which would be decided in another way without it"},
		{r.Left.Bodies, "bodies that cannot be read"},
		{r.Left.Deleted, "events that were deleted, or have to be"},
	} {
		if l.n > 0 {
			fmt.Fprintf(w, "left out, %s: %d\n", l.what, l.n)
		}
	}
	if r.Full {
		fmt.Fprintln(w, "it ends before its time: the host had no more room for it")
	}
	return nil
}

// sinceFlag reads a time, or how long ago.
func sinceFlag(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(s); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return at, usageError(fmt.Sprintf("--since is a time ago such as 2h, or a time such as 2026-11-25T09:30:00Z, not %q", s))
	}
	return at, nil
}

// writeLog makes a file that is whole or not there. Until then its name ends in
// .part; it replaces nothing.
func writeLog(name, text string) (err error) {
	part, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.part") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	_, err = io.Copy(part, strings.NewReader(text))
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Link(part.Name(), name); err != nil { // a rename would replace
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// accountIDs is the ids of the bots' accounts by configured name.
func accountIDs(cfg *config.Config) map[string]string {
	ids := map[string]string{}
	for name, b := range cfg.Bots {
		ids[name] = b.UserID
	}
	return ids
}

// openRecorder puts together what records.
func (h *host) openRecorder(live bool, events interface {
	See(ctx context.Context, bot, user string, see func(bus.Stored) error) error
}) *record.Recorder {
	past := func(ctx context.Context, see func(bus.Stored) error) error { return events.See(ctx, "", "", see) }
	return record.New(record.Options{Store: h.store, Key: h.key, Now: h.now, Live: live, Past: past, Bots: accountIDs(h.cfg)})
}
