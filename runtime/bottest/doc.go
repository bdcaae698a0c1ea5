// Package bottest plays scenarios on a whole host: a day at a small desk, or
// one fault, on fake time, with the real loops, the embedded JetStream and
// SQLite, against a simulated X. README.md says how to write one.
//
// What it refuses: a scenario that says nothing of what it expects, sockets,
// and to believe what a scenario expects: whatever that says, the laws of
// check.go are held over the database and over what X saw, and at the end
// everything that was ever delivered is delivered again, and then the host is
// killed and started again, and neither may change anything.
//
// It imports testing: only test code imports it.
package bottest
