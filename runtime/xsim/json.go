package xsim

import (
	"bytes"
	"encoding/json"
	"strings"
)

// object is a JSON object in a fixed order of keys.
type object []field

type field struct {
	key   string
	value any
}

// MarshalJSON keeps the order of the fields.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{f.key, f.value} {
			if j == 1 {
				b.WriteByte(':')
			}
			enc, err := marshal(v)
			if err != nil {
				return nil, err
			}
			b.Write(enc)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal writes <, > and & as they are, as X does.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// get returns a text of an object, "" where there is none.
func (o object) get(key string) string {
	for _, f := range o {
		if s, ok := f.value.(string); ok && f.key == key {
			return s
		}
	}
	return ""
}

// value returns a value of an object, nil where there is none.
func (o object) value(key string) any {
	for _, f := range o {
		if f.key == key {
			return f.value
		}
	}
	return nil
}

// set puts another value in the place of one.
func (o object) set(key string, value any) {
	for i := range o {
		if o[i].key == key {
			o[i].value = value
		}
	}
}

// objects returns a list of objects in an object.
func objects(o object, key string) []object {
	list, _ := o.value(key).([]object)
	return list
}

// plain leaves out the texts beside numbers, which only events have.
func plain(o object) object {
	var out object
	for _, f := range o {
		if strings.HasSuffix(f.key, "_str") {
			continue
		}
		switch v := f.value.(type) {
		case object:
			f.value = plain(v)
		case []object:
			list := make([]object, len(v))
			for i := range v {
				list[i] = plain(v[i])
			}
			f.value = list
		}
		out = append(out, f)
	}
	if out == nil {
		return object{}
	}
	return out
}
