package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/backup"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/vault"
)

// restoreCommand brings a backup back, or takes an operator's word for what the
// bus does not know after one.
func restoreCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("restore", flag.ContinueOnError)
	without := fs.Bool("without-texts", false, "the keys of texts are lost, or what opens them: bring all else back")
	accept := fs.Bool("no-newer-optouts", false, "after a restore whose bus is lost: you have done what could be done to learn who said stop since")
	f, rest, err := readFlags(sys, fs, args, true)
	if err != nil {
		return err
	}
	switch {
	case *accept && (len(rest) > 0 || *without):
		return usageError("--no-newer-optouts stands alone: it is said after a restore")
	case *accept:
		return acceptRestore(ctx, sys, f)
	case len(rest) != 1 || rest[0] == "":
		return usageError("name one folder: of backups, or of the one to bring back")
	}
	b, err := backup.Open(rest[0])
	if err != nil {
		return err
	}
	r := restore{sys: sys, flags: f, b: b, withoutTexts: *without}
	return r.run(ctx)
}

func acceptRestore(ctx context.Context, sys system, f operatorFlags) error {
	return operate(ctx, sys, f, false, func(o *operator) error {
		raw, err := o.call(ctx, http.MethodPost, "/v1/restore/accept", admin.Change{By: f.by}, nil)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) {
			fmt.Fprintln(w, "What is newer than the restore is answered from now on; what may have been sent before it stays on hold: beckon actions list --state hold")
		})
	})
}

// restore is one run of the command.
type restore struct {
	sys          system
	flags        operatorFlags
	b            backup.Backup
	withoutTexts bool

	cfg  *config.Config
	took []string // files of the configuration that were missing and come from the backup
	left []string // files of the backup that are not written anywhere
}

// run checks all before it writes anything, and gives the database its name last.
func (r *restore) run(ctx context.Context) error {
	if err := r.configuration(); err != nil {
		return err
	}
	dir, err := openDataDir(r.cfg.DataDir)
	if errors.Is(err, errLocked) {
		return fmt.Errorf("%w: stop the host first", err)
	}
	if err != nil {
		return err
	}
	return errors.Join(r.into(ctx, dir), dir.Close())
}

func (r *restore) into(ctx context.Context, dir *dataDir) error {
	key, err := r.hostKey(dir)
	if err != nil {
		return err
	}
	opens, where, err := r.opener(dir)
	if err != nil {
		return err
	}
	if r.b.NoTexts && !r.withoutTexts {
		return fmt.Errorf("text.keys is not beside %s: put it there, or give --without-texts: texts are gone then, and what waits with one is cancelled", r.b.Dir)
	}
	ready, err := r.b.Prepare(ctx, backup.Into{Dir: dir.path, Key: key, Opens: opens, By: r.flags.by, Now: r.sys.now()})
	if errors.Is(err, db.ErrWrongKey) {
		return unsafeKey("%s is not the key of the host that the backup %s is of", dir.file("host.key"), r.b.Dir)
	}
	if err != nil {
		return err
	}
	if ready.Closed > 0 && ready.Opened == 0 && !r.withoutTexts {
		return errors.Join(fmt.Errorf("%s opens none of the keys of texts: %s", where, textsLost), ready.Drop())
	}
	kept, err := r.place(dir, ready)
	if err == nil {
		err = ready.Commit()
	}
	if err != nil {
		return errors.Join(err, ready.Drop())
	}
	return r.tell(dir, ready, kept)
}

// configuration reads the configuration that is there, or else the one of the
// backup as if it were there.
func (r *restore) configuration() (err error) {
	_, err = os.Stat(r.flags.file)
	if !errors.Is(err, fs.ErrNotExist) {
		r.cfg, err = readConfig(r.sys, r.flags.file)
		return err
	}
	if r.b.Config == "" { // of a database alone too
		return fmt.Errorf("%s is not there, and the backup has no configuration: name yours with -c", r.flags.file)
	}
	data, err := os.ReadFile(filepath.Join(r.b.Dir, filepath.FromSlash(r.b.Config)))
	if err != nil {
		return err
	}
	r.cfg, err = config.Load(r.flags.file, data, config.Options{Dir: dirOf(r.flags.file), Now: r.sys.now()})
	return err
}

// hostKey reads the key that must be there already: a backup has none.
func (r *restore) hostKey(dir *dataDir) (event.Key, error) {
	if _, err := os.Stat(dir.file("host.key")); errors.Is(err, fs.ErrNotExist) {
		return nil, exitError{exitUnsafe, fmt.Errorf("%s is not there, and no backup has it: put the host.key that you kept there first; opt-outs cannot be read without it", dir.file("host.key"))}
	}
	return dir.key()
}

const textsLost = "put the one that you kept there, or give --without-texts: texts are gone then, and what waits with one is cancelled"

// opener opens keys of texts as the host will.
func (r *restore) opener(dir *dataDir) (opens func(db.TextKey) bool, where string, err error) {
	if r.withoutTexts {
		return nil, "", nil
	}
	if r.cfg.App.TokenKey == "" {
		if _, err := os.Stat(dir.file("token.key")); errors.Is(err, fs.ErrNotExist) {
			return nil, "", fmt.Errorf("%s is not there, which opens the texts: %s", dir.file("token.key"), textsLost)
		}
	}
	keeper, err := dir.keeper(r.sys, r.cfg.App.TokenKey)
	if err != nil {
		return nil, "", err
	}
	return func(k db.TextKey) bool {
		_, err := keeper.Live.Open(k.Sealed, vault.SealedAs(k.ID))
		return err == nil
	}, keeper.Where, nil
}

