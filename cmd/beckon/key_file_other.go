//go:build !unix

package main

import "io/fs"

func keepOwner(string, fs.FileInfo) error { return nil }

func syncDir(string) error { return nil }
