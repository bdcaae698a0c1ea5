package rules

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestInputTree holds the tree to its form: groups of plain values, with one
// name for expr and JSON, and a domain that parses. What it refuses would let
// expr fail at run time, or run a method.
func TestInputTree(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	tree := reflect.TypeFor[Input]()
	n := 0
	for i := range tree.NumField() {
		group := tree.Field(i)
		if group.Type.Kind() != reflect.Struct || group.Type.NumMethod() != 0 || reflect.PointerTo(group.Type).NumMethod() != 0 {
			t.Errorf("%s is not a plain struct without methods", group.Name)
		}
		if e := group.Tag.Get("expr"); e != group.Tag.Get("json") || !form.MatchString(e) {
			t.Errorf("%s: tags %s", group.Name, group.Tag)
		}
		if f, ok := reflect.TypeFor[env]().FieldByName(group.Name); !ok || f.Type != group.Type || f.Tag.Get("expr") != group.Tag.Get("expr") {
			t.Errorf("env has no %s like Input's", group.Name)
		}
		for j := range group.Type.NumField() {
			leaf := group.Type.Field(j)
			name := group.Name + "." + leaf.Name
			n++
			if e := leaf.Tag.Get("expr"); e != leaf.Tag.Get("json") || !form.MatchString(e) {
				t.Errorf("%s: tags %s", name, leaf.Tag)
			}
			min, max := leaf.Tag.Get("min"), leaf.Tag.Get("max")
			switch leaf.Type {
			case reflect.TypeFor[bool]():
				if min != "" || max != "" || leaf.Tag.Get("enum") != "" {
					t.Errorf("%s: a boolean has no domain tag", name)
				}
			case reflect.TypeFor[string]():
				if (leaf.Tag.Get("enum") == "") == (leaf.Tag.Get("format") == "") {
					t.Errorf("%s: a string has either enum or format", name)
				}
			case reflect.TypeFor[time.Duration]():
				if _, err := time.ParseDuration(max); err != nil || min != "0" {
					t.Errorf("%s: min %q, max %q", name, min, max)
				}
			case reflect.TypeFor[int64](), reflect.TypeFor[float64]():
				if !regexp.MustCompile(`^\d+$`).MatchString(min) || !regexp.MustCompile(`^\d+$`).MatchString(max) {
					t.Errorf("%s: min %q, max %q", name, min, max)
				}
			default:
				t.Errorf("%s has type %s, which expr may misread", name, leaf.Type)
			}
		}
	}
	if n != len(fields) || len(fieldByName) != n {
		t.Errorf("%d fields, %d read, %d names", n, len(fields), len(fieldByName))
	}
	if reflect.TypeFor[env]().NumMethod() != 0 {
		t.Error("env has methods: conditions could call them")
	}
	if f := fieldByName["event.age"]; f.max != float64(Never) {
		t.Errorf("event.age ends at %v, want Never", f.max)
	}
}

// TestR8Outside: one value outside its domain, whatever the field, is a deny
// that names it.
func TestR8Outside(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, permitAll)
	if got := s.Decide(Query{Input: mention()}); got.Effect != Allow {
		t.Fatalf("the input to spoil is not allowed: %+v", got)
	}
	for _, f := range fields {
		var bad []any
		switch f.domain {
		case oneOf:
			bad = []any{"", "other"}
		case count, duration:
			bad = []any{int64(-1), int64(f.max) + 1}
		case money:
			bad = []any{-0.01, f.max * 2, math.NaN(), math.Inf(1)}
		}
		for _, b := range bad {
			in := mention()
			v := f.value(reflect.ValueOf(&in).Elem())
			v.Set(reflect.ValueOf(b).Convert(v.Type()))
			if got := in.outside(); got != f.name {
				t.Errorf("%s = %v: outside() = %q", f.name, b, got)
			}
			if got := s.Decide(Query{Input: in}); got.Effect != Deny || got.Outcomes != nil {
				t.Errorf("%s = %v: %+v", f.name, b, got)
			}
		}
	}
}

// randomInput fills every field from its domain, zero about half of the time.
func randomInput(r *rand.Rand) Input {
	var in Input
	v := reflect.ValueOf(&in).Elem()
	for _, f := range fields {
		leaf := f.value(v)
		if f.domain != oneOf && r.IntN(2) == 0 {
			continue
		}
		switch f.domain {
		case boolean:
			leaf.SetBool(true)
		case oneOf:
			leaf.SetString(f.enum[r.IntN(len(f.enum))])
		case text:
			leaf.SetString([]string{"en", "pt-br", "und", "<&>\u2028"}[r.IntN(4)])
		case money:
			leaf.SetFloat(r.Float64() * f.max)
		default:
			leaf.SetInt(r.Int64N(int64(f.max) + 1))
		}
	}
	return in
}

func TestInputJSON(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		want := randomInput(r)
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Input
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("round trip (-want +got):\n%s\n%s", diff, data)
		}
	}
	got, _ := json.Marshal(mention())
	want := `{"action":{"kind":"reply","purpose":"answer"},"event":{"kind":"post","lang":"en","from_automated":"no","text_readable":true},` +
		`"interaction":{"mentioned":true,"summoned":true},"user":{"initiated":"mention","last_dm_age":"87600h0m0s"},` +
		`"bot":{"label_on":true,"bio_discloses":true,"operator_linked":true,"privacy_url_set":true,"tier":"self_serve","local_weekday":"mon","local_minute":600},` +
		`"draft":{"approval":"none"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, _ := json.Marshal(Input{}); string(got) != "{}" {
		t.Errorf("zero input: %s", got)
	}
}

func TestInputJSONRefuses(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		`{"action":{"kid":"reply"}}`, `{"actions":{}, "x":{"y":1}}`, `{"action":{"kind":1}}`, `{"action":{"kind":null}}`,
		`{"event":{"age":5}}`, `{"event":{"age":"5 minutes"}}`, `{"user":{"dms_sent":1.5}}`, `[]`, `{"user":true}`,
	} {
		in := mention()
		if err := json.Unmarshal([]byte(src), &in); err == nil {
			t.Errorf("%s reads as %+v", src, in)
		} else if in != mention() {
			t.Errorf("%s changed the input although it failed", src)
		}
	}
}

func TestDecisionJSON(t *testing.T) {
	t.Parallel()
	want := load(t, Options{}, permitAll).Decide(Query{Input: dm()})
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Decision
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
}

func TestInputHash(t *testing.T) {
	t.Parallel()
	if got := InputHash(); !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(got) || got != InputHash() {
		t.Errorf("InputHash() = %s", got)
	}
}
