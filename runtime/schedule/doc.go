// Package schedule says when a bot's own time has come: posts by the clock,
// new items of feeds, and what becomes due while a user is silent.
//
// What it owns: the times, how far each schedule has come, and the commands
// that due times make. What it refuses: to decide, to send, to keep a text of a
// user. What is due goes on the bus as an event of the timer, and takes the way
// of every event: the rules decide whether anything leaves.
//
//   - J1 a due time makes one event at most, over crashes too: its id is made
//     from the bot, the schedule and the time, and dispatch takes an id once.
//   - J2 a position moves only after the bus has stored what it moves over.
//   - J3 what was missed is made up for only within its window, and of several
//     times of one schedule only the latest: nobody gets a heap of old posts.
//   - J4 a schedule or feed that is new, or was changed, begins now: nothing of
//     the past is posted.
//   - J5 a time of the day comes once a day, whatever the clocks do: one that is
//     skipped when they go forward comes at that moment, one that comes twice
//     when they go back counts the first time.
//   - J6 what a feed says is data: it reaches no address inside, fills no memory,
//     and never stops the host.
package schedule
