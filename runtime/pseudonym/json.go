package pseudonym

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// node is a JSON value whose fields keep their order and their doubles: a body
// that gives a field twice is refused by the host, and must be here too.
type node struct {
	kind   byte // '{', '[', '"', '0' a number, 'x' true, false or null
	str    string
	fields []field
	items  []*node
}

type field struct {
	key string
	val *node
}

func parse(in []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(in))
	d.UseNumber()
	n, err := value(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the value")
	}
	return n, nil
}

func value(d *json.Decoder) (*node, error) {
	t, err := d.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch t := t.(type) {
	case string:
		return &node{kind: '"', str: t}, nil
	case json.Number:
		return &node{kind: '0', str: t.String()}, nil
	case bool:
		if t {
			return &node{kind: 'x', str: "true"}, nil
		}
		return &node{kind: 'x', str: "false"}, nil
	case nil:
		return &node{kind: 'x', str: "null"}, nil
	case json.Delim:
		n := &node{kind: byte(t)}
		for d.More() {
			var f field
			if n.kind == '{' {
				k, err := d.Token()
				if err != nil {
					return nil, err
				}
				f.key, _ = k.(string)
			}
			if f.val, err = value(d); err != nil {
				return nil, err
			}
			if n.kind == '{' {
				n.fields = append(n.fields, f)
			} else {
				n.items = append(n.items, f.val)
			}
		}
		_, err := d.Token()
		return n, err
	}
	return nil, errors.New("no value")
}

// get is the first field of that name; nil: there is none, or n is no object.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, f := range n.fields {
		if f.key == key {
			return f.val
		}
	}
	return nil
}

// text is a string or number as it stands; "" for anything else.
func (n *node) text() string {
	if n == nil || n.kind != '"' && n.kind != '0' {
		return ""
	}
	return n.str
}

func (n *node) write(w *bytes.Buffer) {
	switch n.kind {
	case '"':
		quote(w, n.str)
	case '{':
		w.WriteByte('{')
		for i, f := range n.fields {
			if i > 0 {
				w.WriteByte(',')
			}
			quote(w, f.key)
			w.WriteByte(':')
			f.val.write(w)
		}
		w.WriteByte('}')
	case '[':
		w.WriteByte('[')
		for i, v := range n.items {
			if i > 0 {
				w.WriteByte(',')
			}
			v.write(w)
		}
		w.WriteByte(']')
	default:
		w.WriteString(n.str)
	}
}

func quote(w *bytes.Buffer, s string) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)         // of a string into memory
	w.Truncate(w.Len() - 1) // its newline
}
