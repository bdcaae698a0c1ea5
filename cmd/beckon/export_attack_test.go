package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// identifiers is what a reader who does not know the exporter's code finds in a
// log that names somebody.
type identifiers struct {
	keep  map[string]bool // user ids of own accounts
	ours  []string        // texts and handles of theirs
	found map[string]string
}

var (
	longNumber = regexp.MustCompile(`\d{15,}`)
	anyMail    = regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)
	anyLink    = regexp.MustCompile(`(?i)https?://([^\s"<>/]+)(/[^\s"<>]{2,})?`)
	anyHandle  = regexp.MustCompile(`@([A-Za-z0-9_]{3,15})`)
	anyPhone   = regexp.MustCompile(`\+\d[\d ()/-]{7,}\d`)
)

func (f *identifiers) walk(v any, key string, own bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range []string{"author_id", "sender_id", "id", "id_str"} {
			if id, ok := v[k].(string); ok && f.keep[id] {
				own = true
			}
		}
		if u, ok := v["user"].(map[string]any); ok {
			if id, _ := u["id_str"].(string); f.keep[id] {
				own = true
			}
		}
		if m, ok := v["message_create"].(map[string]any); ok {
			if id, _ := m["sender_id"].(string); f.keep[id] {
				own = true
			}
		}
		if b, ok := v["data_base64"].(string); ok {
			raw, _ := base64.StdEncoding.DecodeString(b)
			var in any
			if json.Unmarshal(raw, &in) == nil {
				f.walk(in, "", own)
			}
			delete(v, "data_base64")
		}
		if name, ok := v["name"].(string); ok && (v["username"] != nil || v["screen_name"] != nil) && !own && len(name) > 3 {
			f.found[name] = "name"
		}
		for k, e := range v {
			if longNumber.MatchString(k) && !f.keep[k] && key != "apps" {
				f.found[k] = "id as a key"
			}
			f.walk(e, k, own)
		}
	case []any:
		for _, e := range v {
			f.walk(e, key, own)
		}
	case json.Number:
		f.word(v.String(), key, own)
	case string:
		f.word(v, key, own)
	}
}

func (f *identifiers) word(s, key string, own bool) {
	if key == "app_id" || key == "source_app_id" || strings.HasSuffix(key, "_timestamp") || key == "set" || key == "created_at" {
		return
	}
	if own {
		f.ours = append(f.ours, s)
	}
	for _, id := range longNumber.FindAllString(s, -1) {
		if !f.keep[id] {
			f.found[id] = "id in " + key
		}
	}
	if own {
		return
	}
	if key == "full_name" {
		f.found[s] = "place"
	}
	if key == "display_url" && strings.Trim(s, "./") != "" {
		f.found[strings.ToLower(s)] = "link"
	}
	if (strings.HasSuffix(key, "username") || strings.HasSuffix(key, "screen_name")) && len(s) > 1 { // one letter can be anybody's pseudonym
		for _, as := range []string{"@" + s, "/" + s, `"` + s + `"`} { // a handle can be a word, too
			f.found[strings.ToLower(as)] = "handle"
		}
	}
	for _, m := range anyMail.FindAllString(s, -1) {
		f.found[strings.ToLower(m)] = "mail"
	}
	for _, m := range anyPhone.FindAllString(s, -1) {
		f.found[m] = "phone"
	}
	for _, m := range anyLink.FindAllStringSubmatch(s, -1) {
		if m[2] != "" {
			f.found[strings.ToLower(m[1]+strings.TrimRight(m[2], ".,)"))] = "link"
		}
	}
	for _, m := range anyHandle.FindAllStringSubmatch(anyMail.ReplaceAllString(s, ""), -1) {
		f.found["@"+strings.ToLower(m[1])] = "handle in a text"
	}
}

