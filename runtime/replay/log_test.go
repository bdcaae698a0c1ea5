package replay

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// read scans a log to the end and returns a word for each line.
func read(log string) (lines []string, bad []string, err error) {
	err = Scan("f.jsonl", strings.NewReader(log), func(l Line) error {
		s := fmt.Sprintf("%d %s", l.N, l.Body)
		if !l.Time.IsZero() {
			s += " at " + l.Time.Format(time.RFC3339)
		}
		if l.Own != "" {
			s += " by " + l.Own
		}
		if l.Outcome != nil {
			s += fmt.Sprintf("%+v", *l.Outcome)
		}
		if l.Activated != nil {
			s += fmt.Sprintf("%+v", *l.Activated)
		}
		lines = append(lines, s)
		return nil
	}, func(err error) error {
		bad = append(bad, err.Error())
		return nil
	})
	return lines, bad, err
}

func TestScan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, log   string
		lines, bads []string
	}{
		{"X's body", `{"data":{"a":1}}`, []string{`1 {"data":{"a":1}}`}, nil},
		{"CloudEvent", `{"specversion":"1.0","time":"2026-03-02T09:00:00+01:00","data":{"data":{}}}`,
			[]string{`1 {"data":{}} at 2026-03-02T08:00:00Z`}, nil},
		{"CloudEvent with bytes", `{"specversion":"1.0","data_base64":"bm8="}`, []string{"1 no"}, nil},
		{"marked as our own", `{"specversion":"1.0","beckonaction":"a-1","data":{"data":{}}}`, []string{`1 {"data":{}} by a-1`}, nil},
		{"an outcome", `{"specversion":"1.0","type":"beckon.outcome","data":{"action":"a-1","class":"refused"}}`,
			[]string{"1 {Action:a-1 Class:refused RemoteID: Detail:}"}, nil},
		{"outcomes of no class, of nothing", `{"specversion":"1.0","type":"beckon.outcome","data":{"action":"a-1","class":"banana"}}` + "\n" +
			`{"specversion":"1.0","type":"beckon.outcome","data":{"class":"gone"}}` + "\n" + `{"specversion":"1.0","type":"beckon.outcome","data":[]}`, nil,
			[]string{
				`f.jsonl:1: the recorded outcome has the class "banana"; it is one of ["" "transient" "rate_limited" "usage_capped" "refused" "auth" "gone" "unknown_outcome" "bug"], where the first is success`,
				"f.jsonl:2: the recorded outcome names no action: add action, the id of the send",
				"f.jsonl:3: read the recorded outcome: json: cannot unmarshal array into Go value of type replay.Outcome",
			}},
		{"a command that is none", `{"specversion":"1.0","source":"/beckon/command","type":"beckon.command","data":{"form":"beckon.command/v1"}}`, nil,
			[]string{"f.jsonl:1: no command of this version: id, bot, by and at are needed"}},
		{"rules activated", `{"specversion":"1.0","type":"beckon.rules.activated","data":{"bot":"b","set":"s","why":"start"}}`,
			[]string{"1 {Bot:b Candidate:false Was: Set:s Platform: Account: Why:start}"}, nil},
		{"rules activated, nobody's", `{"specversion":"1.0","type":"beckon.rules.activated","data":{"set":"s","why":"start"}}`,
			nil, []string{"f.jsonl:1: an activation of rules needs bot"}},
		{"a notice to readers", `{"specversion":"1.0","type":"beckon.notice","data":{"text":"for tests"}}` + "\n" + `{"data":{}}`, []string{`2 {"data":{}}`}, nil},
		{"empty lines, no end of line", "\n\n  \n{\"data\":{}}", []string{`4 {"data":{}}`}, nil},
		{"empty", "", nil, nil},
		{"byte order mark, line ends of Windows", "\ufeff{\"data\":{}}\r\n{\"data\":{}}\r\n", []string{`1 {"data":{}}`, `2 {"data":{}}`}, nil},
		{"UTF-16", "\xff\xfe{\x00}\x00", nil, []string{"f.jsonl:1: the file is UTF-16; save it as UTF-8"}},
		{"cut off", "{\"data\":{}}\n{\"data\":{\"a", []string{`1 {"data":{}}`}, []string{"f.jsonl:2: not JSON: unexpected end of JSON input; a log has one JSON object a line"}},
		{"nested without end", strings.Repeat(`{"data":`, 20_000) + "\n{\"data\":{}}", []string{`2 {"data":{}}`},
			[]string{"f.jsonl:1: not JSON: invalid character '{' exceeded max depth; a log has one JSON object a line"}},
		{"broken UTF-8", "{\"data\":{\"t\":\"\xff\"}}", []string{"1 {\"data\":{\"t\":\"\xff\"}}"}, nil}, // the webhook's reader decides
		{"bad lines between", "x\n{\"data\":{}}\n[]\n{\"data\":3}\n",
			[]string{`2 {"data":{}}`},
			[]string{
				"f.jsonl:1: not JSON: invalid character 'x' looking for beginning of value; a log has one JSON object a line",
				"f.jsonl:3: not JSON: json: cannot unmarshal array into Go value of type replay.envelope; a log has one JSON object a line",
				`f.jsonl:4: neither an X body ({"data":{...}}) nor a CloudEvent ({"specversion":"1.0",...})`,
			}},
		{"CloudEvent without data", `{"specversion":"1.0"}`, nil, []string{"f.jsonl:1: the CloudEvent has no data"}},
		{"too long", strings.Repeat(" ", maxLine+1) + "\n{\"data\":{}}", []string{`2 {"data":{}}`}, []string{"f.jsonl:1: the line is longer than 4 MiB"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lines, bads, err := read(tt.log)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.lines, lines); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.bads, bads); diff != "" {
				t.Errorf("bad lines (-want +got):\n%s", diff)
			}
		})
	}
}

// A bad line without anybody to tell ends the scan, with its place.
func TestScanStops(t *testing.T) {
	t.Parallel()
	err := Scan("f.jsonl", strings.NewReader("\nx\n"), func(Line) error { return nil }, nil)
	var at *LineError
	if !errors.As(err, &at) || at.File != "f.jsonl" || at.Line != 2 {
		t.Errorf("got %v, want a LineError at f.jsonl:2", err)
	}
	stop := errors.New("enough")
	if err := Scan("f", strings.NewReader(`{"data":{}}`), func(Line) error { return stop }, nil); !errors.Is(err, stop) {
		t.Errorf("got %v, want what the caller returned", err)
	}
}

func FuzzScan(f *testing.F) {
	f.Add(`{"data":{}}` + "\n" + `{"specversion":"1.0","data":{}}`)
	f.Add("x\r\n\x00")
	f.Fuzz(func(t *testing.T, log string) {
		lines, bads, err := read(log)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log, "\n") + 1; len(lines)+len(bads) > n {
			t.Errorf("%d lines out of %d", len(lines)+len(bads), n)
		}
	})
}
