package conversation

import "time"

// OptsOut reports whether the tier is an opt-out.
func (t Tier) OptsOut() bool {
	return t == TierHard || t == TierPhrase || t == TierOperator || t == TierBlocked
}

// Erased reports whether something the user did at that time is older than the
// erasure of the user, and therefore never answered. With an erasure on record
// an act without a time counts as older.
func (s Suppression) Erased(at time.Time) bool {
	return !s.ErasedAt.IsZero() && at.Before(s.ErasedAt)
}

// WithPerson reports whether a person has the conversation: it was handed off,
// or they spoke through the account a short while ago.
func (c Conversation) WithPerson(now time.Time) bool {
	return c.HandedOver(now) || now.Before(c.PausedUntil)
}

// HandedOver reports whether the conversation was handed off, and nobody released
// it since.
func (c Conversation) HandedOver(now time.Time) bool {
	return c.HandedOff && (c.HandedOffUntil.IsZero() || now.Before(c.HandedOffUntil))
}

// stop records an opt-out and reports whether it stands. A zero time cannot be
// ordered: it counts, and leaves the time that stands.
func stop(s *Suppression, at time.Time, id string, tier Tier) bool {
	if !at.IsZero() && at.Before(s.At) {
		return false // older than the START that stands, or than the same opt-out
	}
	// The events of one act share their time: the least id is kept, so that the
	// order of arrival leaves no trace.
	if !s.OptedOut || at.After(s.At) || at.Equal(s.At) && id < s.EventID {
		s.EventID, s.Tier = id, tier
	}
	s.OptedOut, s.At = true, later(s.At, at)
	return true
}

// Merge takes in an opt-out that another host kept of the same user. The later
// act wins, as in C4. A START of the other host is not taken in: it comes by the
// hand of an operator, who never ends an opt-out (C5).
func (s Suppression) Merge(told Suppression) Suppression {
	if told.OptedOut {
		stop(&s, stamp(told.At), told.EventID, told.Tier)
	}
	return s
}

// Recall takes in what this host itself kept of the user outside its database.
// The later act wins. Where it cannot be told which one that is, an opt-out on
// either side stands: only an act of the user that came after it for sure ends
// it (C4, C5). The user was erased when either side says so last.
func (s Suppression) Recall(kept Suppression) Suppression {
	was := s
	doubt := s.At.IsZero() || kept.At.IsZero() || s.At.Equal(kept.At)
	switch {
	case kept.At.After(was.At) && (kept.OptedOut || !was.OptedOut || !doubt),
		kept.OptedOut && !was.OptedOut && doubt:
		s.OptedOut, s.EventID, s.Tier = kept.OptedOut, kept.EventID, kept.Tier
		fallthrough
	case doubt:
		s.At = later(was.At, kept.At)
	}
	s.ErasedAt = later(was.ErasedAt, kept.ErasedAt)
	return s
}

// start ends an opt-out that is older. Without one it is recorded too: the STOP
// before it may still be under way.
func start(s *Suppression, at time.Time, id string) {
	switch {
	case at.After(s.At):
	case at.Equal(s.At) && !at.IsZero() && !s.OptedOut && id < s.EventID:
	default:
		return
	}
	s.OptedOut, s.At, s.EventID, s.Tier = false, at, id, TierStart
}

// confirmable reports whether the STOP at that time is confirmed. before is the
// suppression it found. Confirmations are known per bot only, but each goes
// with a STOP that stood: without a STOP or START in the day before there was
// none, from any bot.
func confirmable(s State, before Suppression, at time.Time) bool {
	if at.IsZero() || s.Interaction.RepliesSent > 0 || s.Interaction.DMsSent > 0 {
		return false
	}
	if before.At.IsZero() {
		if before.OptedOut {
			return false
		}
	} else if at.Sub(before.At) < confirmEvery {
		return false
	}
	last := s.Conversation.ConfirmedAt
	return last.IsZero() || at.Sub(last) >= confirmEvery
}
