package bench

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
)

// drained is how many events a round drains.
const drained = 8192

// BenchmarkPath drains a backlog, from JetStream (file, every message synced)
// to the acknowledgement after the commit (SQLite, synchronous=FULL), beside
// the same without the audit chain, and its parts alone: the same rows through the store, the same messages through
// the bus, and one row and a dedupe row an event through bare SQLite.
func BenchmarkPath(b *testing.B) {
	d := newDesk(b)
	msgs := d.messages(0, drained)
	base := populated(b)
	calls := d.record(b, base, msgs)
	race(b,
		contestant{"drain", drained, func(b *testing.B, n int) spent {
			return drain(b, d, backlog(b, msgs), audited(b, base, d.key), n)
		}},
		contestant{"drain-unaudited", drained, func(b *testing.B, n int) spent {
			return drain(b, d, backlog(b, msgs), copied(b, base), n)
		}},
		contestant{"dispatch-alone", drained, func(b *testing.B, n int) spent {
			s := copied(b, base)
			defer func() { must(b, s.Close()) }()
			p := d.dispatcher(s)
			done := stopwatch()
			for batch := range slices.Chunk(deliveries(msgs), dispatch.MaxBatch) {
				_, err := p.Batch(b.Context(), day, batch)
				must(b, err)
			}
			return done()
		}},
		contestant{"store-alone", drained, func(b *testing.B, n int) spent {
			s := copied(b, base)
			defer func() { must(b, s.Close()) }()
			done := stopwatch()
			for _, batch := range calls {
				must(b, s.Write(b.Context(), func(tx db.Tx) error {
					for _, call := range batch {
						if err := call(tx); err != nil {
							return err
						}
					}
					return nil
				}))
			}
			return done()
		}},
		contestant{"bus-alone", drained, func(b *testing.B, n int) spent {
			q := backlog(b, msgs)
			defer func() { must(b, q.Close()) }()
			done := stopwatch()
			for left := n; left > 0; {
				ds, err := q.Next(b.Context(), dispatch.MaxBatch)
				must(b, err)
				must(b, q.Ack(ds))
				left -= len(ds)
			}
			return done()
		}},
		contestant{"sqlite-two-rows", drained, twoRows},
	)
}

// drain takes n events from the bus into the store.
func drain(b *testing.B, d desk, q *bus.JetStream, s db.Store, n int) spent {
	defer func() { must(b, q.Close()) }()
	defer func() { must(b, s.Close()) }()
	p := d.dispatcher(s)
	done := stopwatch()
	for left := n; left > 0; {
		ds, err := q.Next(b.Context(), dispatch.MaxBatch)
		must(b, err)
		_, err = p.Batch(b.Context(), day, ds)
		must(b, err)
		must(b, q.Ack(ds))
		left -= len(ds)
	}
	return done()
}

// BenchmarkCommit is dispatch without the bus, from body to commit, by the
// number of events in a transaction.
func BenchmarkCommit(b *testing.B) {
	d := newDesk(b)
	base := populated(b)
	msgs := d.messages(0, drained)
	var all []contestant
	for _, size := range []int{256, 16, 1} {
		n := min(drained, 8*size+500)
		all = append(all, contestant{fmt.Sprintf("batch=%d", size), n, func(b *testing.B, n int) spent {
			s := copied(b, base)
			defer func() { must(b, s.Close()) }()
			p := d.dispatcher(s)
			done := stopwatch()
			for batch := range slices.Chunk(deliveries(msgs[:n]), size) {
				_, err := p.Batch(b.Context(), day, batch)
				must(b, err)
			}
			return done()
		}})
	}
	race(b, all...)
}

// backlog is a bus that holds the messages.
func backlog(b *testing.B, msgs []bus.Message) *bus.JetStream {
	b.Helper()
	q, err := bus.Open(b.Context(), bus.Options{Dir: b.TempDir()})
	must(b, err)
	for batch := range slices.Chunk(msgs, 1000) {
		must(b, q.Publish(b.Context(), batch...))
	}
	return q
}

func deliveries(msgs []bus.Message) []bus.Delivery {
	out := make([]bus.Delivery, len(msgs))
	for i, m := range msgs {
		out[i] = bus.Delivery{Message: m, Seq: uint64(i + 1)}
	}
	return out
}

// twoRows is the floor: bare SQLite with the pragmas of the store, and for each
// event a dedupe row and 1 KiB at the end of a table.
func twoRows(b *testing.B, n int) spent {
	ctx := context.Background()
	file := "file:" + b.TempDir() + "/bare.db?_pragma=journal_mode(wal)&_pragma=synchronous(2)&_pragma=cache_size(-65536)&_pragma=wal_autocheckpoint(4000)"
	handle, err := sql.Open("sqlite", file)
	must(b, err)
	defer func() { must(b, handle.Close()) }()
	conn, err := handle.Conn(ctx)
	must(b, err)
	defer conn.Close()
	_, err = conn.ExecContext(ctx, `
		CREATE TABLE seen (id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
		CREATE TABLE log (seq INTEGER NOT NULL PRIMARY KEY, body TEXT NOT NULL) STRICT;`)
	must(b, err)
	seen, err := conn.PrepareContext(ctx, `INSERT INTO seen (id) VALUES (?) ON CONFLICT DO NOTHING`)
	must(b, err)
	log, err := conn.PrepareContext(ctx, `INSERT INTO log (body) VALUES (?)`)
	must(b, err)
	kib := string(make([]byte, 1024))
	done := stopwatch()
	for i := range n {
		if i%dispatch.MaxBatch == 0 {
			_, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE")
			must(b, err)
		}
		_, err := seen.ExecContext(ctx, user(i).ID)
		must(b, err)
		_, err = log.ExecContext(ctx, kib)
		must(b, err)
		if i%dispatch.MaxBatch == dispatch.MaxBatch-1 || i == n-1 {
			_, err := conn.ExecContext(ctx, "COMMIT")
			must(b, err)
		}
	}
	return done()
}
