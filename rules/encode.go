package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// MarshalJSON writes the groups and fields in the order of the tree, leaves
// out fields at their zero value and groups without fields, and writes
// durations as Go duration strings. The same input gives the same bytes.
func (in Input) MarshalJSON() ([]byte, error) {
	v := reflect.ValueOf(in)
	buf := append(make([]byte, 0, 512), '{')
	group := -1
	for _, f := range fields {
		leaf := f.value(v)
		if leaf.IsZero() {
			continue
		}
		name, key, _ := strings.Cut(f.name, ".")
		if f.group == group {
			buf = append(buf, ',')
		} else {
			if group >= 0 {
				buf = append(buf, '}', ',')
			}
			group = f.group
			buf = append(strconv.AppendQuote(buf, name), ':', '{')
		}
		buf = append(strconv.AppendQuote(buf, key), ':')
		switch f.domain {
		case boolean:
			buf = append(buf, "true"...)
		case count:
			buf = strconv.AppendInt(buf, leaf.Int(), 10)
		case duration:
			buf = strconv.AppendQuote(buf, time.Duration(leaf.Int()).String())
		case oneOf, text:
			buf = appendString(buf, leaf.String())
		default:
			b, err := json.Marshal(leaf.Float())
			if err != nil {
				return nil, fmt.Errorf("input %s: %w", f.name, err)
			}
			buf = append(buf, b...)
		}
	}
	if group >= 0 {
		buf = append(buf, '}')
	}
	return append(buf, '}'), nil
}

// appendString writes s as JSON, quickly where nothing needs an escape.
func appendString(buf []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			b, _ := json.Marshal(s) // no string fails to encode
			return append(buf, b...)
		}
	}
	buf = append(buf, '"')
	buf = append(buf, s...)
	return append(buf, '"')
}

// UnmarshalJSON reads what MarshalJSON writes. An unknown group or field is an
// error: an input recorded by another tree must not be decided by this one.
func (in *Input) UnmarshalJSON(data []byte) error {
	var groups map[string]map[string]json.RawMessage
	if err := json.Unmarshal(data, &groups); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	var out Input
	v := reflect.ValueOf(&out).Elem()
	for group, leaves := range groups {
		for leaf, raw := range leaves {
			name := group + "." + leaf
			f := fieldByName[name]
			if f == nil {
				return fmt.Errorf("input: unknown field %s", name)
			}
			if err := f.decode(f.value(v), raw); err != nil {
				return fmt.Errorf("input %s: %w", name, err)
			}
		}
	}
	*in = out
	return nil
}

func (f *field) decode(v reflect.Value, raw json.RawMessage) error {
	if bytes.Equal(raw, []byte("null")) {
		return fmt.Errorf("null is not a value")
	}
	if f.domain != duration {
		return json.Unmarshal(raw, v.Addr().Interface())
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return err
	}
	v.SetInt(int64(d))
	return nil
}
