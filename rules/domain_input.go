package rules

import (
	"reflect"
	"time"
)

// set puts a constant of the field's domain into an input.
func (f *field) set(in *Input, c constant) {
	v := f.value(reflect.ValueOf(in).Elem())
	switch f.domain {
	case boolean:
		v.SetBool(c.n != 0)
	case oneOf, text:
		v.SetString(c.s)
	case money:
		v.SetFloat(c.n)
	default: // count, duration
		v.SetInt(f.whole(c.n))
	}
}

// whole is a number of the domain as the input holds it. Float64 is too coarse
// for the largest durations: what rounds to the bound is the bound.
func (f *field) whole(n float64) int64 {
	if n >= f.max {
		return int64(f.max)
	}
	return int64(n)
}

// get is the field's value in an input, as a constant.
func (f *field) get(in *Input) constant {
	v := f.value(reflect.ValueOf(in).Elem())
	switch f.domain {
	case boolean:
		if v.Bool() {
			return constant{n: 1}
		}
		return constant{}
	case oneOf, text:
		return constant{s: v.String()}
	case money:
		return constant{n: v.Float()}
	}
	return constant{n: float64(v.Int())}
}

// native is the field's value in an input, of its type there.
func (f *field) native(in *Input) any {
	return f.value(reflect.ValueOf(in).Elem()).Interface()
}

// ordinary is the moment that a test case without settings describes, for one
// kind of action.
func ordinary(kind string) Input {
	return settings{"action.kind": kind}.input(time.Time{}, false)
}

// valuesOf reads an input as a term does. Features and invented variables are
// false.
func valuesOf(in Input) func(variable) constant {
	return func(v variable) constant {
		if v.field == nil || fieldByName[v.field.name] != v.field {
			return constant{}
		}
		return v.field.get(&in)
	}
}
