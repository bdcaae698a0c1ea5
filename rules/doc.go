// Package rules decides whether a draft may leave: allow, hold for a person,
// or deny, always with the rules and conditions that made it so.
//
// What it owns: the format of rule files and of their tests, the dialect of
// conditions, the tree of inputs, the platform pack, and the decision. What it
// refuses: to read a clock, a text or a database; to load a rule that could
// fail, that is constant, or that reads what the host does not compute; and to
// let any error make a decision milder.
//
// A Set is two layers, the embedded platform pack and the account's own packs.
// Each denies by default; the decision is the stricter of the two.
//
//   - R1 default deny: without a permit that fires in both layers, deny.
//   - R2 a forbid that fires overrides every permit and hold.
//   - R3 the order of files and rules, and a second copy of a rule, change nothing.
//   - R4 adding a forbid, hold or require never loosens a decision.
//   - R5 no account rule loosens what the platform layer decides.
//   - R6 a condition that fails to evaluate never loosens a decision.
//   - R7 the same query to a set of the same hash gives the same decision.
//   - R8 no set, an input outside its domain, or a panic: deny.
//   - R9 a loaded rule cannot fail to evaluate and is not constant; only a
//     feature that is not known of a text makes one fail, which R6 holds.
//   - R10 loading reports every error at once, or returns a whole set.
//   - R11 a test names only what its set has, and a run without a test fails.
//   - R12 a rule in shadow mode never changes a decision.
package rules
