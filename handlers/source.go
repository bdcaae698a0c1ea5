package handlers

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/beckon-bot/beckon/rules"
)

const maxFile = 256 << 10 // bytes, as rules.OpenDocument takes them

// ReadSources reads a file of answers, or every *.yaml and *.yml of a folder
// without what lies deeper. Files named *_test.yaml are tests; beside a single
// file answers.yaml that is answers_test.yaml. The error is rules.Diagnostics.
func ReadSources(path string) (files, tests []rules.Source, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, unread(path, err)
	}
	var names []string
	if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, nil, unread(path, err)
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
		data, err := readFile(name)
		switch {
		case err != nil:
			wrong = append(wrong, unread(name, err)...)
		case name != path && isTest(name):
			tests = append(tests, rules.Source{Name: name, Data: data})
		default:
			files = append(files, rules.Source{Name: name, Data: data})
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

func unread(name string, err error) rules.Diagnostics {
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return rules.Diagnostics{{Code: "read", File: name, Message: err.Error(), Hint: "beckon init DIR writes answers to start from"}}
}

// readFile reads at most one byte more than a file may have: enough to refuse
// it.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}
