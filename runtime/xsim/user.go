package xsim

import (
	"net/http"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// wireUser is a user with the fields asked for. Whether the user takes a DM
// depends on who asks.
func (s *Sim) wireUser(r *request, u User) object {
	fields := r.URL.Query().Get("user.fields")
	o := plain(pick(wireUser(u), fields, "id", "name", "username"))
	if strings.Contains(","+fields+",", ",receives_your_dm,") && r.account != nil {
		o = append(o, field{"receives_your_dm", s.takesDM(u, r.account)})
	}
	return o
}

// takesDM reports whether a DM to the user would be taken.
func (s *Sim) takesDM(u User, a *Account) bool {
	pair := [2]string{u.ID, a.ID}
	return !u.Suspended && !u.Gone && !s.blocked[pair] && (u.OpenDMs || s.wrote[pair])
}

// me is the account itself, with the fields asked for.
func (s *Sim) me(r *request) answer {
	s.charge(r.now, UserRead, r.account.ID)
	return answer{status: http.StatusOK, body: object{{"data", s.wireUser(r, s.users[r.account.ID])}}}
}

// userByID, userByName, usersByID and usersByName answer 200 with errors, and
// perhaps no data, where a user is not there.
func (s *Sim) userByID(r *request) answer { return s.lookup(r, "id", r.PathValue("id"), false) }
func (s *Sim) userByName(r *request) answer {
	return s.lookup(r, "username", r.PathValue("name"), false)
}
func (s *Sim) usersByID(r *request) answer { return s.lookup(r, "ids", r.URL.Query().Get("ids"), true) }
func (s *Sim) usersByName(r *request) answer {
	return s.lookup(r, "usernames", r.URL.Query().Get("usernames"), true)
}

func (s *Sim) lookup(r *request, parameter, names string, many bool) answer {
	list := strings.Split(names, ",")
	if names == "" || len(list) > 100 {
		return badRequest(parameter + " has 1 to 100 entries")
	}
	var found, errs []object
	for _, n := range list {
		id := n
		if strings.HasPrefix(parameter, "username") {
			if !isHandle(n) {
				return badRequest(parameter + ": " + n + " is no handle")
			}
			id = s.handles[strings.ToLower(n)]
		} else if !isID(n) {
			return badRequest(parameter + ": an id has 1 to 19 digits")
		}
		u, ok := s.users[id]
		switch {
		case !ok || u.Gone:
			errs = append(errs, missing("user", parameter, n, "Could not find user with "+parameter+": ["+n+"]."))
		case u.Suspended:
			errs = append(errs, missing("user", parameter, n, "User has been suspended: ["+n+"]."))
		default:
			s.charge(r.now, UserRead, u.ID)
			found = append(found, s.wireUser(r, u))
		}
	}
	return answer{status: http.StatusOK, body: resulted(found, errs, many)}
}

// resulted is data, where there is any, and errors, where there are any.
func resulted(found, errs []object, many bool) object {
	var o object
	switch {
	case len(found) > 0 && many:
		o = append(o, field{"data", found})
	case len(found) > 0:
		o = append(o, field{"data", found[0]})
	}
	if len(errs) > 0 {
		o = append(o, field{"errors", errs})
	}
	return o
}

// missing says that a resource is not there.
func missing(kind, parameter, id, detail string) object {
	return object{
		{"value", id}, {"detail", detail}, {"title", "Not Found Error"},
		{"resource_type", kind}, {"parameter", parameter}, {"resource_id", id},
		{"type", "https://api.x.com/2/problems/resource-not-found"}, {"status", http.StatusNotFound},
	}
}

func notFound(kind, id string) object {
	return missing(kind, "id", id, "Could not find "+kind+" with id: ["+id+"].")
}

// become changes who somebody is. Of a bot's own account, X tells what its
// profile says.
func (s *Sim) become(a Act, u User, now time.Time) (Done, error) {
	before, after, kind := "", "", event.Type("")
	switch a.Kind {
	case ActSuspend, ActProtect, ActDeactivate:
		s.redacted[u.ID] = now
	}
	switch a.Kind {
	case ActSuspend:
		u.Suspended = true
	case ActProtect:
		u.Protected = true
	case ActDeactivate:
		u.Gone = true
	case ActRestore:
		u.Suspended, u.Protected, u.Gone = false, false, false
	case ActOpenDMs:
		u.OpenDMs = true
	case ActCloseDMs:
		u.OpenDMs = false
		for pair := range s.wrote {
			if pair[0] == u.ID {
				delete(s.wrote, pair)
			}
		}
	case ActLabel:
		badge := map[bool]string{true: "Automated"}
		before, after, kind = badge[u.Automated], badge[a.Automated], "profile.update.affiliate_badge"
		u.Automated = a.Automated
	case ActBio:
		before, after, kind = u.Bio, a.Text, "profile.update.bio"
		u.Bio = a.Text
	case ActName:
		before, after, kind = u.Name, a.Text, "profile.update.screenname"
		u.Name = a.Text
	}
	s.users[u.ID] = u
	d := Done{ID: u.ID}
	if kind != "" && s.accounts[u.ID] != nil {
		d.Bodies = [][]byte{ProfileBody(s.head(kind, u.ID, s.newID(s.now())), kind, before, after)}
	}
	return d, nil
}
