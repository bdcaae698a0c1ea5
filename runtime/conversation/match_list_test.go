package conversation

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestLists reads every list, and looks for entries that contradict each other.
func TestLists(t *testing.T) {
	t.Parallel()
	l, err := readLists(wordFiles)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d languages, %d words, %d states, %d long stop words", len(l.langs), len(l.words), len(l.states), len(l.longer))
	if len(l.langs) != 28 {
		t.Errorf("%d languages, want 28", len(l.langs))
	}
	for word, id := range l.words {
		if n := len(l.root[id]); n > mostStates {
			t.Errorf("%d states after %q, longest reads %d", n, word, mostStates)
		}
		var sets scratch
		for lang := range l.langs {
			s, n := l.longest([]int32{id}, l.language(lang), &sets)
			if stop, silent := s&(hard|lone|flow|phrase|alone), s&(polite|filler|ask|question); n > 0 && stop != 0 && silent != 0 && s&not == 0 {
				t.Errorf("%q is a stop and says nothing: %b", word, s)
			}
		}
	}
	for e, to := range l.edges {
		if len(to) > mostStates {
			t.Errorf("%d states after state %d, longest reads %d", len(to), e.state, mostStates)
		}
	}
}

func TestListFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, want string }{
		{"stop", "xx.txt:2: want SENSE: entry; entry"},
		{"hrad: stop", `xx.txt:2: no sense is named "hrad"`},
		{"hard: stop (it", "unbalanced brackets"},
		{"hard: stop it)", "unbalanced brackets"},
		{"hard: stop (it]", "unbalanced brackets"},
		{"hard: stop (it|)", "nothing where words belong"},
		{"hard: stop;; end", "nothing where words belong"},
		{"hard: stop, end", "an entry is words without punctuation"},
		{"hard: stop{ping}", "no let spells it out above"},
		{"hard: un(subscribe|do)", "a bracket inside of a word"},
		{"hard: (un|re)subscribe", "a bracket inside of a word"},
	} {
		_, err := readLists(fstest.MapFS{"words/xx.txt": {Data: []byte("# a comment\n" + tt.line + "\n")}})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.line, err, tt.want)
		}
	}
	data := "let end: now|(right|at) once\nhard: stop [{end}] # a comment\n"
	l, err := readLists(fstest.MapFS{"words/xx.txt": {Data: []byte(data)}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"stop": 1, "stop now": 2, "stop at once": 3, "stop at": 1, "now": 0} {
		var ids []int32
		for _, w := range strings.Fields(text) {
			ids = append(ids, l.words[w])
		}
		var sets scratch
		if _, n := l.longest(ids, 0, &sets); n != want {
			t.Errorf("%q: an entry of %d words, want %d", text, n, want)
		}
	}
}
