package rollout

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"

	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
)

// AnswersBot is where the answers of a bot come from, and where they go.
type AnswersBot struct {
	Name    string
	Path    string // a file, or a folder
	Options handlers.Options
	Live    *handlers.Live
}

// Answers keeps what the bots of a host say, by L1: files that do not load, or
// whose dialogues do not go as written, change nothing. A decision on record
// does not need them, so that no version of them is kept.
type Answers struct {
	Bots    []AnswersBot
	Log     *slog.Logger
	Metrics *AnswersMetrics

	turn sync.Mutex
	seen map[string]digest // by bot: what was read last, good or bad
	bad  map[string]bool
}

// Start loads the answers of every bot. Those that fail are an error, of all
// bots together.
func (a *Answers) Start() error {
	a.turn.Lock()
	defer a.turn.Unlock()
	a.seen, a.bad = map[string]digest{}, map[string]bool{}
	var faults []error
	for _, b := range a.Bots {
		files := readAnswers(b.Path)
		a.seen[b.Name] = files.digest
		loaded, err := files.load(b)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		b.Live.Swap(loaded)
	}
	return errors.Join(faults...)
}

// Reload loads what has changed since it was read last, and puts in place what
// is good.
func (a *Answers) Reload(ctx context.Context) {
	a.turn.Lock()
	defer a.turn.Unlock()
	for _, b := range a.Bots {
		files := readAnswers(b.Path)
		if ctx.Err() != nil || files.digest == a.seen[b.Name] {
			continue
		}
		a.seen[b.Name] = files.digest
		loaded, err := files.load(b)
		a.judge(b.Name, err != nil)
		if err != nil {
			a.Metrics.Failed.Add(1)
			a.Log.ErrorContext(ctx, "answers refused; the last good ones stay in place", "bot", b.Name, "path", b.Path, "err", inShort(err))
			continue
		}
		b.Live.Swap(loaded)
		a.Metrics.Changed.Add(1)
		n := loaded.Size()
		a.Log.InfoContext(ctx, "answers in place", "bot", b.Name, "answers", n.Answers, "flows", n.Flows, "files", n.Files)
	}
}

func (a *Answers) judge(bot string, bad bool) {
	if a.bad[bot] == bad {
		return
	}
	a.bad[bot] = bad
	if bad {
		a.Metrics.Refused.Add(1)
	} else {
		a.Metrics.Refused.Add(-1)
	}
}

// Watch reloads what changes until ctx ends.
func (a *Answers) Watch(ctx context.Context) error {
	w := watcher{log: a.Log, changed: a.Reload}
	for _, b := range a.Bots {
		w.paths = append(w.paths, filepath.Clean(b.Path))
	}
	return w.run(ctx)
}

// answersFiles is what was read at one moment.
type answersFiles struct {
	path         string
	files, tests []rules.Source
	err          error
	digest       digest
}

func readAnswers(path string) answersFiles {
	f := answersFiles{path: path}
	f.files, f.tests, f.err = handlers.ReadSources(path)
	h := sha256.New()
	for _, s := range append(append([]rules.Source{}, f.files...), f.tests...) {
		fmt.Fprintf(h, "%q %d\n", s.Name, len(s.Data))
		h.Write(s.Data)
	}
	fmt.Fprintln(h, f.err)
	h.Sum(f.digest[:0])
	return f
}

// DialogueError is dialogues that do not go as written.
type DialogueError []string

func (e DialogueError) Error() string { return strings.Join(e, "\n") }

// load loads what was read and holds it to its own dialogues.
func (f answersFiles) load(b AnswersBot) (*handlers.Answers, error) {
	if f.err != nil {
		return nil, f.err
	}
	a, err := handlers.Load(f.files, b.Options)
	if err != nil {
		return nil, err
	}
	tests, err := a.LoadTests(f.tests)
	if err != nil {
		return nil, err
	}
	var failed DialogueError
	for _, t := range a.RunTests(tests).Results {
		if !t.Passed {
			failed = append(failed, fmt.Sprintf("%s:%d: dialogue-failed: %s: %s", t.File, t.Line, t.Name, t.Why))
		}
	}
	if len(failed) > 0 {
		return nil, failed
	}
	return a, nil
}

// inShort is what is wrong, a line each, without what the files hold beside it.
func inShort(err error) string {
	var diags rules.Diagnostics
	if !errors.As(err, &diags) {
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	var lines []string
	for i, d := range diags {
		if i == maxProblems {
			lines = append(lines, fmt.Sprintf("and %d more", len(diags)-i))
			break
		}
		d.Snippet, d.Hint = "", ""
		lines = append(lines, d.Error())
	}
	return strings.Join(lines, "; ")
}
