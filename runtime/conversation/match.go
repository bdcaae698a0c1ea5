package conversation

// Match finds an opt-out, a START or a HELP in a message. It is one only if
// the whole message is: one of the words below, perhaps repeated, besides
// mentions, links, punctuation, emoji and polite words. CANCEL and END belong
// to an open flow while there is one.
func Match(text string, openFlow bool) Tier {
	tier := TierNone // of the message so far
	yields := true   // every word so far would belong to an open flow
	half := ""       // first half of a phrase of two words
	for word := range Words(text) {
		if half != "" {
			word, half = half+" "+word, ""
		}
		switch m := meaning(word); {
		case m.half:
			half = word
		case m.polite:
		case m.tier == "" || tier != TierNone && m.tier != tier:
			return TierNone // an ordinary message, or one that says two things
		default:
			tier, yields = m.tier, yields && m.yields
		}
	}
	if half != "" || yields && openFlow {
		return TierNone
	}
	return tier
}

// sense is what a word says when it stands alone. The zero value is an
// ordinary word.
type sense struct {
	tier   Tier
	yields bool // belongs to an open flow
	polite bool // says nothing
	half   bool // says something with the next word only
}

func meaning(word string) sense {
	switch word {
	case "stop", "stopall", "unsubscribe", "quit", "revoke", "optout", "opt out":
		return sense{tier: TierHard}
	case "cancel", "end":
		return sense{tier: TierHard, yields: true}
	case "start", "unstop":
		return sense{tier: TierStart}
	case "help", "info":
		return sense{tier: TierHelp}
	case "please", "pls", "plz", "thanks", "thx", "thank you":
		return sense{polite: true}
	case "opt", "thank":
		return sense{half: true}
	}
	return sense{}
}
