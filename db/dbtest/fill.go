package dbtest

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// closed lists the values of the closed sets, by type. A string type of ours
// that is not here takes any text.
var closed = map[reflect.Type][]string{
	reflect.TypeFor[event.ActionKind]():         {"reply", "dm", "post", "repost", "quote", "like", "bookmark", "follow", "list_add"},
	reflect.TypeFor[event.Purpose]():            {"answer", "opt_out_confirmation", "notice", "reminder", "operator", "scheduled"},
	reflect.TypeFor[event.State]():              {"pending"}, // the others by PutAction
	reflect.TypeFor[event.Class]():              {"transient", "", "rate_limited", "usage_capped", "refused", "auth", "gone", "unknown_outcome", "bug"},
	reflect.TypeFor[event.Kind]():               {"post", "", "dm", "own_post", "own_dm", "chat", "delete", "revoke", "command", "timer", "other"},
	reflect.TypeFor[db.TokenState]():            {"live", "refreshing", "unknown", "ended"},
	reflect.TypeFor[db.EraseStep]():             {"rows", "asked", "bus", "decisions", "scrub", "done"},
	reflect.TypeFor[db.DutyWhat]():              {"post", "dm", "edit", "geo", "posts", "user", "account"},
	reflect.TypeFor[db.DutyStep]():              {"rows", "bus", "scrub", "done", "void"},
	reflect.TypeFor[db.Cause]():                 {"user", "x", "law", "access", "retention"},
	reflect.TypeFor[db.JobStep]():               {"named", "created", "uploaded", "done", "failed"},
	reflect.TypeFor[db.QuestionState]():         {"open", "answered", "failed", "withdrawn"},
	reflect.TypeFor[event.Tri]():                {"yes", "", "no", "unknown"},
	reflect.TypeFor[conversation.Initiated]():   {"mention", "", "none", "reply", "quote", "dm", "opt_in"},
	reflect.TypeFor[db.MatchBasis]():            {"opt_in", "provided_by_user", "public"},
	reflect.TypeFor[conversation.ConsentKind](): {"matching", "dm_storage", "opt_in"},
	reflect.TypeFor[conversation.Tier]():        {"hard", "", "none", "phrase", "doubt", "start", "help", "operator", "blocked"},
}

// full makes a record with every field set, each to a value of its own, so that
// a column that is forgotten or swapped with another shows.
func full[T any]() T {
	var v T
	n := 0
	fill(reflect.ValueOf(&v).Elem(), "", &n)
	return v
}

func fill(v reflect.Value, name string, n *int) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.UnixMilli(1_767_225_600_000 + int64(*n)*86_400_001).UTC()))
	case v.Type() == reflect.TypeFor[time.Duration]():
		v.SetInt(int64(*n) * int64(time.Millisecond))
	case v.Type() == reflect.TypeFor[[]byte]():
		v.SetBytes(fmt.Appendf(nil, `{"n":%d}`, *n))
	case closed[v.Type()] != nil:
		v.SetString(closed[v.Type()][0])
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("%s %d", strings.ToLower(name), *n))
	case v.CanInt():
		v.SetInt(int64(*n))
	case v.CanUint():
		v.SetUint(1<<63 + uint64(*n)) // all 64 bits are kept
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name, n)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range v.Len() {
			fill(v.Index(i), name, n)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name, n)
		}
	default:
		panic(fmt.Sprintf("dbtest cannot fill %s of type %s", name, v.Type()))
	}
}

// variants are the full record; for each bool, one where only it is true; for
// each value of a closed set, one with that value.
func variants[T any]() []T {
	all := []T{full[T]()}
	typ := reflect.TypeFor[T]()
	for i := range typ.NumField() {
		switch f := typ.Field(i); {
		case f.Type.Kind() == reflect.Bool:
			v := full[T]()
			for j := range typ.NumField() {
				if typ.Field(j).Type.Kind() == reflect.Bool {
					reflect.ValueOf(&v).Elem().Field(j).SetBool(i == j)
				}
			}
			all = append(all, v)
		case closed[f.Type] != nil:
			for _, value := range closed[f.Type] {
				v := full[T]()
				reflect.ValueOf(&v).Elem().Field(i).SetString(value)
				all = append(all, v)
			}
		}
	}
	return all
}

// inUTC reports whether every time in v is in UTC.
func inUTC(v reflect.Value) bool {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		return v.Interface().(time.Time).Location() == time.UTC
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return inUTC(v.Elem())
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if !inUTC(v.Index(i)) {
				return false
			}
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if !inUTC(v.Field(i)) {
				return false
			}
		}
	}
	return true
}
