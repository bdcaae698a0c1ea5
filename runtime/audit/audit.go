// Package audit keeps a chain of what the host did, so that a record that is
// changed, removed or put in later is found and named.
//
// What it owns: the one place where facts are noted (Store, a db.Store around
// the engine: every writer passes through it, so that none can forget), the
// form of entries and of signed checkpoints, the check of both, the caps on
// what is given to others, and the report for X's yearly audit. What it
// refuses: text, handles and plain ids of users; it keeps kinds, ids of records
// and keyed hashes.
//
//   - V1 what a transaction did to the records below, and the entry that says
//     so, are stored together or not at all. One transaction, one entry.
//   - V2 each entry carries the hash of the one before; each writer has a chain
//     of its own, and its id, made from its public key, stands in every entry.
//   - V3 a checkpoint names the head of every chain and is signed (Ed25519, a
//     note as golang.org/x/mod/sumdb/note writes it, three lines as a
//     tlog-checkpoint has them, and a line a chain).
//   - V4 a record that the chain knows and the database does not have is a
//     fault, unless a receipt names it or it was past its time.
//   - V5 nothing is given to others beyond X's caps, and nothing is given that
//     is not recorded.
//   - V6 entries that a restore lost are told as lost, not as removed: the restore
//     is a record in the chain, and says where the chains ended in the backup.
//
// Somebody who holds both the database and the key can write another chain from
// its beginning. What stops them is a checkpoint kept elsewhere: the host logs
// each one, and Verify takes any that was kept.
package audit

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Kinds of facts, as they stand in entries.
const (
	KindDecision   = "decision"
	KindAction     = "action" // with its state: hold, approval, send and all that follows
	KindOptOut     = "optout"
	KindSwitch     = "switch"
	KindConsent    = "consent"
	KindMatch      = "match"   // of an X user with a reference outside of X, with its basis
	KindRestore    = "restore" // the database was brought back from a backup
	KindRuleSet    = "ruleset"
	KindActivation = "activation"
	KindReceipt    = "receipt"
	KindExport     = "export"
	KindConfig     = "config"
	KindOperator   = "operator" // something that an operator did
	KindHandout    = "handout"  // a post or DM that a handler elsewhere was asked about

	kindWriter = "writer" // begins a chain
	kindPruned = "pruned" // decisions from before a time are gone: retention
	kindTrim   = "trim"   // entries up to a number are gone: retention
)

// Options of Open.
type Options struct {
	Key    event.Key // the host's, behind the hashes of records
	Signer string    // of checkpoints, as NewKey made it
	Now    func() time.Time
}

// Store is a db.Store that notes what is written through it. It is safe for
// concurrent use.
type Store struct {
	db.Store
	writer string
	signer note.Signer
	key    []byte
	now    func() time.Time
}

var _ db.Store = (*Store)(nil)

// keyName is what notes are signed as.
const keyName = "beckon-audit"

// NewKey makes a key for checkpoints. It goes into a file that only the host
// can read.
func NewKey() (string, error) {
	signer, verifier, err := note.GenerateKey(rand.Reader, keyName)
	if err != nil {
		return "", fmt.Errorf("make a key for audit checkpoints: %w", err)
	}
	return signer + " " + verifier, nil
}

