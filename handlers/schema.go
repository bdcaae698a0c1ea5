package handlers

import "github.com/beckon-bot/beckon/runtime/event"

// SchemaFile is the schema's name in a folder of answers, and SchemaHeader the
// line that makes an editor use it.
const (
	SchemaFile   = "answers.schema.json"
	SchemaHeader = "# yaml-language-server: $schema=" + SchemaFile
)

type object = map[string]any

// Schema is the JSON Schema (draft 7) of answers files, of their tests, or of
// both, told apart by their key schema. Whatever loads is valid; not all that
// is valid loads. ok is false for another kind.
func Schema(kind string) (s object, ok bool) {
	switch kind {
	case "answers":
		s = answersSchemaObject()
	case "tests":
		s = testsSchemaObject()
	case "":
		s = object{
			"title": "Beckon: answers and their tests", "type": "object", "required": []string{"schema"},
			"if":   object{"required": []string{"schema"}, "properties": object{"schema": object{"const": dialogueSchema}}},
			"then": testsSchemaObject(), "else": answersSchemaObject(),
		}
	default:
		return nil, false
	}
	s["$schema"] = "http://json-schema.org/draft-07/schema#"
	return s, true
}

func record(about string, required []string, properties object) object {
	return object{"type": "object", "description": about, "additionalProperties": false, "required": required, "properties": properties}
}

func named(about string, value object) object {
	return object{"type": "object", "description": about, "minProperties": 1, "additionalProperties": value}
}

func listOf(about string, items object) object {
	return object{"type": "array", "description": about, "minItems": 1, "items": items}
}

func line(about string) object {
	return object{"type": "string", "description": about, "pattern": `\S`}
}

func yes(about string) object { return object{"type": "boolean", "description": about} }

func whole(about string, low, high int64) object {
	return object{"type": "integer", "description": about, "minimum": low, "maximum": high}
}

// said is a text, or a text for each language.
func saidSchema(about string) object {
	text := object{"type": []string{"string", "number", "boolean"}}
	return object{"description": about + " Variables: {username}, {operator}, {privacy_url}, {dm_link}; in flows {slot.NAME} too.",
		"anyOf": []object{text, named("A text for each language.", text)}}
}

// looked is words that are looked for, or such words for each language.
func looked(about string) object {
	word := object{"type": []string{"string", "number", "boolean"}}
	return object{"description": about, "anyOf": []object{listOf("", word), named("A list for each language.", listOf("", word))}}
}

func whenSchema() object {
	return named("Named conditions in the dialect of rules: all must hold. They read event.*, user.*, hours.NAME, slot.NAME and filled.NAME.", line("A condition."))
}

func flagsInto(m object) object {
	m["ai_generated"] = yes("A model wrote it.")
	m["promotional"] = yes("It is mainly promotional.")
	m["affiliate"] = yes("It holds an affiliate link.")
	m["paid_partnership"] = yes("Somebody paid for it.")
	m["split_at"] = whole("A DM goes out as up to four messages of at most so many characters each.", event.MinSplitAt, event.MaxSplitAt)
	return m
}

