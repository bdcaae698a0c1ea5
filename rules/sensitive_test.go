package rules

import (
	"slices"
	"strings"
	"testing"
)

// TestSensitive: what is about a person in one of the categories, and what
// only sounds like it.
func TestSensitive(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"health":                    "health",
		"asks_health":               "health",
		"clinic.cancer-support":     "health",
		"I am PREGNANT!":            "health",
		"mental-health":             "health",
		"ｄｉａｂｅｔｅｓ":                  "health",
		"schwanger":                 "health",
		"in_debt":                   "financial distress",
		"can't pay":                 "financial distress",
		"filed for bankruptcy":      "financial distress",
		"elections":                 "politics",
		"Left-Wing":                 "politics",
		"ethnic_origin":             "race or ethnicity",
		"by race":                   "race or ethnicity",
		"ramadan hours":             "religion or philosophy",
		"muslims":                   "religion or philosophy",
		"sexual orientation":        "sex life or orientation",
		"is.gay":                    "sex life or orientation",
		"union_member":              "trade union",
		"Gewerkschaft":              "trade union",
		"order-crime":               "crime",
		"criminal record":           "crime",
		"health check, and cancer":  "health",
		"race results by race":      "race or ethnicity",
		"salud":                     "health",
		"religião":                  "religion or philosophy",
		"health-check":              "",
		"service_health":            "",
		"credit card refund":        "",
		"credit union":              "",
		"card stolen":               "",
		"account_disabled":          "",
		"be patient":                "",
		"race day":                  "",
		"race-condition":            "",
		"true crime":                "",
		"technical debt":            "",
		"política de devoluciones":  "",
		"black friday":              "",
		"party size":                "",
		"sextant":                   "",
		"scraper":                   "",
		"trace":                     "",
		"essex":                     "",
		"order status":              "",
		"asks_refund":               "",
		"united arab emirates":      "",
		"":                          "",
		"!!":                        "",
		"support.refund-by-a-human": "",
	} {
		if got, match := Sensitive(text); got != want || (match == "") != (want == "") {
			t.Errorf("%q: got %q (%q), want %q", text, got, match, want)
		}
	}
}

// TestSensitiveTable: each word of the table is found, each exception is one,
// and every category of X is there.
func TestSensitiveTable(t *testing.T) {
	t.Parallel()
	var categories []string
	entries := 0
	for line := range strings.Lines(sensitiveText) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			categories = append(categories, strings.Trim(line, "[]"))
			continue
		}
		list, excuse := strings.CutPrefix(line, "but:")
		for text := range strings.SplitSeq(list, ",") {
			entries++
			got, match := Sensitive(text)
			switch {
			case excuse && match != "":
				t.Errorf("the exception %q is about %s", text, got)
			case excuse && !slices.ContainsFunc(words(text), func(w string) bool { _, m := Sensitive(w); return m != "" }):
				t.Errorf("the exception %q has nothing to except", text)
			case !excuse && match == "":
				t.Errorf("%q is not found", text)
			}
		}
	}
	want := []string{
		"health", "financial distress", "politics", "race or ethnicity", "religion or philosophy",
		"sex life or orientation", "trade union", "crime",
	}
	if !slices.Equal(categories, want) || entries < 200 {
		t.Errorf("%d entries in %q, want %q", entries, categories, want)
	}
}
