package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/beckon-bot/beckon/db"
)

// origin is the first line of a checkpoint.
const origin = "beckon.audit/v1"

// checkpoint is what a note says:
//
//	beckon.audit/v1
//	<entries of all chains>
//	<SHA-256 over the lines of the heads, base64>
//	at <UTC>
//	after <SHA-256 of the checkpoint before, base64; - for the first>
//	<writer> <entries of its chain> <hash of the last>
//	…
//
// The first three lines are those of a C2SP tlog-checkpoint, the others are its
// extension lines. The third is a hash over a list: chains are no tree.
type checkpoint struct {
	at    time.Time
	after string
	heads []db.AuditHead
}

func (c checkpoint) text() string {
	lines := headLines(c.heads)
	var n int64
	for _, h := range c.heads {
		n += h.Seq
	}
	sum := sha256.Sum256([]byte(lines))
	return fmt.Sprintf("%s\n%d\n%s\nat %s\nafter %s\n%s", origin, n, base64.StdEncoding.EncodeToString(sum[:]),
		c.at.UTC().Format(time.RFC3339), word(c.after), lines)
}

func headLines(heads []db.AuditHead) string {
	var lines strings.Builder
	for _, h := range heads {
		fmt.Fprintf(&lines, "%s %d %s\n", h.Writer, h.Seq, h.Hash)
	}
	return lines.String()
}

// readHeads reads what headLines wrote.
func readHeads(lines []string) (heads []db.AuditHead, err error) {
	for _, l := range lines {
		p := strings.Split(l, " ")
		if len(p) != 3 {
			return nil, errNote
		}
		seq, err := strconv.ParseInt(p[1], 10, 64)
		if err != nil {
			return nil, errNote
		}
		heads = append(heads, db.AuditHead{Writer: p[0], Seq: seq, Hash: p[2]})
	}
	return heads, nil
}

var errNote = errors.New("this is no checkpoint of Beckon's audit chain")

// readCheckpoint reads the text of a note, and is content only with what text
// would write.
func readCheckpoint(text string) (c checkpoint, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 5 || lines[0] != origin {
		return c, errNote
	}
	if c.at, err = time.Parse("at "+time.RFC3339, lines[3]); err != nil {
		return c, errNote
	}
	if c.after = strings.TrimPrefix(lines[4], "after "); c.after == "-" {
		c.after = ""
	}
	if c.heads, err = readHeads(lines[5:]); err != nil {
		return c, err
	}
	if c.text() != text {
		return c, errNote
	}
	return c, nil
}

// noteHash is how a checkpoint names the one before.
func noteHash(signed string) string {
	if signed == "" {
		return ""
	}
	h := sha256.Sum256([]byte(signed))
	return base64.StdEncoding.EncodeToString(h[:])
}

// CheckpointEvery is how often a host signs where its chains stand.
const CheckpointEvery = time.Hour

// Checkpoint signs where every chain stands and keeps the note (V3). It returns
// "" where nothing has happened since the last one.
func (s *Store) Checkpoint(ctx context.Context, now time.Time) (signed string, err error) {
	err = s.Store.Write(ctx, func(tx db.Tx) error {
		signed = ""
		last, err := tx.LastCheckpoint()
		if err != nil {
			return err
		}
		c := checkpoint{at: now.UTC().Truncate(time.Second), after: noteHash(last.Note)}
		if c.heads, err = headsOf(tx); err != nil {
			return err
		}
		if was, err := readCheckpoint(noteText(last.Note)); err == nil && same(was.heads, c.heads) {
			return nil
		}
		b, err := note.Sign(&note.Note{Text: c.text()}, s.signer)
		if err != nil {
			return fmt.Errorf("sign: %w", err)
		}
		signed = string(b)
		return tx.AppendCheckpoint(db.Checkpoint{At: c.at, Note: signed})
	})
	if err != nil {
		return "", fmt.Errorf("checkpoint of the audit chain: %w", err)
	}
	return signed, nil
}

func headsOf(tx db.Tx) (heads []db.AuditHead, err error) {
	writers, err := tx.ListWriters()
	if err != nil {
		return nil, err
	}
	for _, w := range writers {
		h, err := tx.ChainHead(w.Writer)
		if err != nil {
			return nil, err
		}
		heads = append(heads, h)
	}
	return heads, nil
}

// noteText is a signed note without its signatures, unverified.
func noteText(signed string) string {
	text, _, _ := bytes.Cut([]byte(signed), []byte("\n\n"))
	return string(text) + "\n"
}

func same(a, b []db.AuditHead) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// openNote reads a signed checkpoint and checks its signature by the keys of
// the writers, each of which must be the one that its writer is named after.
func openNote(signed string, writers []db.AuditWriter) (checkpoint, error) {
	var keys []note.Verifier
	for _, w := range writers {
		if v, err := note.NewVerifier(w.Verifier); err == nil && WriterID(w.Verifier) == w.Writer {
			keys = append(keys, v)
		}
	}
	n, err := note.Open([]byte(signed), note.VerifierList(keys...))
	if err != nil {
		return checkpoint{}, errors.New("no signature of a writer of these chains is on it")
	}
	return readCheckpoint(n.Text)
}
