// Package sqlite keeps what the host remembers in one SQLite file. It is the
// embedded default engine behind package db.
//
// What it owns: the schema (migrations/), the queries (query/, generated into
// gen/ by sqlc), the one writing connection and the readers beside it. What it
// refuses: a file that a newer version has migrated (db.ErrNewer), and to run
// on a connection whose pragmas, read back, are not those that were asked for.
//
// What it adds to the promises D1 to D5 of package db:
//
//   - Q1 there is one writer: a dedicated connection, BEGIN IMMEDIATE … COMMIT,
//     with synchronous=FULL unless the database is Temporary.
//   - Q2 a context ends the wait for the writer or for a reader, never a
//     transaction that has begun: a half-done commit has no outcome.
//   - Q3 the diagram of the action log stands in triggers, the keys of I2 in
//     unique indexes; an engineer with sqlite3 cannot break them either.
//
// Queries keep to what Postgres takes too.
package sqlite

//go:generate go tool sqlc generate
