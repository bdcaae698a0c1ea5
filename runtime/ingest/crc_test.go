package ingest

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestChallenge(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("a", 256)
	tests := []struct {
		name, query string
		token       string // signed in the answer; "": 400
	}{
		{"letters and digits", "crc_token=aB9", "aB9"},
		{"base64", "crc_token=" + url.QueryEscape("aa+b/c=="), "aa+b/c=="},
		{"signs", "crc_token=a_b-c.d", "a_b-c.d"},
		{"among others", "nonce=1&crc_token=abc&x=y", "abc"},
		{"longest", "crc_token=" + longest, longest},

		{"none", "", ""},
		{"empty", "crc_token=", ""},
		{"two", "crc_token=a&crc_token=a", ""},
		{"another name", "CRC_TOKEN=a", ""},
		{"too long", "crc_token=" + longest + "a", ""},
		{"space", "crc_token=a+b", ""},
		{"broken query", "crc_token=%zz", ""},
		{"semicolon", "crc_token=a;b", ""},
		{"not ASCII", "crc_token=%C3%A9", ""},
		{"new line", "crc_token=a%0A", ""},
		{"null byte", "crc_token=a%00", ""},
		{"an object", "crc_token=" + url.QueryEscape(`{"data":{}}`), ""},
		{"a whole event", "crc_token=" + url.QueryEscape(mention), ""},
		{"a list", "crc_token=[]", ""},
		{"a string", "crc_token=%22a%22", ""},
		{"a number", "crc_token=17", ""},
		{"a long number", "crc_token=-1.5e" + url.QueryEscape("+") + "17", ""},
		{"true", "crc_token=true", ""},
		{"null", "crc_token=null", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, p := newWebhook(nil)
			rec := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/x/webhook", nil)
			r.URL.RawQuery = tt.query
			w.ServeHTTP(rec, r)
			var answer map[string]string
			_ = json.Unmarshal(rec.Body.Bytes(), &answer)
			m := w.opt.Metrics
			switch {
			case tt.token == "" && (rec.Code != 400 || answer != nil || m.BadCRC.Load() != 1):
				t.Errorf("status %d, %s; want 400 and no answer", rec.Code, rec.Body)
			case tt.token == "":
			case rec.Code != 200 || rec.Header().Get("Content-Type") != "application/json" || m.CRC.Load() != 1:
				t.Errorf("status %d, %v; want 200 and JSON", rec.Code, rec.Header())
			case len(answer) != 1 || answer["response_token"] != sign(secret, tt.token):
				t.Errorf("answer %v, want the sum of %q with the first secret", answer, tt.token)
			}
			if len(p.all()) != 0 {
				t.Error("a challenge was published")
			}
		})
	}
}

// FuzzW3 sends any text as a challenge, and then as a body with the answer as
// its signature: nothing that was signed is ever taken for a body, and nothing
// that begins like a body or is JSON is ever signed.
func FuzzW3(f *testing.F) {
	for _, s := range []string{"abc", "17", "true", `{"data":{}}`, mention, "", "[1]", "-", "1e5", "aa==", " 17", "a\n", strings.Repeat("1", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, p := newWebhook(nil)
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, httptest.NewRequest("GET", "/x/webhook?crc_token="+url.QueryEscape(s), nil))
		if rec.Code != 200 {
			return
		}
		if strings.HasPrefix(strings.TrimSpace(s), "{") || json.Valid([]byte(s)) {
			t.Fatalf("signed what could be a body: %q", s)
		}
		var answer struct {
			Token string `json:"response_token"`
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		h := headers(s)
		h[signatureHeader] = []string{answer.Token}
		if status, _ := record(w, post("/x/webhook", s, h)); status != 401 || len(p.all()) != 0 {
			t.Fatalf("%q with the answer as signature: status %d, %d published", s, status, len(p.all()))
		}
	})
}
