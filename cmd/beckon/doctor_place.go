package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/doctor"
)

// machine gathers about the machine.
func (e *examiner) machine(ctx context.Context) doctor.Host {
	h := doctor.Host{Secrets: e.places(), Database: doctor.Fact(sqliteDurability), Bus: e.bus(ctx), Copy: e.copyOf(ctx), Restored: e.restoredOf(ctx), Backup: e.backupOf(ctx)}
	at := existing(e.cfg.DataDir)
	if free, size, err := diskSpace(at); err != nil {
		h.Disk = doctor.None[doctor.Disk](err.Error())
	} else {
		h.Disk = doctor.Fact(doctor.Disk{Path: at, Free: free, Size: size})
	}
	return h
}

// places are the files that hold secrets, and those that must not.
func (e *examiner) places() (out []doctor.Place) {
	var values [][]byte
	for _, ref := range secretRefs(e.cfg) {
		if s, err := secret(e.sys, ref); err == nil && len(s.Reveal()) >= minSecret {
			values = append(values, []byte(s.Reveal()))
		}
		if path, ok := strings.CutPrefix(string(ref), "file:"); ok {
			out = append(out, doctor.Place{Path: path, Kind: doctor.Mounted, Problem: account.SecretFileWarning(string(ref), os.Stat)})
		}
	}
	for _, name := range []string{"host.key", "token.key", "beckon.db", adminTokenFile} {
		path := filepath.Join(e.cfg.DataDir, name)
		info, err := os.Stat(path)
		if err != nil {
			continue // it is not there yet; another fault the host has told
		}
		p := doctor.Place{Path: path, Kind: doctor.Own}
		if info.Mode().Perm()&0o077 != 0 && !e.shut() {
			p.Problem = fmt.Sprintf("is open to other users of this machine (mode %04o)", info.Mode().Perm())
		}
		out = append(out, p)
	}
	for _, path := range e.texts() {
		if data, err := os.ReadFile(path); err == nil {
			p := doctor.Place{Path: path}
			if slices.ContainsFunc(values, func(v []byte) bool { return bytes.Contains(data, v) }) {
				p.Problem = "holds one of the secrets that the configuration names"
			}
			out = append(out, p)
		}
	}
	return out
}

// minSecret keeps a secret of a few letters from being found in any text.
const minSecret = 12

// shut reports whether the data directory itself keeps others out.
func (e *examiner) shut() bool {
	info, err := os.Stat(e.cfg.DataDir)
	return err == nil && info.Mode().Perm()&0o077 == 0
}

// texts are the files that people write, share and commit.
func (e *examiner) texts() (paths []string) {
	if e.file != "" {
		paths = append(paths, e.file)
	}
	for _, name := range e.cfg.Names() {
		b := e.cfg.Bots[name]
		for _, root := range []string{b.Answers, b.Rules, b.Candidate} {
			if root == "" {
				continue
			}
			_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() && filepath.Ext(path) == ".yaml" {
					paths = append(paths, path)
				}
				return nil // what cannot be read, the checks of rules and answers say
			})
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// secretRefs are all references of a configuration.
func secretRefs(cfg *config.Config) (refs []config.SecretRef) {
	a := cfg.App
	refs = append(refs, a.ConsumerSecret, a.ConsumerSecretNext, a.ClientSecret, a.ConsumerKey, a.Bearer, a.TokenKey, cfg.Desk.Secret, cfg.Desk.Token)
	for _, name := range cfg.Names() {
		b := cfg.Bots[name]
		refs = append(refs, b.Token, b.OAuth1.AccessToken, b.OAuth1.AccessSecret)
	}
	for _, h := range cfg.Handlers {
		refs = append(refs, h.Token, h.Model.Key)
	}
	slices.Sort(refs)
	return slices.DeleteFunc(slices.Compact(refs), func(r config.SecretRef) bool { return r == "" })
}

var errNoDisk = errors.New("this system does not tell")
