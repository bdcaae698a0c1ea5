package main

import (
	"flag"
	"fmt"

	"github.com/beckon-bot/beckon/rules"
)

// schemaRules prints the JSON Schema that editors complete and check by.
func schemaRules(sys system, args []string) error {
	fs := flag.NewFlagSet("rules schema", flag.ContinueOnError)
	_ = formatFlag(fs) // a schema is JSON; asking for that is no error
	kind := fs.String("for", "", "rules or tests `files`; both if not said")
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	switch k := rules.SchemaKind(*kind); k {
	case rules.SchemaAll, rules.SchemaRules, rules.SchemaTests:
		_, err := sys.stdout.Write(rules.Schema(k))
		return err
	}
	return usageError(fmt.Sprintf("--for is rules or tests, not %q", *kind))
}

// docRules prints the reference of what rules can read, in Markdown or for
// machines.
func docRules(sys system, args []string) error {
	fs := flag.NewFlagSet("rules doc", flag.ContinueOnError)
	format := formatFlag(fs)
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	if err := checkFormat(*format); err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	t := ruleTool{json: *format == "json", w: sys.stdout}
	return t.show(rules.Fields(), func() { fmt.Fprintf(t.w, "# What rules can read\n\n%s", rules.Reference()) })
}
