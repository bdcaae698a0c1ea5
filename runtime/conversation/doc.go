// Package conversation is the pure state machine of one user toward one bot:
// who turned to whom, what was answered, who opted out, who has taken over. It
// also holds the matcher that finds an opt-out in a message.
//
// What it refuses: I/O, clocks, text. No record keeps what anybody wrote, and
// nothing here decides whether something may be sent; rules do that, from what
// is recorded here.
//
//   - C1 Reduce is pure and total: it never panics, never changes what it was
//     given, and the same state and input give the same result.
//   - C2 The facts of an interaction only grow, its Version only goes forward:
//     in whatever order and however often its events arrive, the record is the
//     same. A DM that arrives twice is counted once.
//   - C3 Who initiated is the earliest act by the user's own time, and never
//     goes back to none. A group DM, an encrypted message and a post that does
//     not address the bot initiate nothing.
//   - C4 STOP and START are ordered by the user's own time, whatever order they
//     arrive in; a tie is STOP. A STOP without a time counts, a START without
//     one does not.
//   - C5 Nothing but a later START that the user addressed to us ends an
//     opt-out; an operator can begin one, never end one.
//   - C6 Every STOP that stands cancels what still waits, stale or not, in a
//     group DM too.
//   - C7 The confirmation is asked for once: not within 24 hours of the last
//     one, nor within 24 hours (user's time) of an earlier STOP or START, which
//     another bot may have confirmed; not for a stale or erased event, a group
//     DM, or an interaction that already has its answer.
//   - C8 Counts equal the rows of the action log in the states they name, and
//     are never negative. An answer in several parts is one, by its first.
//   - C9 The ring holds at most RingSize sends, oldest first, stamped with the
//     time of their draft.
//   - C10 An encrypted message holds automation until a person releases it or
//     the user sends a readable DM later than everything we know of them. One
//     that arrives late holds too: nobody can tell whether it said stop.
//     One that is perhaps a STOP holds too, and asks for the question whether it
//     was one: once a hold.
//   - C11 Of an event older than the user's erasure only a STOP counts.
//   - C12 Every time kept is UTC in whole milliseconds, as the database keeps
//     it, so that a state read back equals the state written.
//   - C13 Polite words, mentions, links, punctuation and emoji around a stop
//     leave it the stop that it is.
package conversation