// place writes what belongs beside the database: the key of the new audit chain,
// and configuration where there is none. The last checkpoint of the chain that
// was lost is kept under another name.
func (r *restore) place(dir *dataDir, ready backup.Ready) (kept string, err error) {
	if _, err := os.Stat(dir.file(checkpointFile)); err == nil {
		kept = dir.file(checkpointFile + ".before-" + ready.Restore.At.Format("2006-01-02T15-04-05Z"))
		if err := os.Rename(dir.file(checkpointFile), kept); err != nil {
			return "", err
		}
	}
	if err := writeSecret(dir.file("audit.key"), ready.Signer+"\n"); err != nil {
		return kept, err
	}
	if _, err := os.Stat(r.flags.file); err == nil {
		return kept, nil
	}
	for _, s := range r.b.Files {
		name, ok := strings.CutPrefix(s.Name, "config/")
		if !ok {
			continue
		}
		to := filepath.Join(dirOf(r.flags.file), filepath.FromSlash(name))
		if strings.HasPrefix(name, outside) || backup.Within(to, dir.path) {
			r.left = append(r.left, s.From+" is in "+filepath.Join(r.b.Dir, filepath.FromSlash(s.Name)))
			continue
		}
		if s.Name == r.b.Config {
			to = r.flags.file
		}
		if _, err := os.Lstat(to); err == nil {
			continue
		}
		data, err := os.ReadFile(filepath.Join(r.b.Dir, filepath.FromSlash(s.Name)))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o755)
		}
		if err == nil {
			err = writeSecret(to, string(data))
		}
		if err != nil {
			return kept, fmt.Errorf("put %s back: %w", to, err)
		}
		r.took = append(r.took, to)
	}
	return kept, nil
}

// restored is the same for machines.
type restored struct {
	Database     string    `json:"database"`
	BackupAt     time.Time `json:"backup_at"`
	RestoredAt   time.Time `json:"restored_at"`
	Held         int       `json:"held"`
	Logins       []string  `json:"logins_ended,omitempty"`
	TextKeys     int       `json:"text_keys"`
	TextKeysLost int       `json:"text_keys_lost,omitempty"`
	Took         []string  `json:"from_backup,omitempty"`
	Left         []string  `json:"not_put_back,omitempty"`
	Checkpoint   string    `json:"checkpoint_before,omitempty"`
}

// tell says what came back, what did not, and what to do.
func (r *restore) tell(dir *dataDir, ready backup.Ready, kept string) error {
	if r.flags.format == "json" {
		return json.NewEncoder(r.sys.stdout).Encode(restored{
			Database: dir.file("beckon.db"), BackupAt: ready.Restore.BackupAt, RestoredAt: ready.Restore.At, Held: ready.Held, Logins: ready.Logins,
			TextKeys: ready.Opened, TextKeysLost: ready.Closed, Took: r.took, Left: r.left, Checkpoint: kept,
		})
	}
	o := &operator{flags: r.flags}
	w := r.sys.stdout
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	p("%s is the database of %s, %s before now.", dir.file("beckon.db"), ready.Restore.BackupAt.Format(time.RFC3339), span(ready.Restore.At.Sub(ready.Restore.BackupAt)))
	p("What was sent, said and set since is not in it. What waited for the sender then is on hold (%d), as is from now on every answer to what was written before now: a person looks on X whether it was sent.", ready.Held)
	for _, t := range r.took {
		p("From the backup: %s", t)
	}
	for _, l := range r.left {
		p("Not put back: %s", l)
	}
	if ready.Closed > 0 {
		p("Not put back: %s, and what they seal is gone.", textKeys(ready.Closed))
	}
	if kept != "" {
		p("The last checkpoint of the audit chain before: `%s` names what was lost.", o.command("audit verify --checkpoint "+kept))
	}
	p("\nNext:")
	for _, ref := range secretRefs(r.cfg) {
		if _, err := secret(r.sys, ref); err != nil {
			p("  put back what the configuration names as %s: it is not here", ref)
		}
	}
	for _, bot := range ready.Logins {
		p("  `%s`: its tokens were spent since", o.command("login "+bot))
	}
	p("  kill switches stand as they did then: `%s` if you had one on since", o.command("pause --all"))
	p("  deletions that X or a user asked for since, by mail: `%s` each again", o.command("compliance delete"))
	if _, err := os.Stat(dir.file("bus")); err == nil {
		p("  `%s`: it learns from %s who said stop since, and sends nothing before", o.command("run"), dir.file("bus"))
	} else {
		p("  consents and matches stand as they did then: `%s`, `%s` for who took one back since", o.command("consent withdraw"), o.command("match withdraw"))
		p("  `%s`: it sends nothing, for %s, which knew who said stop since, is not here; put it back first if you have it, else `%s` says what to do", o.command("run"), dir.file("bus"), o.command("doctor"))
	}
	p("  look at what is on hold: `%s`", o.command("actions list --state hold"))
	return nil
}
