package account

import (
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Scope is a right that X asks the account's owner to grant.
type Scope struct {
	Name string // X's name
	Why  string // what the bot needs it for, for the person who grants it
}

// Scopes are the rights that a bot needs which may do these kinds of action,
// and no others.
// X rule: the scopes of each action (facts.md, read 2026-11-25)
func Scopes(kinds []event.ActionKind) []Scope {
	out := []Scope{
		{"tweet.read", "to see the posts that mention, answer or quote the account"},
		{"users.read", "to make sure that this login is for the right account, and to see who writes to it"},
		{"dm.read", "to hear who writes by DM: a STOP comes there too"},
	}
	if has(kinds, event.Reply, event.Post, event.Quote, event.Repost) {
		out = append(out, Scope{"tweet.write", "to answer in public, as the rules permit"})
	}
	if has(kinds, event.DM) {
		out = append(out, Scope{"dm.write", "to answer by DM, as the rules permit"})
	}
	if has(kinds, event.Like) {
		out = append(out, Scope{"like.write", "to like a post where a person asked for it"})
	}
	if has(kinds, event.Bookmark) {
		out = append(out, Scope{"bookmark.write", "to set bookmarks"})
	}
	if has(kinds, event.FollowU) {
		out = append(out, Scope{"follows.write", "to follow where a person asked for it"})
	}
	if has(kinds, event.ListAdd) {
		out = append(out, Scope{"list.write", "to add members to lists"})
	}
	return append(out, Scope{"offline.access", "to stay logged in: an access token lives for about two hours and is renewed with this"})
}

func has(kinds []event.ActionKind, any ...event.ActionKind) bool {
	return slices.ContainsFunc(any, func(k event.ActionKind) bool { return slices.Contains(kinds, k) })
}

// Names are the scopes' names with spaces between, as X takes them.
func Names(scopes []Scope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	return strings.Join(names, " ")
}

// Missing lists what is wanted and was not granted.
func Missing(want []Scope, granted string) []string {
	var out []string
	for _, s := range want {
		if !slices.Contains(strings.Fields(granted), s.Name) {
			out = append(out, s.Name)
		}
	}
	return out
}
