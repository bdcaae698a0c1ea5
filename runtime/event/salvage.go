package event

// Salvage picks out of a body that Decode refuses, or on which the program
// failed, who spoke to which bot and in which words, so that the opt-out
// matcher still sees them. It reads JSON that is cut off or broken, and guesses:
// every "text" outside includes and users is taken for the other side's. It
// returns no texts where the only speaker is the bot. It never fails.
//
// It shares nothing with Decode but the escapes, so that a fault there is not
// one here.
func Salvage(in []byte) (botUser, user string, texts []string) {
	var s salvager
	defer func() {
		_ = recover() // a body must not stop the host: what was found so far counts
		botUser, user, texts = s.result()
	}()
	s.walk(in)
	return
}

type salvager struct {
	depth    int
	muted    int // depth of the object whose insides do not count, 0: none
	filterAt int // depth of the filter object, 0: not in it
	userAt   int // depth of a user object of the older envelope, 0: not in one

	bot, revoked, recipient string
	speakers                []string
	texts                   []string
}

func (s *salvager) walk(in []byte) {
	key := ""
	for i := 0; i < len(in); i++ {
		switch c := in[i]; c {
		case '{', '[':
			s.depth++
			if s.muted == 0 && othersWords(key) {
				s.muted = s.depth
			}
			if key == "user" && s.userAt == 0 {
				s.userAt = s.depth
			}
			if key == "filter" {
				s.filterAt = s.depth
			}
			key = ""
		case '}', ']':
			if s.depth == s.muted {
				s.muted = 0
			}
			if s.depth == s.filterAt {
				s.filterAt = 0
			}
			if s.depth == s.userAt {
				s.userAt = 0
			}
			s.depth--
			key = ""
		case ',':
			key = ""
		case '"':
			end := stringEnd(in, i+1)
			word := unescape(in[i+1 : end])
			i = end
			if next := skipSpace(in, i+1); key == "" && next < len(in) && in[next] == ':' {
				key = word
				i = next
				continue
			}
			s.field(key, word)
		default:
			if '0' <= c && c <= '9' {
				end := i
				for end < len(in) && '0' <= in[end] && in[end] <= '9' {
					end++
				}
				s.field(key, string(in[i:end]))
				i = end - 1
			}
		}
	}
}

// field takes a value with its key; the first of a kind wins.
func (s *salvager) field(key, value string) {
	if s.muted != 0 || value == "" {
		return
	}
	set := func(to *string) {
		if *to == "" {
			*to = value
		}
	}
	switch key {
	case "user_id", "user_id_str":
		if s.filterAt != 0 {
			set(&s.bot)
		} else {
			set(&s.revoked)
		}
	case "recipient_id", "recipient_id_str":
		set(&s.recipient)
	case "sender_id", "author_id", "sender_id_str", "author_id_str":
		s.speakers = append(s.speakers, value)
	case "for_user_id", "for_user_id_str":
		set(&s.bot)
	case "id_str": // of a post's author, in the older envelope
		if s.depth == s.userAt {
			s.speakers = append(s.speakers, value)
		}
	case "text", "full_text":
		s.texts = append(s.texts, Unescape(value))
	}
}

// othersWords reports whether what stands under the key is not the speaker's.
func othersWords(key string) bool {
	switch key {
	case "includes", "users", "quoted_status", "retweeted_status", "favorited_status":
		return true
	}
	return false
}

func (s *salvager) result() (bot, user string, texts []string) {
	bot = orElse(s.bot, orElse(s.revoked, s.recipient))
	if user = notBot(bot, s.speakers...); user == "" && len(s.speakers) > 0 {
		return bot, "", nil
	}
	return bot, user, s.texts
}

// stringEnd is the place of the quote that ends a string, or the end of in.
func stringEnd(in []byte, i int) int {
	for ; i < len(in); i++ {
		switch in[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return len(in)
}

func skipSpace(in []byte, i int) int {
	for i < len(in) && (in[i] == ' ' || in[i] == '\t' || in[i] == '\n' || in[i] == '\r') {
		i++
	}
	return i
}
