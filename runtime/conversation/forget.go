package conversation

import (
	_ "embed" // for the list
	"sync"
)

//go:embed forget.txt
var forgetList string

var erasures = sync.OnceValue(func() wholes {
	l := readWholes(forgetList)
	l.polite = agents().polite
	return l
})

// AsksErasure reports whether the user asks that what is kept of them be deleted
// and says nothing else, in any of the languages of the list. It is no opt-out.
func AsksErasure(text string) bool { return erasures().is(text) }
