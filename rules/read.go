package rules

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ReadSource reads a file that Load or OpenDocument takes: at most one byte more
// than it may have, enough to refuse it. What is no file, such as a pipe, is
// refused unopened: opening one waits for whoever writes to it. The error is
// Diagnostics.
func ReadSource(name string) (Source, error) {
	data, err := readCapped(name)
	if err != nil {
		return Source{}, Diagnostics{Unread(name, err)}
	}
	return Source{Name: name, Data: data}, nil
}

var errNoFile = errors.New("it is no file")

func readCapped(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// Unread says why a file or folder could not be read.
func Unread(name string, err error) Diagnostic {
	d := Diagnostic{Code: "read", File: name, Hint: "beckon init DIR writes a directory to start from"}
	switch {
	case errors.Is(err, fs.ErrPermission):
		d.Hint = "let the user that runs beckon read it"
	case errors.Is(err, errNoFile):
		d.Hint = "give it another name, or take it out of the directory: what ends in .yaml or .yml is read"
	case errors.Is(err, syscall.ENOTDIR):
		d.Hint = "name the directory that the file is in"
	case errors.Is(err, fs.ErrNotExist):
	default:
		d.Hint = ""
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err // its path is File
	}
	d.Message = err.Error()
	return d
}
