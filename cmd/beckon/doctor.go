package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/doctor"
)

// doctorCommand has the host look at what X would look at, or looks itself
// where none runs. Exit 5 where something is unsafe.
func doctorCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("doctor", flag.ContinueOnError)
	online := fs.Bool("online", false, "ask for the privacy policy's page too")
	var beside []string
	fs.Func("beside", "compare with the configuration `file` of another host of yours; may be given again", func(s string) error {
		beside = append(beside, s)
		return nil
	})
	f, rest, err := readFlags(sys, fs, args, false)
	if err != nil {
		return err
	}
	bot := ""
	if len(rest) > 0 {
		if bot, err = oneArg(rest, "a bot, or none for all"); err != nil {
			return err
		}
	}
	ask := admin.DoctorAsk{Bot: bot, Online: *online}
	for _, file := range beside {
		o, err := otherHost(sys, file)
		if err != nil {
			return err
		}
		ask.Beside = append(ask.Beside, o)
	}
	// Before the first start there is no data directory, and a look makes none.
	if f.scratch, err = os.MkdirTemp("", "beckon-doctor-"); err != nil {
		return err
	}
	var worst doctor.Level
	err = operate(ctx, sys, f, false, func(o *operator) error {
		var all admin.DoctorFound
		raw, err := o.call(ctx, http.MethodPost, "/v1/doctor", ask, &all)
		if err != nil {
			return err
		}
		worst = doctor.Worst(all.Findings)
		return o.show(sys.stdout, raw, func(w io.Writer) { writeFindings(w, all.Findings) })
	})
	if err := errors.Join(err, os.RemoveAll(f.scratch)); err != nil {
		return err
	}
	if worst == doctor.Unsafe {
		return exitError{exitUnsafe, errors.New("unsafe: what is marked so is not as it must be")}
	}
	return nil
}

// writeFindings shows what was checked, what was found, what to do, and which
// duty it serves.
func writeFindings(w io.Writer, all []doctor.Finding) {
	about := ""
	for i, f := range all {
		whose := "bot " + f.Bot
		if f.Bot == "" {
			whose = "the app and this host"
		}
		if i == 0 || whose != about {
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, whose)
			about = whose
		}
		level := string(f.Level)
		if f.Level == doctor.Unsafe {
			level = "UNSAFE"
		}
		fmt.Fprintf(w, "  %-8s %-11s %s  (%s)\n", level, f.Check, safe(f.Found), f.Duty)
		if f.Do != "" {
			fmt.Fprintf(w, "  %-20s to do: %s\n", "", safe(f.Do))
		}
	}
	fmt.Fprintf(w, "\n%d unsafe, %d to look at, %d not known, %d ok\n",
		doctor.Count(all, doctor.Unsafe), doctor.Count(all, doctor.Warn), doctor.Count(all, doctor.Unknown), doctor.Count(all, doctor.OK))
}

// otherHost reads what there is to compare with from another configuration. Its
// secrets are not there to be read; what names them is.
func otherHost(sys system, file string) (admin.DoctorBeside, error) {
	cfg, err := readConfig(sys, file)
	if err != nil {
		return admin.DoctorBeside{}, err
	}
	o := admin.DoctorBeside{App: doctor.OtherApp{File: file, Name: appName(sys, cfg), Use: cfg.Use, Environment: cfg.App.Environment}}
	for _, name := range cfg.Names() {
		b := cfg.Bots[name]
		if !slices.Contains(o.App.Operators, b.OperatorAccount) {
			o.App.Operators = append(o.App.Operators, b.OperatorAccount)
		}
		a, err := loadAnswers(b)
		if err != nil {
			return o, err
		}
		o.Bots = append(o.Bots, doctor.OtherBot{File: file, Name: name, Answers: digest(a.Said())})
	}
	return o, nil
}

// appName tells apps apart and gives nothing away: the consumer secret's hash,
// cut short, or what names it where it cannot be read here.
func appName(sys system, cfg *config.Config) string {
	if s, err := secret(sys, cfg.App.ConsumerSecret); err == nil {
		return digest([]string{"app", s.Reveal()})
	}
	if cfg.App.ID != "" {
		return "app " + cfg.App.ID
	}
	return string(cfg.App.ConsumerSecret)
}

// digest is a short hash over a list.
func digest(list []string) string {
	b, _ := json.Marshal(list) // strings always can be
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// existing is the nearest folder above path that is there.
func existing(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	for {
		if _, err := os.Stat(path); err == nil || filepath.Dir(path) == path {
			return path
		}
		path = filepath.Dir(path)
	}
}

// sendFlag collects the bots that a person vouches for, by name.
func sendFlag(fs *flag.FlagSet) *[]string {
	var names []string
	fs.Func("send-undisclosed", "send for this `bot` though its profile shows no label, bio or operator; may be given again", func(s string) error {
		if strings.TrimSpace(s) == "" {
			return errors.New("name a bot")
		}
		names = append(names, s)
		return nil
	})
	return &names
}
