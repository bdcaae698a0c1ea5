package admin

import (
	"strings"

	"github.com/beckon-bot/beckon/db"
)

// RouteRoles is each endpoint, with 1 in place of what its path names, and the
// least role for it.
func RouteRoles() map[string]db.Role {
	roles := map[string]db.Role{}
	for _, rt := range (&server{}).routes() {
		roles[strings.NewReplacer("{id}", "1", "{bot}", "acme", "{user}", "7", "{name}", "bob", "{change}", "rotate").Replace(rt.pattern)] = rt.role
	}
	return roles
}

// RouteNames is what each endpoint is called in the record of acts, by pattern.
func RouteNames() map[string]string {
	names := map[string]string{}
	for _, rt := range (&server{}).routes() {
		names[rt.pattern] = rt.name()
	}
	return names
}
