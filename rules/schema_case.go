package rules

import "strings"

// testsSchema is a file of tests.
func testsSchema() object {
	s := record("Tests of the rules beside this file: beckon rules test.", []string{"schema"}, object{
		"schema": oneWord("The format of this file.", schemaTestV1),
		"clock": object{"description": "The moment of the cases, in the bot's own time zone: 2026-03-02T09:00:00+01:00.",
			"type": "string", "format": "date-time", "pattern": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`},
		"cases": record("Situations and what must be decided in them.", []string{"table"}, object{
			"base":  baseSchema(),
			"table": object{"type": "array", "description": "The cases.", "minItems": 1, "items": caseSchema()},
		}),
		"timelines": object{"type": "array", "description": "Stories and what must be decided in them.", "minItems": 1, "items": timelineSchema()},
		"replay":    object{"type": "array", "description": "Recorded logs and what must be decided on them.", "minItems": 1, "items": replaySchema()},
		"invariants": object{"type": "array", "description": "What must not happen in any state: beckon rules verify.", "minItems": 1,
			"items": record("An invariant.", []string{"id", "never"}, object{
				"id": identifier("Its name."),
				"never": object{"type": "string", "pattern": `\S`,
					"description": "A condition that also reads decision (allow, hold, deny) and obligation.NAME, and must not hold in any state.\n\n" + fieldList()},
			})},
	})
	s["title"] = "Beckon: tests of rules"
	s["anyOf"] = []object{{"required": []string{"cases"}}, {"required": []string{"timelines"}}, {"required": []string{"invariants"}}, {"required": []string{"replay"}}}
	s["dependencies"] = object{"cases": []string{"clock"}, "timelines": []string{"clock"}}
	return s
}

func caseSchema() object {
	dotted := object{eventText: textOfEvent()}
	docs := meanings()
	for _, f := range fields {
		if !f.unfilled {
			dotted[f.name] = f.schema(docs)
		}
	}
	set := record("Fields by their full name; what is set neither here nor in base is an ordinary moment.", []string{}, dotted)
	set["minProperties"] = 1
	return record("A situation, and what must be decided in it.", []string{"name", "expect"}, object{
		"name":        textLine("What the case shows."),
		"set":         set,
		"features":    listOf("Features that are true besides those of event.text.", object{"type": "string", "pattern": featureForm.String()}),
		"lifted":      listOf("Ids of rules whose hold a person's approval lifts.", identifier("A rule.")),
		"expect":      oneWord("What must be decided.", string(Allow), string(Hold), string(Deny)),
		"by":          bySchema(),
		"obligations": obligationsSchema(),
		"todo":        textLine("Why the case is expected to fail."),
	})
}

func bySchema() object {
	ids := listOf("Ids of rules.", identifier("A rule."))
	return object{"description": "Rules that must be among those that decide, each with at least these conditions; [rule] where the conditions do not matter.",
		"anyOf": []object{ids, keyed("Conditions by rule.", idForm.String(),
			object{"type": "array", "uniqueItems": true, "items": identifier("A condition of the rule.")})}}
}

func obligationsSchema() object {
	return object{"type": "array", "description": "Exactly these; [] for none.", "uniqueItems": true,
		"items": oneWord("Something done to the draft.", obligations()...)}
}

// baseSchema is what the cases have in common, by group.
func baseSchema() object {
	docs := meanings()
	groups := object{}
	for _, f := range fields {
		name, leaf, _ := strings.Cut(f.name, ".")
		g, ok := groups[name].(object)
		if !ok {
			g = object{"type": "object", "additionalProperties": false, "minProperties": 1, "properties": object{}}
			if name == "event" {
				g["properties"] = object{"text": textOfEvent()}
			}
			groups[name] = g
		}
		if !f.unfilled {
			g["properties"].(object)[leaf] = f.schema(docs)
		}
	}
	return object{"type": "object", "description": "What the cases have in common.", "additionalProperties": false, "minProperties": 1, "properties": groups}
}

func textOfEvent() object {
	return object{"type": "string", "description": "The text of the event: features are computed from it."}
}

// schema is one value of the field in a test file.
func (f *field) schema(docs map[string]string) object {
	s := object{"description": f.about(docs)}
	switch f.domain {
	case boolean:
		s["type"] = "boolean"
	case oneOf:
		s["enum"] = f.enum
	case text:
		s["type"], s["pattern"] = "string", `^([a-z0-9]{2,3}(-[A-Za-z0-9]{2,8})*)?$`
	case duration:
		// 0 needs no unit.
		s["type"], s["pattern"] = []string{"string", "integer"}, `^\+?([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$|^[0-9]+d$`
		s["minimum"], s["maximum"] = 0, 0
	case count:
		s["type"], s["minimum"], s["maximum"] = "integer", f.min, f.max
	case money:
		s["type"], s["minimum"], s["maximum"] = "number", f.min, f.max
	}
	return s
}
