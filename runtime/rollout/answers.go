package rollout

import (
	"crypto/sha256"
	"fmt"
	"strings"

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

// File is how a bot's answers are loaded: those whose dialogues do not go as
// written are none. A decision on record does not need them, so that no version
// of them is kept.
func (b AnswersBot) File() File {
	return File{Bot: b.Name, Path: b.Path, Read: func() Content {
		f := readAnswers(b.Path)
		return Content{Digest: f.digest, Load: func() (func(), []Count, error) {
			a, err := f.load(b)
			if err != nil {
				return nil, nil, err
			}
			n := a.Size()
			return func() { b.Live.Swap(a) }, []Count{{"answer", n.Answers}, {"flow", n.Flows}, {"file", n.Files}}, nil
		}}
	}}
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

// load loads what was read and holds it to its own dialogues. The error is one
// of a step.
func (f answersFiles) load(b AnswersBot) (*handlers.Answers, error) {
	if f.err != nil {
		return nil, stepError{StepRead, f.err}
	}
	a, err := handlers.Load(f.files, b.Options)
	if err != nil {
		return nil, stepError{StepLoad, err}
	}
	tests, err := a.LoadTests(f.tests)
	if err != nil {
		return nil, stepError{StepTests, err}
	}
	var failed DialogueError
	for _, t := range a.RunTests(tests).Results {
		if !t.Passed {
			failed = append(failed, fmt.Sprintf("%s:%d: dialogue-failed: %s: %s", t.File, t.Line, t.Name, t.Why))
		}
	}
	if len(failed) > 0 {
		return nil, stepError{StepTests, failed}
	}
	return a, nil
}
