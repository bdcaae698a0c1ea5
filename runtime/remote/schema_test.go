package remote_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, document(t, name)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func document(t *testing.T, name string) any {
	t.Helper()
	data, err := os.ReadFile(examples + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// generic is v as JSON has it.
func generic(t *testing.T, v any) (out map[string]any) {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// keys holds the schema to naming every key of a full value, and no other.
func keys(t *testing.T, name string, full map[string]any) {
	t.Helper()
	same(t, name, document(t, name).(map[string]any), full)
}

func same(t *testing.T, at string, s, full map[string]any) {
	t.Helper()
	properties := s["properties"].(map[string]any)
	if d := cmp.Diff(slices.Sorted(maps.Keys(full)), slices.Sorted(maps.Keys(properties))); d != "" {
		t.Errorf("%s (-Go +schema):\n%s", at, d)
	}
	for key, v := range full {
		if inner, ok := v.(map[string]any); ok {
			same(t, at+"/"+key, properties[key].(map[string]any), inner)
		}
	}
}
