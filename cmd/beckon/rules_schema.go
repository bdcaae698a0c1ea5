package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/beckon-bot/beckon/rules"
)

// schemaRules prints the JSON Schema that editors complete and check by.
func schemaRules(sys system, args []string) error {
	fs := flag.NewFlagSet("rules schema", flag.ContinueOnError)
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

// docRules prints the reference of what rules can read, in Markdown.
func docRules(sys system, args []string) error {
	rest, err := parse(flag.NewFlagSet("rules doc", flag.ContinueOnError), args[1:])
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	_, err = io.WriteString(sys.stdout, "# What rules can read\n\n"+rules.Reference())
	return err
}
