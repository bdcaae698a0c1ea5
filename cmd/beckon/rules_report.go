package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/beckon-bot/beckon/rules"
)

// writeCoverage lists what no case shows of a condition.
func writeCoverage(w io.Writer, cover []rules.ConditionCoverage) {
	whole := 0
	for _, c := range cover {
		missing := c.Missing()
		if len(missing) == 0 {
			whole++
			continue
		}
		what := c.Rule
		if c.Name != "" {
			what += fmt.Sprintf(", %s %s: %s", c.Under, c.Name, c.Expr)
		}
		fmt.Fprintf(w, "%s\n      %s\n", strings.Join(missing, ", "), safe(what))
	}
	fmt.Fprintf(w, "coverage: %d of %s true, false and deciding in some test\n", whole, plural(len(cover), "condition"))
}

// junitSuites is the form in which build servers read test results.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string     `xml:"name,attr"`
	Class   string     `xml:"classname,attr"`
	File    string     `xml:"file,attr"`
	Line    int        `xml:"line,attr,omitempty"`
	Failure *junitText `xml:"failure"`
	Error   *junitText `xml:"error"`
	Skipped *junitText `xml:"skipped"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// suites is a report as JUnit has it: a suite a file, a todo as skipped.
func suites(report rules.Report) junitSuites {
	var out junitSuites
	for _, r := range report.Results {
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != r.File {
			out.Suites = append(out.Suites, junitSuite{Name: r.File})
		}
		c := junitCase{Name: r.Name, Class: r.File, File: r.File, Line: r.Line}
		var text strings.Builder
		switch r.Status {
		case rules.Failed:
			writeTestResult(&text, r)
			c.Failure = &junitText{"differs in " + strings.Join(r.Differs, ", "), text.String()}
		case rules.Todo:
			c.Skipped = &junitText{Message: r.Todo}
		}
		out.add(c)
	}
	return out
}

// brokenSuite is files that do not load: an error each.
func brokenSuite(dir string, ds rules.Diagnostics) junitSuites {
	out := junitSuites{Suites: []junitSuite{{Name: dir}}}
	for _, d := range ds {
		out.add(junitCase{Name: "loads", Class: d.File, File: d.File, Line: d.Line, Error: &junitText{d.Code + ": " + d.Message, d.Error()}})
	}
	return out
}

// add puts a case into the last suite and counts it.
func (s *junitSuites) add(c junitCase) {
	in := &s.Suites[len(s.Suites)-1]
	in.Cases = append(in.Cases, c)
	s.Tests, in.Tests = s.Tests+1, in.Tests+1
	switch {
	case c.Failure != nil:
		s.Failures, in.Failures = s.Failures+1, in.Failures+1
	case c.Error != nil:
		s.Errors, in.Errors = s.Errors+1, in.Errors+1
	case c.Skipped != nil:
		s.Skipped, in.Skipped = s.Skipped+1, in.Skipped+1
	}
}

func writeJUnit(w io.Writer, s junitSuites) error {
	data, err := xml.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, data)
	return err
}

// writeAnnotations writes diagnostics as GitHub shows them beside the lines of
// a change.
func writeAnnotations(w io.Writer, ds rules.Diagnostics) error {
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, d := range ds {
		at := "file=" + property.Replace(filepath.ToSlash(d.File))
		if d.Line > 0 {
			at += fmt.Sprintf(",line=%d,col=%d", d.Line, d.Col)
		}
		if _, err := fmt.Fprintf(w, "::error %s,title=%s::%s\n", at, property.Replace(d.Code), message.Replace(withHint(d))); err != nil {
			return err
		}
	}
	return nil
}

func withHint(d rules.Diagnostic) string {
	if d.Hint == "" {
		return d.Message
	}
	return d.Message + "\nhint: " + d.Hint
}

// writeSARIF writes diagnostics as SARIF 2.1.0, which code scanning reads.
func writeSARIF(w io.Writer, ds rules.Diagnostics) error {
	type object = map[string]any
	results, codes, known := []object{}, []object{}, map[string]bool{}
	for _, d := range ds {
		if !known[d.Code] {
			known[d.Code] = true
			codes = append(codes, object{"id": d.Code})
		}
		place := object{"artifactLocation": object{"uri": fileURI(d.File)}}
		if d.Line > 0 {
			place["region"] = object{"startLine": d.Line, "startColumn": d.Col}
		}
		results = append(results, object{
			"ruleId": d.Code, "level": "error", "message": object{"text": withHint(d)},
			"locations": []object{{"physicalLocation": place}},
		})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json",
		"version": "2.1.0",
		"runs": []object{{
			"tool":       object{"driver": object{"name": "beckon rules check", "rules": codes}},
			"columnKind": "unicodeCodePoints",
			"results":    results,
		}},
	})
}

// fileURI is a path as a URI, relative where the path is.
func fileURI(path string) string {
	u := url.URL{Path: filepath.ToSlash(path)}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
	}
	return u.String()
}