// Open puts the chain around a store. A key that the store has not seen begins
// a chain of its own.
func Open(ctx context.Context, store db.Store, o Options) (*Store, error) {
	secret, verifier, ok := strings.Cut(strings.TrimSpace(o.Signer), " ")
	if !ok {
		return nil, fmt.Errorf("audit key: want what `beckon run` wrote at its first start")
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, fmt.Errorf("audit key: it is no signing key") // the error would show parts of it
	}
	if v, err := note.NewVerifier(verifier); err != nil || v.KeyHash() != signer.KeyHash() {
		return nil, fmt.Errorf("audit key: its public half does not belong to it")
	}
	s := &Store{Store: store, writer: WriterID(verifier), signer: signer, key: recordKey(o.Key), now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	return s, s.Write(ctx, func(tx db.Tx) error {
		known, err := tx.ListWriters()
		if err != nil {
			return err
		}
		for _, w := range known {
			if w.Writer == s.writer {
				return nil
			}
		}
		return tx.PutWriter(db.AuditWriter{Writer: s.writer, Verifier: verifier, Since: s.now().UTC().Truncate(time.Millisecond)})
	})
}

// Writer is the id that this store writes under.
func (s *Store) Writer() string { return s.writer }

// WriterID makes a writer's id from its public key, so that no other key can
// be put in its place.
func WriterID(verifier string) string {
	h := sha256.Sum256([]byte(verifier))
	return "w-" + hex.EncodeToString(h[:8])
}

// recordKey is the key behind the hashes of records. Without it nobody can try
// a list of user ids against the chain.
func recordKey(k event.Key) []byte {
	m := hmac.New(sha256.New, k)
	m.Write([]byte("audit records"))
	return m.Sum(nil)
}

// Write runs fn in one transaction that also stores the entry of what fn did
// (V1).
func (s *Store) Write(ctx context.Context, fn func(tx db.Tx) error) error {
	return s.Store.Write(ctx, func(tx db.Tx) error {
		r := &recorder{Tx: tx, sealer: newSealer(s.key), now: s.now().UTC()}
		if err := fn(r); err != nil {
			return err
		}
		return s.link(tx, r.facts)
	})
}

// link appends the entry of one transaction to this writer's chain (V2).
func (s *Store) link(tx db.Tx, facts []byte) error {
	if len(facts) == 0 {
		return nil
	}
	head, err := tx.ChainHead(s.writer)
	if err != nil {
		return err
	}
	e := db.AuditEntry{
		Writer: s.writer, Seq: head.Seq + 1, At: s.now().UTC().Truncate(time.Millisecond), Facts: facts, Prev: head.Hash,
	}
	e.Hash = entryHash(e)
	return tx.AppendEntry(e)
}

// entryHash is what the next entry carries. The facts go in by their own hash,
// so that a chain can be checked by who does not have them.
func entryHash(e db.AuditEntry) string {
	facts := sha256.Sum256(e.Facts)
	h := sha256.Sum256(fmt.Appendf(nil, "beckon.audit/v1\n%s\n%d\n%d\n%s\n%x\n", e.Writer, e.Seq, e.At.UnixMilli(), e.Prev, facts))
	return base64.StdEncoding.EncodeToString(h[:])
}

// fact is a line of an entry.
type fact struct {
	kind, ref, what, mac string
}

func (f fact) line(to []byte) []byte {
	to = append(to, f.kind...)
	for _, part := range [...]string{f.ref, f.what, f.mac} {
		to = append(to, ' ')
		to = append(to, word(part)...)
	}
	return append(to, '\n')
}

// word keeps a part of a fact one word: names come from configurations.
func word(s string) string {
	if s == "" {
		return "-"
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '"' {
			return strings.ReplaceAll(strconv.QuoteToASCII(s), " ", `\x20`)
		}
	}
	return s
}

func readFacts(facts []byte) (out []fact, err error) {
	for line := range strings.Lines(string(facts)) {
		p := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(p) != 4 {
			return nil, fmt.Errorf("%q is no fact", line)
		}
		out = append(out, fact{p[0], p[1], p[2], p[3]})
	}
	return out, nil
}

// sealer makes the keyed hashes of records.
type sealer struct {
	mac hash.Hash
	buf []byte
}

func newSealer(key []byte) sealer { return sealer{mac: hmac.New(sha256.New, key)} }

// seal hashes the fields of a record, each with its length before it.
func (s *sealer) seal(kind string, fields ...string) string {
	s.buf = appendField(s.buf[:0], kind)
	for _, f := range fields {
		s.buf = appendField(s.buf, f)
	}
	s.mac.Reset()
	s.mac.Write(s.buf)
	return base64.RawURLEncoding.EncodeToString(s.mac.Sum(nil))
}

func appendField(to []byte, f string) []byte {
	to = strconv.AppendInt(to, int64(len(f)), 10)
	to = append(to, ':')
	return append(to, f...)
}
