package conversation

import "strings"

// DoneWord brings what a person of the desk writes to end a handoff on X to the
// form in which it is compared: in any case and width, without what cannot be
// seen, without the mentions that a reply begins with. "" is nothing to compare.
func DoneWord(text string) string {
	fields := strings.Fields(fold(text))
	for len(fields) > 0 && strings.HasPrefix(fields[0], "@") {
		fields = fields[1:]
	}
	return strings.Join(fields, " ")
}

// SaysDone reports whether the whole text is the word; never for an empty word.
func SaysDone(text, word string) bool {
	word = DoneWord(word)
	return word != "" && DoneWord(text) == word
}
