package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// domain is the kind of values that a field takes.
type domain int

const (
	boolean  domain = iota
	oneOf           // a string of a closed set
	text            // a string of an open set
	count           // int64
	duration        // time.Duration
	money           // float64
)

func (d domain) String() string {
	return [...]string{"true or false", "word of a fixed set", "language code", "whole number", "duration", "number of US dollars"}[d]
}

// field is one leaf of the input tree. Numbers of all kinds keep their bounds
// as float64, which is exact for every bound in use.
type field struct {
	name     string // group.leaf, as rules write it
	group    int    // index of the group in Input
	leaf     int    // index of the leaf in its group
	domain   domain
	enum     []string
	min, max float64
	unfilled bool // the host does not compute it yet
}

// The tree never changes at run time: these are constants that Go cannot spell.
var (
	fields      = readFields()
	fieldByName = indexFields(fields)
	boundFields = withBounds(fields)
	inputHash   = hashFields(fields)
)

// readFields walks the type of Input. Tags that do not parse leave the zero
// bound; TestInputTree holds the tags to their form.
func readFields() []*field {
	var out []*field
	tree := reflect.TypeFor[Input]()
	for g := range tree.NumField() {
		group := tree.Field(g)
		for l := range group.Type.NumField() {
			leaf := group.Type.Field(l)
			f := &field{
				name:     group.Tag.Get("expr") + "." + leaf.Tag.Get("expr"),
				group:    g,
				leaf:     l,
				unfilled: leaf.Tag.Get("filled") == "no",
			}
			switch leaf.Type {
			case reflect.TypeFor[string]():
				f.domain = text
				if e := leaf.Tag.Get("enum"); e != "" {
					f.domain, f.enum = oneOf, strings.Split(e, ",")
				}
			case reflect.TypeFor[int64]():
				f.domain = count
			case reflect.TypeFor[time.Duration]():
				f.domain = duration
			case reflect.TypeFor[float64]():
				f.domain = money
			}
			f.min, f.max = bound(f.domain, leaf.Tag.Get("min")), bound(f.domain, leaf.Tag.Get("max"))
			out = append(out, f)
		}
	}
	return out
}

func bound(d domain, s string) float64 {
	if d == duration {
		v, _ := time.ParseDuration(s)
		return float64(v)
	}
	v, _ := strconv.ParseFloat(s, 64)
	return v
}

func indexFields(fs []*field) map[string]*field {
	m := make(map[string]*field, len(fs))
	for _, f := range fs {
		m[f.name] = f
	}
	return m
}

// withBounds picks the fields that have values outside their domain.
func withBounds(fs []*field) []*field {
	var out []*field
	for _, f := range fs {
		if f.domain == oneOf || f.domain >= count {
			out = append(out, f)
		}
	}
	return out
}

// value returns the field's reflect value in in.
func (f *field) value(in reflect.Value) reflect.Value {
	return in.Field(f.group).Field(f.leaf)
}

// holds reports whether a number lies in the field's range. Long durations
// are not exact as float64, and NaN lies nowhere.
func (f *field) holds(v reflect.Value) bool {
	if v.CanInt() {
		return v.Int() >= int64(f.min) && v.Int() <= int64(f.max)
	}
	return v.Float() >= f.min && v.Float() <= f.max
}

// format writes a number of the field's kind as rules write it.
func (f *field) format(n float64) string {
	if f.domain == duration {
		return formatDuration(time.Duration(n))
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// formatDuration writes d with the largest unit function that fits it.
func formatDuration(d time.Duration) string {
	for _, u := range []unit{days, hours, minutes} {
		if d != 0 && d%u.of == 0 {
			return fmt.Sprintf("%s(%d)", u.name, d/u.of)
		}
	}
	if d == 0 {
		return "minutes(0)"
	}
	return d.String()
}

// outside names the first field whose value lies outside its domain, "" if all
// are inside.
func (in *Input) outside() string {
	tree := reflect.ValueOf(in).Elem()
	group, at := reflect.Value{}, -1
	for _, f := range boundFields {
		if f.group != at {
			group, at = tree.Field(f.group), f.group
		}
		leaf := group.Field(f.leaf)
		if f.domain == oneOf && !has(f.enum, leaf.String()) || f.domain >= count && !f.holds(leaf) {
			return f.name
		}
	}
	return ""
}

func has(set []string, s string) bool {
	for _, e := range set {
		if e == s {
			return true
		}
	}
	return false
}

// InputHash identifies the input tree: names, types and domains of all fields,
// "sha256:" and hex. Inputs recorded under another hash may mean something
// else.
func InputHash() string { return inputHash }

func hashFields(fs []*field) string {
	h := sha256.New()
	for _, f := range fs {
		fmt.Fprintf(h, "%s|%s|%s|%v|%v|%v\n", f.name, f.domain, strings.Join(f.enum, ","), f.min, f.max, f.unfilled)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
