package conversation

import "testing"

func TestLists(t *testing.T) {
	t.Parallel()
	l, err := readLists(wordFiles)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d languages, %d words, %d states, %d long stop words", len(l.langs), len(l.words), len(l.states), len(l.longer))
	most := 0
	for w, id := range l.words {
		if n := len(l.root[id]); n > mostStates {
			t.Errorf("%d entries begin with %q, longest reads %d", n, w, mostStates)
		} else {
			most = max(most, n)
		}
	}
	for e, to := range l.edges {
		most = max(most, len(to))
		_ = e
	}
	t.Log(most)
}
