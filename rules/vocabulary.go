package rules

import (
	"fmt"
	"time"
)

// Vocabulary is what the conditions of another kind of file can name: the
// dialect is that of rules, its fields are others.
type Vocabulary struct {
	fields []*field
	byName map[string]*field
}

// Field is one name of a vocabulary, written group.name. By its name
// alone it is true or false; with Words it is one of them; with Lang a language
// code; with Whole a whole number from Min to Max; with Age a duration from Min
// to Max.
type Field struct {
	Name     string
	Words    []string
	Lang     bool
	Whole    bool
	Age      bool
	Min, Max int64 // of whole numbers, or time.Duration
}

// NewVocabulary panics where a name stands twice: its caller makes them.
func NewVocabulary(fs []Field) *Vocabulary {
	v := &Vocabulary{byName: map[string]*field{}}
	for _, x := range fs {
		f := &field{name: x.Name, min: float64(x.Min), max: float64(x.Max)}
		switch {
		case len(x.Words) > 0:
			f.domain, f.enum = oneOf, x.Words
		case x.Lang:
			f.domain = text
		case x.Whole:
			f.domain = count
		case x.Age:
			f.domain = duration
		}
		if v.byName[x.Name] != nil {
			panic(fmt.Sprintf("the field %s is in the vocabulary twice", x.Name))
		}
		v.fields, v.byName[x.Name] = append(v.fields, f), f
	}
	return v
}

// fieldNamed finds what a condition names.
func (s scope) fieldNamed(name string) *field {
	if s.vocabulary != nil {
		return s.vocabulary.byName[name]
	}
	return fieldByName[name]
}

// fieldNames are all that a condition can name.
func (s scope) fieldNames() []string {
	all := fields
	if s.vocabulary != nil {
		all = s.vocabulary.fields
	}
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.name
	}
	return names
}

// Condition is a named expression over a vocabulary. It has the form and the
// meaning of a condition of rules, and cannot fail.
type Condition struct {
	Name string
	Expr string // in canonical form

	term *term
}

// FieldValue is what a field has now. Its zero value is false, no word, and 0.
type FieldValue struct {
	Yes  bool
	Word string
	N    int64 // whole numbers, and durations in nanoseconds
}

// Holds evaluates the condition. value is asked for fields of the vocabulary.
func (c Condition) Holds(value func(field string) FieldValue) bool {
	return c.term.eval(func(v variable) constant {
		x := value(v.field.name)
		switch v.field.domain {
		case boolean:
			if x.Yes {
				return constant{n: 1}
			}
			return constant{}
		case oneOf, text:
			return constant{s: x.Word}
		}
		return constant{n: min(max(float64(x.N), v.field.min), v.field.max)}
	})
}

// AgeOf is the value of an age.
func AgeOf(d time.Duration) FieldValue { return FieldValue{N: int64(d)} }
