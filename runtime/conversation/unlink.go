package conversation

import (
	_ "embed" // for the list
	"sync"
)

//go:embed unlink.txt
var unlinkList string

var unlinks = sync.OnceValue(func() wholes {
	l := readWholes(unlinkList)
	l.polite = agents().polite
	return l
})

// AsksUnlink reports whether the user says that they do not want to be matched
// with an account outside of X and nothing else, in any of the languages of the
// list. It is no opt-out.
func AsksUnlink(text string) bool { return unlinks().is(text) }
