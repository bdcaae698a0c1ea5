// Package xsimtest holds requests and answers to X's own contract, the
// openapi.json in BECKON_X_DATA. It is for tests only, and refuses to pass
// where the contract cannot be read: it skips, and says so.
package xsimtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// Contract is X's OpenAPI document. It is safe for concurrent use.
type Contract struct{ doc *openapi3.T }

// Load reads the contract. Where BECKON_X_DATA is unset it skips the test.
func Load(t testing.TB) *Contract {
	t.Helper()
	dir := os.Getenv("BECKON_X_DATA")
	if dir == "" {
		t.Skip("not held to X's contract: BECKON_X_DATA is unset")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	return &Contract{doc}
}

// Request judges a request of ours: path, parameters in the path, and body. It
// leaves the body to be read again, and fits xsim.Options.Validate.
func (c *Contract) Request(r *http.Request) error {
	op, params, err := c.operation(r.Method, r.URL.Path)
	if err != nil {
		return err
	}
	for _, p := range op.Parameters {
		if v, ok := params[p.Value.Name]; ok && p.Value.In == "path" {
			if err := p.Value.Schema.Value.VisitJSON(v); err != nil {
				return fmt.Errorf("%s: %w", p.Value.Name, err)
			}
		}
	}
	var body []byte
	if r.Body != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if op.RequestBody == nil {
		if len(body) > 0 {
			return errors.New("a body where X expects none")
		}
		return nil
	}
	return visit(op.RequestBody.Value.Content, r.Header.Get("Content-Type"), body)
}

// Answer judges an answer of X, or of the simulated one. Errors may be of any
// of X's shapes for the status.
func (c *Contract) Answer(method, path string, status int, contentType string, body []byte) error {
	op, _, err := c.operation(method, path)
	if err != nil {
		return err
	}
	resp := op.Responses.Value(strconv.Itoa(status))
	if resp == nil {
		if status < 400 {
			return fmt.Errorf("X documents no %d here", status)
		}
		resp = op.Responses.Default()
	}
	if resp == nil {
		return fmt.Errorf("X documents no %d here", status)
	}
	return visit(resp.Value.Content, contentType, body)
}

// operation finds the operation for a path; what is written out beats a
// parameter.
func (c *Contract) operation(method, path string) (*openapi3.Operation, map[string]string, error) {
	got := strings.Split(path, "/")
	var best *openapi3.PathItem
	var bestParams map[string]string
	for template, item := range c.doc.Paths.Map() {
		want := strings.Split(template, "/")
		if len(want) != len(got) {
			continue
		}
		params, fits := map[string]string{}, true
		for i, w := range want {
			if strings.HasPrefix(w, "{") {
				params[strings.Trim(w, "{}")] = got[i]
			} else if w != got[i] {
				fits = false
				break
			}
		}
		if fits && (best == nil || len(params) < len(bestParams)) {
			best, bestParams = item, params
		}
	}
	if best == nil || best.GetOperation(method) == nil {
		return nil, nil, fmt.Errorf("X has no %s %s", method, path)
	}
	return best.GetOperation(method), bestParams, nil
}

func visit(content openapi3.Content, contentType string, body []byte) error {
	media := content.Get(contentType)
	if media == nil {
		return fmt.Errorf("X documents no content type %q here", contentType)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("body is not JSON: %w", err)
	}
	return media.Schema.Value.VisitJSON(v)
}