// left lists what of a log survives in another.
func left(t *testing.T, was []byte, is string) (survived []string) {
	t.Helper()
	f := identifiers{keep: map[string]bool{}, found: map[string]string{}}
	var lines []any
	for line := range bytes.Lines(was) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		lines = append(lines, v)
		f.accounts(v)
	}
	for _, v := range lines {
		f.walk(v, "", false)
	}
	out := strings.ToLower(is)
	for line := range strings.Lines(is) {
		var e struct {
			Data []byte `json:"data_base64"`
		}
		if json.Unmarshal([]byte(line), &e) == nil {
			out += strings.ToLower(string(e.Data))
		}
	}
	ours := strings.ToLower(strings.Join(f.ours, "\n"))
	for _, id := range slices.Sorted(maps.Keys(f.found)) {
		if low := strings.ToLower(id); stands(out, low) && !stands(ours, low) && !stands(ours, strings.TrimPrefix(low, "@")) {
			survived = append(survived, f.found[id]+": "+id)
		}
	}
	return survived
}

// stands reports whether a text has a word that is not part of a longer one.
func stands(text, word string) bool {
	letter := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i] >= '0' && text[i] <= '9' || text[i] >= 'a' && text[i] <= 'z' || text[i] == '_')
	}
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		if i += at; !letter(i-1) && !letter(i+len(word)) {
			return true
		}
		at = i + 1
	}
}

func (f *identifiers) accounts(v any) {
	o, _ := v.(map[string]any)
	if b, ok := o["data_base64"].(string); ok {
		raw, _ := base64.StdEncoding.DecodeString(b)
		var in any
		if json.Unmarshal(raw, &in) == nil {
			f.accounts(in)
		}
	}
	if id, ok := o["for_user_id"].(string); ok {
		f.keep[id] = true
	}
	for _, k := range []string{"data", "filter"} {
		if in, ok := o[k].(map[string]any); ok {
			f.accounts(in)
		}
	}
	if id, ok := o["user_id"].(string); ok && len(o) <= 2 { // a filter
		f.keep[id] = true
	}
}

// attacked are logs of every shape that the repository has.
func attacked(t *testing.T) map[string][]byte {
	t.Helper()
	logs := map[string][]byte{"what a body of X can hide": []byte(hidden(t))}
	read := func(name string) []byte {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	dir := filepath.Join(t.TempDir(), "desk")
	if err := writeBot(dir); err != nil {
		t.Fatal(err)
	}
	logs["init"] = read(filepath.Join(dir, "events", "day.jsonl"))
	logs["demo"] = bytes.Join(playDemo(t).all, []byte("\n"))
	aaa, err := filepath.Glob("../../runtime/event/testdata/aaa/*.json")
	if err != nil || len(aaa) == 0 {
		t.Fatalf("no bodies of the older envelope: %v", err)
	}
	for _, name := range aaa {
		var one bytes.Buffer
		if err := json.Compact(&one, read(name)); err != nil {
			t.Fatal(err)
		}
		logs["older envelope"] = append(logs["older envelope"], append(one.Bytes(), '\n')...)
		logs["older envelope in base64"] = append(logs["older envelope in base64"],
			[]byte(`{"specversion":"1.0","id":"`+filepath.Base(name)+`","source":"/x/webhook","type":"unknown","data_base64":"`+base64.StdEncoding.EncodeToString(one.Bytes())+"\"}\n")...)
	}
	scripts, err := filepath.Glob("testdata/script/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range scripts {
		for _, f := range txtar.Parse(read(name)).Files {
			if strings.HasSuffix(f.Name, ".jsonl") && bytes.Contains(f.Data, []byte(`"data"`)) && readable(bytes.TrimSpace(bytes.SplitN(f.Data, []byte("\n"), 2)[0])) == nil {
				logs[name+" "+f.Name] = f.Data
			}
		}
	}
	if data := os.Getenv("BECKON_X_DATA"); data != "" {
		samples, _ := filepath.Glob(filepath.Join(data, "events", "*.json"))
		for _, name := range samples {
			var one bytes.Buffer
			if err := json.Compact(&one, read(name)); err != nil {
				t.Fatal(err)
			}
			logs["X's samples"] = append(logs["X's samples"], append(one.Bytes(), '\n')...)
		}
	}
	return logs
}

// T13: nothing that a reader finds in any log of the repository survives its
// export, which is decided as the log was (export refuses else).
func TestT13NothingSurvivesInAnyLog(t *testing.T) {
	t.Parallel()
	for name, log := range attacked(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "log.jsonl")
			if err := os.WriteFile(path, log, 0o600); err != nil {
				t.Fatal(err)
			}
			out, _ := exported(t, path, "--skip-bad")
			for _, s := range left(t, log, out) {
				t.Errorf("survives: %s", s)
			}
		})
	}
}

