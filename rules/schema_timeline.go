package rules

// timelineSchema is a story and what must be decided in it.
func timelineSchema() object {
	return record("A story between one bot and its users, played through the real state machine.", []string{"name", "steps"}, object{
		"name":    textLine("What the timeline shows."),
		"set":     someFields("What is different from an account in good order.", setOfBot),
		"by_hand": object{"type": "boolean", "description": "Nothing is sent but in send steps; a timeline that has one is so by itself."},
		"steps": object{"type": "array", "description": "What happens, in order; steps are counted from 1.", "minItems": 1, "maxItems": maxSteps,
			"items": stepSchema()},
		"todo": textLine("Why the timeline is expected to fail."),
	})
}

// stepSchema is a step: at, one act, and the keys that go with it.
func stepSchema() object {
	about := map[Act]object{
		ActEvent:   oneWord("X delivers an event of the user in from.", timelineEvents...),
		ActDraft:   oneWord("A handler would like to say something to the user in to.", timelineDrafts...),
		ActApprove: stepNumber("A person says yes to what was drafted in that step."),
		ActReject:  stepNumber("A person says no to what was drafted in that step."),
		ActSend:    stepNumber("The sender comes to what was drafted in that step. With such a step in a timeline nothing is sent by itself."),
		ActOptOut:  userName("An operator enters this user's stop."),
		ActSpoke:   userName("A person writes to this user through the account."),
		ActHandOff: userName("A person takes over this user."),
		ActRelease: userName("The bot may speak to this user again."),
		ActPause:   object{"type": "boolean", "description": "The kill switch: true, and false to resume."},
	}
	keys := object{
		"from":        userName("Whose event it is."),
		"to":          userName("Whom the draft is for."),
		"text":        object{"type": "string", "description": "The text of the event, or of the draft."},
		"edits":       stepNumber("The event tells of a new version of the post in that step."),
		"same":        stepNumber("Another event of the same post as in that step."),
		"said":        lapse("When the user did it, where X delivers late."),
		"answers":     stepNumber("The event that is answered; not said: the newest that fits."),
		"outcome":     oneWord("How the call to X ends; not said: sent.", sendOutcomes...),
		"by":          bySchema(),
		"obligations": obligationsSchema(),
	}
	var acts []object
	for _, name := range Acts() {
		act := Act(name)
		p := object{"at": lapse("When it happens, since clock."), name: about[act]}
		for _, k := range stepKeys[act] {
			switch {
			case k == "set" && act == ActEvent:
				p[k] = someFields("What X tells of the event.", setOfEvent)
			case k == "set":
				p[k] = someFields("What the handler says of its draft.", setOfDraft)
			case k == "expect" && act == ActEvent:
				p[k] = oneWord("What must be decided of the confirmation that a stop gets; none where there is none.", string(Allow), string(Hold), string(Deny), string(None))
			case k == "expect":
				p[k] = oneWord("What must be decided.", string(Allow), string(Hold), string(Deny))
			default:
				p[k] = keys[k]
			}
		}
		step := record("A step.", []string{"at", name}, p)
		if act == ActEvent { // nobody can read it
			step["if"] = object{"properties": object{name: object{"const": "chat.received"}}}
			step["then"] = object{"properties": object{"text": false}}
		}
		acts = append(acts, step)
	}
	return object{"anyOf": acts}
}

func stepNumber(about string) object {
	return object{"type": "integer", "description": about, "minimum": 1, "maximum": maxSteps}
}

func userName(about string) object {
	return object{"type": "string", "description": about, "pattern": "^[A-Za-z0-9_]{1,15}$"}
}

// lapse is a duration in a test file.
func lapse(about string) object {
	s := fieldByName["event.age"].schema(meanings())
	s["description"] = about
	return s
}

// someFields are fields of the input that a timeline can set.
func someFields(about string, names []string) object {
	docs, properties := meanings(), object{}
	for _, name := range names {
		properties[name] = fieldByName[name].schema(docs)
	}
	s := record(about, []string{}, properties)
	s["minProperties"] = 1
	return s
}

// replaySchema is a recorded log and what must be decided on it.
func replaySchema() object {
	return record("A recorded log, decided as beckon replay does.", []string{"events", "golden"}, object{
		"events": textLine("The event log; the path starts from this file."),
		"golden": textLine("The decisions to expect, one record a line: beckon rules test --update writes it."),
		"config": textLine("The configuration of the host; not said: the bot that beckon init writes plays the accounts of the log."),
		"bot":    textLine("Whose rules these are; not said: all bots of the configuration."),
	})
}
