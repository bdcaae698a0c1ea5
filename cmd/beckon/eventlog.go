package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// eventLog is a log's name as it was given, and the file that holds it.
type eventLog struct{ name, path string }

// keepPipes copies what can be read only once, since logs are read twice.
func (r *replayRun) keepPipes() error {
	for n, name := range r.o.logs {
		path, in := name, r.sys.stdin
		if name != "-" {
			f, err := os.Open(name)
			if err != nil {
				return exitError{exitUsage, fmt.Errorf("open event log: %w", err)}
			}
			defer f.Close()
			if info, err := f.Stat(); err != nil || info.Mode().IsRegular() || info.IsDir() {
				r.logs = append(r.logs, eventLog{name, path})
				continue
			}
			in = f
		}
		path = filepath.Join(r.tmp, fmt.Sprintf("log-%d", n))
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if _, err := io.Copy(f, in); err != nil {
			return errors.Join(fmt.Errorf("read %s: %w", name, err), f.Close())
		}
		if err := f.Close(); err != nil {
			return err
		}
		r.logs = append(r.logs, eventLog{name, path})
	}
	return nil
}

// errNotLines says how to make a log of a file that holds JSON, but not one
// object a line; nil if its first value is a line.
func errNotLines(log eventLog) error {
	f, err := os.Open(log.path)
	if err != nil {
		return nil // who reads it says so
	}
	defer f.Close()
	var first json.RawMessage
	switch err := json.NewDecoder(f).Decode(&first); {
	case err != nil:
		return nil
	case first[0] == '[':
		return exitError{exitUsage, fmt.Errorf("%s is a JSON array; an event log has one object a line: jq -c '.[]' %[1]s", log.name)}
	case bytes.ContainsRune(first, '\n'):
		return exitError{exitUsage, fmt.Errorf("%s has JSON over several lines; an event log has one object a line: jq -c . %[1]s", log.name)}
	}
	return nil
}
