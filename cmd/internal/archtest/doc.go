// Package archtest holds the tests about the repository itself: what may import
// what, how large a file may be, what a package may keep, and what prose may
// claim.
//
// What it owns: the tables behind those rules. What it refuses: to build or to
// run anything. It reads the files and parses them in its own process, so a
// tree that does not compile is still checked. Every check is a function from a
// repo to its faults, and is run twice: on this repository, where it must find
// nothing, and on a small bad one, where it must find what it is there for.
package archtest