func answersSchemaObject() object {
	span := line("\"09:00-17:00\", or \"09:00-12:30, 13:30-17:00\".")
	s := record("What a bot says.", []string{"schema"}, object{
		"schema":    object{"description": "The format of this file.", "const": answersSchema},
		"languages": named("Words that tell a language, for DMs, of which X names none.", listOf("", line("A word."))),
		"slots": named("What flows may ask for and keep of a user while they are open.", record("A slot.", []string{"type"}, object{
			"type": object{"description": "What it holds.", "enum": slotKinds()},
			"min":  whole("Of a number.", -maxNumber, maxNumber), "max": whole("Of a number; of a text in characters.", -maxNumber, maxNumber),
			"pattern": line("RE2, in any case."), "example": line("Something that the pattern finds."),
			"choices": named("Each choice with the words by which it is named.", looked("Words.")),
			"order":   object{"description": "How 2/3 is read.", "enum": []string{"day-month", "month-day"}},
		})),
		"hours": named("Office hours, read by conditions as hours.NAME.", record("Office hours.", []string{"zone", "open"}, object{
			"zone":   line("Time zone, such as Europe/Berlin."),
			"open":   named("mon, or mon-fri, with its hours.", span),
			"closed": listOf("Holidays: 2026-12-25, or 2026-12-24 to 2027-01-01.", object{"type": "string"}),
			"days":   named("Days with other hours: 2026-12-24: \"09:00-12:00\".", span),
		})),
		"default":        record("Said where nothing is found.", nil, object{"reply": saidSchema("To a post."), "dm": saidSchema("To a DM.")}),
		"not_understood": record("Said instead of the default once nothing was found several times in a row; then a person takes over.", []string{"limit"}, object{"limit": whole("How many times.", 2, 20), "reply": saidSchema("To a post."), "dm": saidSchema("To a DM.")}),
		"answers": listOf("What is said to what.", record("An answer.", []string{"id"}, flagsInto(object{
			"id": line("Unique; shows in the action log as answers/ID."), "any_of": looked("Whole words or phrases, in any case."),
			"patterns": listOf("RE2, in any case.", line("A pattern.")), "lang": line("Only in this language."), "when": whenSchema(),
			"reply": saidSchema("To a post."), "dm": saidSchema("To a DM."), "flow": line("The flow that begins in a DM."), "handoff": yes("A person takes over."),
			"invite_dm": yes("X shows a button beside the reply that opens a DM to the bot."),
		}))),
		"flows": named("Talks of several steps, in DMs.", record("A flow.", []string{"cancelled", "steps"}, flagsInto(object{
			"cancelled": saidSchema("Said when the user cancels."), "expires": line("24h if not said."),
			"remind": record("Said once while the user leaves a question unanswered.", []string{"after", "text"}, object{"after": line("1m to 168h of silence."), "text": saidSchema("By DM.")}),
			"close":  record("Ends the flow while the user leaves a question unanswered.", []string{"after"}, object{"after": line("1m to 168h of silence."), "text": saidSchema("By DM.")}),
			"steps": listOf("In order; they only go forward.", record("A step: it asks, or says something, or only goes on.", nil, object{
				"id": line("For then; the number of the step if not said."), "when": whenSchema(), "ask": line("The slot that is asked for."),
				"text": saidSchema("The question."), "retry": saidSchema("Said where the answer is none."),
				"tries": whole("Questions before a person takes over.", 1, 10), "say": saidSchema("Said."),
				"then": line("end, handoff, or the id of a later step."),
			})),
		}))),
	})
	s["title"] = "Beckon: answers"
	return s
}

func testsSchemaObject() object {
	text := object{"type": []string{"string", "number", "boolean"}}
	s := record("Dialogues that must go as written.", []string{"schema", "clock", "dialogues"}, object{
		"schema": object{"description": "The format of this file.", "const": dialogueSchema},
		"clock":  object{"description": "When each dialogue begins: 2026-11-02T10:00:00+01:00.", "type": "string"},
		"bot": record("Who the bot is.", nil, object{"username": line("Without the @."), "operator": line("Without the @."),
			"privacy_url": line("A link."), "user_id": object{"type": []string{"string", "integer"}}}),
		"dialogues": listOf("Each with a user of its own.", record("A dialogue.", []string{"name", "steps"}, object{
			"name": line("Unique in the file."),
			"steps": listOf("What is said, and what must be said to it.", record("A step.", nil, object{
				"user": text, "post": text, "lang": line("Of a post, as X says it."), "at": line("Since the dialogue began: 24h."),
				"bot": text, "says": object{"anyOf": []object{text, listOf("", text)}}, "answer": line("Who answers: answers/refund."),
				"silence": yes("Nothing is said."), "handoff": yes("A person takes over."),
				"slots":   object{"type": "object", "description": "All that is known after it."},
				"dropped": listOf("Slots that may not be kept.", text), "flow": object{"type": "string", "description": "flow/step, \"\" for none."},
			})),
		})),
	})
	s["title"] = "Beckon: tests of answers"
	return s
}
