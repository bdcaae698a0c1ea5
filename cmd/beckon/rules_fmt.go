package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/beckon-bot/beckon/rules"
)

// fmtRules writes the files of a directory, rules and tests, in canonical
// layout. With --check it writes nothing, and exits 4 where it would. Files
// that do not load are left as they are, all of them.
func fmtRules(sys system, args []string) error {
	fs := flag.NewFlagSet("rules fmt", flag.ContinueOnError)
	check := fs.Bool("check", false, "write nothing; exit 4 where a file would change")
	format := formatFlag(fs)
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	if err := checkFormat(*format); err != nil {
		return err
	}
	dir, err := oneArg(rest, "one directory of rules")
	if err != nil {
		return err
	}
	t := ruleTool{dir: dir, json: *format == "json", w: sys.stdout}
	if t.set, err = rules.LoadDir(dir, rules.Options{}); err != nil {
		return t.refuse(err)
	}
	tests, err := t.tests()
	if err != nil {
		return err
	}
	names := []string{}
	for _, s := range t.set.Sources() {
		names = append(names, s.Name)
	}
	for _, f := range tests {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	changed, err := formatFiles(names, !*check)
	if err != nil {
		return t.refuse(err)
	}
	err = t.show(struct {
		OK      bool     `json:"ok"`
		Files   int      `json:"files"`
		Changed []string `json:"changed"`
	}{len(changed) == 0 || !*check, len(names), changed}, func() {
		for _, name := range changed {
			fmt.Fprintln(t.w, name)
		}
	})
	if err == nil && *check && len(changed) > 0 {
		return exitError{exitExpect, fmt.Errorf("%s not in canonical layout: beckon rules fmt %s", plural(len(changed), "file"), dir)}
	}
	return err
}

// formatFiles lays out files, and writes those that change once all are done.
func formatFiles(names []string, write bool) ([]string, error) {
	changed := []string{}
	layouts := map[string][]byte{}
	var diags rules.Diagnostics
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out, err := rules.Format(name, data)
		if ds, ok := err.(rules.Diagnostics); ok {
			diags = append(diags, ds...)
		} else if err != nil {
			return nil, err
		} else if !bytes.Equal(out, data) {
			layouts[name] = out
			changed = append(changed, name)
		}
	}
	if len(diags) > 0 {
		return nil, diags
	}
	if write {
		for _, name := range changed {
			if err := replaceFile(name, layouts[name]); err != nil {
				return nil, err
			}
		}
	}
	return changed, nil
}

// replaceFile writes a file anew, whole or not at all, with the mode it had.
func replaceFile(name string, data []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if err := writeSecret(name, string(data)); err != nil {
		return err
	}
	return os.Chmod(name, info.Mode().Perm())
}