// hidden is a log whose identifiers stand where bodies have them seldom.
func hidden(t *testing.T) string {
	t.Helper()
	const me, who = "1700000000000000001", "1700000000000077777"
	old := `{"for_user_id":"` + me + `","tweet_create_events":[{"id":1990000000000000111,"id_str":"1990000000000000111","created_at":"Mon Nov 02 09:00:00 +0000 2026","text":"@acme hi","lang":"en",` +
		`"in_reply_to_status_id":1990000000000000222,"in_reply_to_status_id_str":"1990000000000000222","in_reply_to_user_id_str":"` + me + `","in_reply_to_screen_name":"carla_west",` +
		`"user":{"id":` + who + `,"id_str":"` + who + `","screen_name":"mara_holm1","name":"Mara Holm","url":"https://mara.example.net/me"},` +
		`"entities":{"user_mentions":[{"screen_name":"carla_west","name":"Carla West","id":1700000000000088888,"id_str":"1700000000000088888","indices":[0,5]}],` +
		`"urls":[{"url":"https://t.co/Abc1234567","expanded_url":"https://shop.example.net/o/991","display_url":"shop.example.net","unwound_url":"https://shop.example.net/full/991","title":"Order of Mara Holm"}]},` +
		`"place":{"id":"01a9a39529b27f36","full_name":"Grünerløkka, Oslo","country_code":"NO"},"coordinates":{"type":"Point","coordinates":[10.75,59.92]},"extended_tweet":{"full_text":"@acme hi, I am Mara Holm, mara@holm.example, +47 912 34 567"},` +
		`"quoted_status_permalink":{"url":"https://t.co/Xyz9876543","expanded":"https://x.com/carla_west/status/1990000000000000333","display":"x.com/carla_west/stat…"}}]}`
	lines := []string{
		old,
		`{"specversion":"1.0","id":"b","source":"/x/webhook","type":"unknown","time":"2026-11-02T09:01:00Z","subject":"` + who + `","data_base64":"` + base64.StdEncoding.EncodeToString([]byte(old)) + `"}`,
		`{"data":{"event_uuid":"1990000000000000444","event_type":"dm.received","filter":{"user_id":"` + me + `"},"payload":{"direct_message_events":[{"type":"message_create","id":"1990000000000000555","created_timestamp":"1793610000123",` +
			`"message_create":{"target":{"recipient_id":"` + me + `"},"sender_id":"` + who + `","message_data":{"text":"ask https://holm.example.net/a?m=mara@holm.example or carla_west@example.se","entities":{"user_mentions":[{"screen_name":"Carla_West","id_str":"1700000000000088888"}]},` +
			`"ctas":[{"label":"see","url":"https://holm.example.net/cta/77"}],"attachment":{"type":"media","media":{"id_str":"1990000000000000666","media_url":"https://ton.twitter.com/1.1/ton/data/dm/1990000000000000555/1990000000000000666/abc.jpg"}}}}}],` +
			`"users":{"` + who + `":{"id":"` + who + `","username":"mara_holm1","name":"Mara Holm"}}}}}`,
	}
	return strings.Join(lines, "\n") + "\n"
}
