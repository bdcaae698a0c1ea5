//go:build linux || darwin

package main

import "golang.org/x/sys/unix"

// diskSpace is what this user may still write at path, and how much there is.
func diskSpace(path string) (free, size uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, err
	}
	block := uint64(s.Bsize) //nolint:gosec,unconvert // its type differs by system
	return s.Bavail * block, s.Blocks * block, nil
}
