package conversation

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// loader builds a list. Until it is done, states are joined by steps that read
// nothing too.
type loader struct {
	*list
	steps [][]step  // by state
	skips [][]int32 // by state: states that are reached without a word
	names map[string]string
}

type step struct{ word, to int32 }

// readLists reads the files of a folder named words.
func readLists(files fs.FS) (*list, error) {
	l := &loader{list: &list{
		words: map[string]int32{}, edges: map[edge][]int32{}, langs: map[string]int{},
	}}
	start := l.state()
	names, err := fs.Glob(files, "words/*.txt")
	errs := []error{err}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		errs = append(errs, err)
		lang := strings.TrimSuffix(path.Base(name), ".txt")
		l.langs[lang] = len(l.langs) + 1
		l.names = map[string]string{}
		n := 0
		for line := range strings.Lines(string(data)) {
			n++
			if err := l.line(start, l.langs[lang], line); err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: %w", name, n, err))
			}
		}
	}
	l.join(start)
	return l.list, errors.Join(errs...)
}

func (l *loader) state() int32 {
	l.states, l.steps, l.skips = append(l.states, state{}), append(l.steps, nil), append(l.skips, nil)
	return int32(len(l.states) - 1)
}

func (l *loader) skip(from, to int32) { l.skips[from] = append(l.skips[from], to) }

// line reads one line of a file.
func (l *loader) line(start int32, lang int, line string) error {
	line, _, _ = strings.Cut(line, "#")
	if line = strings.TrimSpace(line); line == "" {
		return nil
	}
	head, entries, ok := strings.Cut(line, ":")
	if !ok {
		return errors.New("want SENSE: entry; entry")
	}
	if name, ok := strings.CutPrefix(head, "let "); ok {
		l.names["{"+strings.TrimSpace(name)+"}"] = "(" + strings.TrimSpace(entries) + ")"
		return nil
	}
	name, local := strings.CutPrefix(head, "local ")
	end := state{says: senseOf(name)}
	if end.says == 0 {
		return fmt.Errorf("no sense is named %q", name)
	}
	if local {
		end.lang = lang
	}
	for name, value := range l.names {
		entries = strings.ReplaceAll(entries, name, value)
	}
	for entry := range strings.SplitSeq(entries, ";") {
		entry = strings.TrimSpace(entry)
		first, last := l.state(), l.state()
		l.skip(start, first)
		l.states[last] = end
		p := pattern{loader: l, rest: entry}
		err := p.alternatives(first, last)
		switch {
		case err != nil:
			return fmt.Errorf("entry %q: %w", entry, err)
		case p.rest != "":
			return fmt.Errorf("entry %q: unbalanced brackets", entry)
		case p.only != "" && !local && end.says&(hard|lone|flow) != 0 && utf8.RuneCountInString(p.only) >= shortestSlip:
			l.longer = append(l.longer, slip{p.only, end.says})
		}
	}
	return nil
}

// pattern is an entry on its way into the automaton.
type pattern struct {
	*loader
	rest  string
	words int
	only  string // the word of an entry that is one word
}

// alternatives adds what stands up to a closing bracket, or to the end, as ways
// from one state to another.
func (p *pattern) alternatives(from, to int32) error {
	at := from
	closed := false // a bracket ends right before
	for {
		i := strings.IndexAny(p.rest, "()[]{}|")
		if i < 0 {
			i = len(p.rest)
		}
		text, rest := p.rest[:i], p.rest[i:]
		if glued(text, closed, rest) {
			return errors.New("a bracket inside of a word")
		}
		var err error
		if at, err = p.row(at, text); err != nil {
			return err
		}
		if rest == "" || rest[0] == ')' || rest[0] == ']' || rest[0] == '|' {
			if at == from {
				return errors.New("nothing where words belong")
			}
			p.skip(at, to)
			if p.rest = rest; rest == "" || rest[0] != '|' {
				return nil
			}
			at, closed, p.rest = from, false, rest[1:]
			continue
		}
		if rest[0] == '{' || rest[0] == '}' {
			return errors.New("no let spells it out above")
		}
		p.rest = rest[1:]
		after := p.state()
		if err := p.alternatives(at, after); err != nil {
			return err
		}
		closing := byte(')')
		if rest[0] == '[' {
			closing = ']'
			p.skip(at, after)
		}
		if p.rest == "" || p.rest[0] != closing {
			return errors.New("unbalanced brackets")
		}
		at, closed, p.rest, p.words = after, true, p.rest[1:], p.words+1
		p.only = ""
	}
}

// glued reports whether a bracket before or after text cuts a word in two.
func glued(text string, closed bool, rest string) bool {
	t := glyphs()
	letter := func(c rune) bool { return c < tableSize && (t[c].kind == glyphLetter || t[c].kind == glyphNothing) }
	if text == "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	return closed && letter(first) || rest != "" && strings.ContainsRune("([", rune(rest[0])) && letter(last)
}

// row adds words one after the other, and returns the state after them.
func (p *pattern) row(at int32, text string) (int32, error) {
	r := newReader(text)
	for t := r.next(); t != tokenEnd; t = r.next() {
		if t != tokenWord || r.word() == nil {
			return at, errors.New("an entry is words without punctuation")
		}
		word := string(r.word())
		id, ok := p.list.words[word]
		if !ok {
			id = int32(len(p.list.words) + 1)
			p.list.words[word] = id
		}
		next := p.state()
		p.steps[at] = append(p.steps[at], step{id, next})
		at = next
		if p.only, p.words = word, p.words+1; p.words > 1 {
			p.only = ""
		}
	}
	return at, nil
}

// join works out which states follow a word.
func (l *loader) join(start int32) {
	l.root = make([][]int32, len(l.words)+1)
	closed := make([][]int32, len(l.states))
	for q := len(l.states) - 1; q >= 0; q-- {
		l.close(int32(q), closed)
	}
	for q, steps := range l.steps {
		for _, s := range steps {
			e := edge{int32(q), s.word}
			l.edges[e] = union(l.edges[e], closed[s.to])
		}
	}
	for _, q := range closed[start] {
		for _, s := range l.steps[q] {
			l.root[s.word] = union(l.root[s.word], closed[s.to])
		}
	}
}

// close works out the states that q stands for: itself and those that it is
// left for without a word. Those from which nothing goes on and where nothing
// ends are left out.
func (l *loader) close(q int32, closed [][]int32) []int32 {
	if closed[q] != nil {
		return closed[q]
	}
	out := []int32{}
	if len(l.steps[q]) > 0 || l.states[q].says != 0 {
		out = append(out, q)
	}
	for _, to := range l.skips[q] {
		out = append(out, l.close(to, closed)...)
	}
	slices.Sort(out)
	closed[q] = slices.Compact(out)
	return closed[q]
}

func union(a, b []int32) []int32 {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}
