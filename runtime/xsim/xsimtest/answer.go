package xsimtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Faults lists what in an answer is not as X documents it: each a place and a
// word, without ids and indices, so that they can be compared with a list.
// Unlike Answer it also finds keys that the document does not know.
func (c *Contract) Faults(method, path string, status int, contentType string, body []byte) []string {
	op, _, err := c.operation(method, path)
	if err != nil {
		return []string{"no such operation"}
	}
	resp := op.Responses.Value(strconv.Itoa(status))
	if resp == nil && status >= 400 {
		resp = op.Responses.Default()
	}
	if resp == nil {
		return []string{fmt.Sprintf("status %d", status)}
	}
	kind, _, _ := strings.Cut(contentType, ";")
	media := resp.Value.Content.Get(kind)
	if media == nil {
		return []string{"content type " + kind}
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return []string{"no JSON"}
	}
	found := map[string]bool{}
	if status >= 400 {
		if media.Schema.Value.VisitJSON(v) != nil {
			found["error "+problemOf(v)] = true
		}
	} else {
		collect(media.Schema.Value.VisitJSON(v, openapi3.MultiErrors()), found)
		unknown(media.Schema.Value, v, "", found)
	}
	return sorted(found)
}

// problemOf names an error body by its type.
func problemOf(v any) string {
	o, _ := v.(map[string]any)
	kind, ok := o["type"].(string)
	if !ok {
		return "without a type"
	}
	return kind[strings.LastIndex(kind, "/")+1:]
}

func collect(err error, found map[string]bool) {
	var many openapi3.MultiError
	var one *openapi3.SchemaError
	switch {
	case err == nil:
	case errors.As(err, &many):
		for _, e := range many {
			collect(e, found)
		}
	case errors.As(err, &one):
		found[place(one.JSONPointer())+": "+one.SchemaField] = true
	default:
		found[err.Error()] = true
	}
}

// place is a JSON pointer without indices.
func place(pointer []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(pointer), func(p string) bool {
		_, err := strconv.Atoi(p)
		return err == nil
	}), ".")
}

// unknown finds keys that no branch of a schema has.
func unknown(s *openapi3.Schema, v any, at string, found map[string]bool) {
	switch v := v.(type) {
	case []any:
		if s.Items != nil {
			for _, x := range v {
				unknown(s.Items.Value, x, at, found)
			}
		}
	case map[string]any:
		known := properties(s)
		if len(known) == 0 { // a free object
			return
		}
		for k, inner := range v {
			here := strings.TrimPrefix(at+"."+k, ".")
			if known[k] == nil {
				found[here+": unknown"] = true
				continue
			}
			for _, p := range known[k] {
				unknown(p, inner, here, found)
			}
		}
	}
}

// properties are the fields of an object by any of its branches.
func properties(s *openapi3.Schema) map[string][]*openapi3.Schema {
	all := map[string][]*openapi3.Schema{}
	for k, p := range s.Properties {
		all[k] = append(all[k], p.Value)
	}
	for _, refs := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
		for _, r := range refs {
			for k, p := range properties(r.Value) {
				all[k] = append(all[k], p...)
			}
		}
	}
	return all
}

func sorted(found map[string]bool) []string {
	list := []string{}
	for k := range found {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
