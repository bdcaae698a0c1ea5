package handlers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/beckon-bot/beckon/rules"
)

// ReadSources reads a file of answers, or every *.yaml and *.yml of a folder
// without what lies deeper. Files named *_test.yaml are tests; beside a single
// file answers.yaml that is answers_test.yaml. The error is rules.Diagnostics.
func ReadSources(path string) (files, tests []rules.Source, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, rules.Diagnostics{rules.Unread(path, err)}
	}
	var names []string
	if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, nil, rules.Diagnostics{rules.Unread(path, err)}
		}
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); (ext == ".yaml" || ext == ".yml") && e.Name()[0] != '.' && !e.IsDir() {
				names = append(names, filepath.Join(path, e.Name()))
			}
		}
	} else {
		ext := filepath.Ext(path)
		names = []string{path}
		if beside := strings.TrimSuffix(path, ext) + "_test" + ext; exists(beside) {
			names = append(names, beside)
		}
	}
	var wrong rules.Diagnostics
	for _, name := range names {
		src, err := rules.ReadSource(name)
		var unread rules.Diagnostics
		switch {
		case errors.As(err, &unread):
			wrong = append(wrong, unread...)
		case name != path && isTest(name):
			tests = append(tests, src)
		default:
			files = append(files, src)
		}
	}
	if len(wrong) == 0 && (len(files) == 0 || len(files) > maxSources) {
		wrong = rules.Diagnostics{{Code: "no-answers", File: path, Hint: "beckon init DIR writes answers to start from",
			Message: fmt.Sprintf("%d answers files; there are 1 to %d", len(files), maxSources)}}
	}
	if len(wrong) > 0 {
		return nil, nil, wrong
	}
	return files, tests, nil
}

func isTest(name string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, filepath.Ext(name)), "_test")
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
