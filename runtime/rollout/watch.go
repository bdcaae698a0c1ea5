package rollout

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A change of a directory is looked at when it has been quiet for a moment, so
// that a copy of many files is one change.
const (
	quiet   = 250 * time.Millisecond
	longest = 5 * time.Second // of a directory that never is
)

// Network file systems and mounts of containers tell of no change: there, and
// where a link further up is turned, a slow look finds it. It reads the files
// and compares; nothing is loaded that has not changed.
const (
	lookEvery      = 30 * time.Second
	lookUnnotified = 5 * time.Second // where nothing can tell at all
)

// Watch reloads what changes until ctx ends. A fault of the notifications is
// told; the slow look goes on.
func (r *Rollout) Watch(ctx context.Context) error {
	w := watcher{log: r.Log, changed: r.changed}
	for _, s := range r.slots {
		w.paths = append(w.paths, filepath.Clean(s.dir))
	}
	return w.run(ctx)
}

// watcher calls changed when something may have changed at its paths, which are
// directories or files.
type watcher struct {
	paths   []string // clean
	log     *slog.Logger
	changed func(ctx context.Context)
}

func (w *watcher) run(ctx context.Context) error {
	hints := make(chan struct{}, 1)
	every := lookUnnotified
	n, err := fsnotify.NewWatcher()
	if err != nil {
		w.log.WarnContext(ctx, "changes of files are not notified; they are looked at instead", "every", every, "err", err)
	} else {
		defer n.Close()
		every = lookEvery
		go w.notified(ctx, n, hints)
	}
	told := map[string]string{}
	for {
		if n != nil {
			w.listen(ctx, n, told)
		}
		// What changed before the directories were listened to.
		w.changed(ctx)
		if !wait(ctx, hints, every) {
			return nil
		}
	}
}

// wait returns when hints have come and then been quiet, or after every. It
// reports false where ctx ended.
func wait(ctx context.Context, hints <-chan struct{}, every time.Duration) bool {
	look := time.NewTimer(every)
	defer look.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-look.C:
		return true
	case <-hints:
	}
	late := time.NewTimer(longest)
	defer late.Stop()
	for {
		calm := time.NewTimer(quiet)
		select {
		case <-ctx.Done():
			calm.Stop()
			return false
		case <-late.C:
			calm.Stop()
			return true
		case <-calm.C:
			return true
		case <-hints:
			calm.Stop()
		}
	}
}

// listen listens to every directory, and to the one above it, where it may be
// taken away, put back, or be a link that is turned. Each time anew: what a
// path leads to may be another directory now. What cannot be listened to is told
// once, a directory that is not there apart: the one above it tells when it is.
func (w *watcher) listen(ctx context.Context, n *fsnotify.Watcher, told map[string]string) {
	for _, dir := range w.watched() {
		_ = n.Remove(dir) // an error: it was not listened to
		err := n.Add(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if why := err.Error(); told[dir] != why {
			told[dir] = why
			w.log.WarnContext(ctx, "changes of a directory are not notified; it is looked at instead", "dir", dir, "every", lookEvery, "err", err)
		}
	}
}

// watched are the directories to listen to, each once.
func (w *watcher) watched() (dirs []string) {
	for _, path := range w.paths {
		dirs = append(dirs, path, filepath.Dir(path))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// notified turns events into hints until ctx ends.
func (w *watcher) notified(ctx context.Context, n *fsnotify.Watcher, hints chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-n.Events:
			if !ok {
				return
			}
			if !w.concerns(e.Name) {
				continue
			}
		case err, ok := <-n.Errors:
			if !ok {
				return
			}
			w.log.WarnContext(ctx, "a change of files may have been missed; the next look finds it", "err", err)
		}
		select {
		case hints <- struct{}{}:
		default: // one is waiting
		}
	}
}

// concerns reports whether a path is one of the watched ones or stands in one.
// Beside a file its tests may stand.
func (w *watcher) concerns(name string) bool {
	return slices.ContainsFunc(w.paths, func(path string) bool {
		return name == path || filepath.Dir(name) == path || filepath.Ext(path) != "" && filepath.Dir(name) == filepath.Dir(path)
	})
}
