package rules

import (
	"fmt"
	"strings"
)

// say is the reason of a rule that fired, as a sentence.
func say(u *rule) string {
	if strings.HasSuffix(u.Because, ".") || strings.HasSuffix(u.Because, "!") || strings.HasSuffix(u.Because, "?") {
		return u.Because
	}
	return u.Because + "."
}

// named lists rules that fired with the conditions that held.
func named(us []*rule) []By {
	out := make([]By, len(us))
	for i, u := range us {
		out[i] = By{u.ID, u.whens}
	}
	return out
}

// needs says what stops a permit: the first whens of names are conditions that
// should hold, the others exceptions that should not.
func needs(id string, names []string, whens int) string {
	var parts []string
	if n := names[:whens]; len(n) > 0 {
		parts = append(parts, fmt.Sprintf("%s needs %s, which %s not so", id, and(n), isAre(n)))
	}
	if n := names[whens:]; len(n) > 0 {
		parts = append(parts, fmt.Sprintf("%s makes an exception of %s, which %s so", id, and(n), isAre(n)))
	}
	return strings.Join(parts, "; ")
}

func isAre(names []string) string {
	if len(names) == 1 {
		return "is"
	}
	return "are"
}

func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// noun is an action's kind in words.
func noun(kind string) string {
	switch kind {
	case "dm":
		return "DM"
	case "list_add":
		return "list entry"
	}
	return kind
}
