package rules

import (
	"encoding/json"
	"fmt"
	"strings"
)

// SchemaKind says for which files a JSON Schema is.
type SchemaKind string

const (
	SchemaAll   SchemaKind = ""      // rule files and test files, told apart by their key schema
	SchemaRules SchemaKind = "rules" // rule files of an account
	SchemaTests SchemaKind = "tests" // test files
)

// SchemaFile is the schema's name in a directory of rules, and SchemaHeader
// the line that makes an editor use it.
const (
	SchemaFile   = "rules.schema.json"
	SchemaHeader = "# yaml-language-server: $schema=" + SchemaFile
)

// Schema is the JSON Schema (draft 7) by which an editor completes and checks
// files: keys, words, bounds, and the input fields with type, domain and unit.
// Whatever loads is valid. Not all that is valid loads: a schema does not read
// conditions, nor one file's names in another.
func Schema(kind SchemaKind) []byte {
	s := object{"$schema": "http://json-schema.org/draft-07/schema#"}
	rules, tests := packSchema(layerAccount), testsSchema()
	switch kind {
	case SchemaRules:
		merge(s, rules)
	case SchemaTests:
		merge(s, tests)
	default:
		s["title"] = "Beckon: rules and their tests"
		s["type"] = "object"
		s["required"] = []string{"schema"}
		s["if"] = object{"required": []string{"schema"}, "properties": object{"schema": object{"const": schemaTestV1}}}
		s["then"], s["else"] = tests, rules
	}
	out, _ := json.MarshalIndent(s, "", "  ") // maps of plain values encode
	return append(out, '\n')
}

// longestName is how many characters an identifier has.
const longestName = 64

// object is a part of a schema.
type object = map[string]any

func merge(into, from object) {
	for k, v := range from {
		into[k] = v
	}
}

// record is an object with known keys.
func record(about string, required []string, properties object) object {
	return object{"type": "object", "description": about, "additionalProperties": false, "required": required, "properties": properties}
}

// keyed is an object whose keys have a form.
func keyed(about, form string, value object) object {
	return object{"type": "object", "description": about, "minProperties": 1, "additionalProperties": value,
		"propertyNames": object{"pattern": form, "maxLength": longestName}}
}

func listOf(about string, items object) object {
	return object{"type": "array", "description": about, "minItems": 1, "uniqueItems": true, "items": items}
}

func oneWord(about string, words ...string) object {
	return object{"description": about, "enum": words}
}

// textLine is a text of one line.
func textLine(about string) object {
	return object{"type": "string", "description": about, "pattern": `\S`, "maxLength": longestLine}
}

func identifier(about string) object {
	return object{"type": "string", "description": about, "pattern": idForm.String(), "maxLength": longestName}
}

// packSchema is a rule file of a layer.
func packSchema(layer string) object {
	s := record("A pack of rules: what may leave. What no rule permits is not sent.",
		[]string{"schema", "pack", "layer", "version", "rules"}, object{
			"schema":  oneWord("The format of this file.", schemaV1),
			"pack":    identifier("The name of this pack, unique among the files of a directory."),
			"layer":   oneWord("Your own rules are the account layer; the platform layer is part of Beckon.", layer),
			"version": textLine("The version of this pack, a string: 1.4.0, or \"1.4\" in quotes."),
			"lists": keyed("Named lists of words or of whole numbers, for conditions: event.lang in lists.office_languages.", featureForm.String(),
				object{"type": "array", "minItems": 1, "maxItems": maxList, "uniqueItems": true, "anyOf": []object{
					{"items": object{"type": "string"}}, {"items": object{"type": "integer"}}}}),
			"features": keyed("Named facts about the text of the event: true where one of the phrases stands in it as whole words.", featureForm.String(),
				record("A fact about the event's text.", []string{"field", "any_of"}, object{
					"field":  oneWord("The text that is looked at.", eventText),
					"any_of": listOf("Phrases; case, punctuation and width do not matter.", object{"type": "string", "pattern": `\S`}),
				})),
			"rules": object{"type": "array", "description": "The rules, in any order: it means nothing.", "minItems": 1, "items": ruleSchema(layer)},
		})
	s["title"] = "Beckon: rules"
	return s
}

func ruleSchema(layer string) object {
	kinds := fieldByName["action.kind"].enum
	id := identifier("Lower-case letters, digits and . - _; unique over all files.")
	properties := object{
		"id":          id,
		"effect":      oneWord("permit: may leave. forbid: never leaves. hold: waits for a person. require: the draft is changed first.", permit, forbid, hold, require),
		"actions":     listOf("The kinds of action that the rule is about.", oneWord("A kind of action.", kinds...)),
		"because":     textLine("Required: why, in one line, for operators and auditors. It is shown with every decision."),
		"when":        conditionsSchema("Named conditions: all must hold."),
		"unless":      conditionsSchema("Named conditions: none may hold."),
		"obligations": listOf("What is done to the draft; only of a require rule.", oneWord("Something done to the draft.", obligations()...)),
		"tags":        listOf("For people.", object{"type": "string", "pattern": `\S`}),
		"owner":       textLine("For people: who answers for the rule."),
		"cite":        textLine("For people: a source."),
	}
	required := []string{"id", "effect", "actions", "because"}
	if layer == layerPlatform {
		required = append(required, "cite")
	} else {
		id["not"] = object{"pattern": `^x\.`}
		properties["mode"] = oneWord("enforce: decides (the default). shadow: is evaluated and reported, decides nothing. off: is not there.", enforce, shadow, off)
	}
	s := record("A rule.", required, properties)
	s["if"] = object{"properties": object{"effect": object{"const": require}}}
	s["then"] = object{"required": []string{"obligations"}}
	s["else"] = object{"properties": object{"obligations": false}}
	return s
}

// conditionsSchema is a map of conditions. The description lists what they can
// read, since an editor does not complete inside a string.
func conditionsSchema(about string) object {
	return keyed(about, idForm.String(), object{
		"type":      "string",
		"minLength": 1,
		"maxLength": maxCondition + 1, // and the end of a literal block
		"pattern":   `^[A-Za-z0-9 \n._,"'<>=!&|()\[\]-]+$`,
		"description": "A field that is true or false, or a field compared with constants, joined by and, or, not.\n" +
			"On one line without quotes, or as a literal block (|), with no comment on its line.\n\n" + fieldList(),
	})
}

// fieldList is every field that a condition can read, a line each.
func fieldList() string {
	var b strings.Builder
	docs := meanings()
	for _, f := range fields {
		if !f.unfilled {
			fmt.Fprintf(&b, "%s: %s\n", f.name, f.about(docs))
		}
	}
	b.WriteString("feature.NAME: a feature of this file.")
	return b.String()
}

// about is the field in one line: its domain, unit and meaning.
func (f *field) about(docs map[string]string) string {
	domain := f.values()
	if u := f.unit(); u != "" {
		domain += " (" + u + ")"
	}
	return domain + ". " + strings.ToUpper(docs[f.name][:min(1, len(docs[f.name]))]) + docs[f.name][min(1, len(docs[f.name])):]
}
