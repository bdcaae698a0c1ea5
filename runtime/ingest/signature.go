package ingest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"strings"
	"sync"
)

const (
	signatureHeader = "X-Twitter-Webhooks-Signature"
	signaturePrefix = "sha256="
)

// signer makes HMAC-SHA256 sums with one secret. Preparing the key costs as
// much as a small body, so prepared ones are pooled.
type signer struct{ pool sync.Pool }

type prepared struct {
	mac hash.Hash
	sum [sha256.Size]byte
}

func newSigner(secret []byte) *signer {
	return &signer{pool: sync.Pool{New: func() any {
		return &prepared{mac: hmac.New(sha256.New, secret)}
	}}}
}

func (s *signer) sum(message []byte) [sha256.Size]byte {
	p := s.pool.Get().(*prepared)
	defer s.pool.Put(p)
	p.mac.Reset()
	p.mac.Write(message)
	p.mac.Sum(p.sum[:0])
	return p.sum
}

// verify reports whether the header carries exactly one signature and it is
// that of the body under one of the secrets (W2).
func (w *Webhook) verify(h http.Header, body []byte) bool {
	values := h[signatureHeader]
	if len(values) != 1 {
		return false
	}
	given, ok := decodeSignature(values[0])
	if !ok {
		return false
	}
	good := false
	for _, k := range w.keys { // all of them: the time says nothing about which one fits
		want := k.sum(body)
		good = hmac.Equal(given[:], want[:]) || good
	}
	return good
}

// decodeSignature reads "sha256=" and the base64 of 32 bytes, in the one form
// in which X writes it.
func decodeSignature(s string) (sum [sha256.Size]byte, ok bool) {
	enc := base64.StdEncoding.Strict()
	s, ok = strings.CutPrefix(s, signaturePrefix)
	if !ok || len(s) != enc.EncodedLen(len(sum)) {
		return sum, false
	}
	var buf [sha256.Size + 1]byte // one more than fits: the decoder wants whole groups of three
	n, err := enc.Decode(buf[:], []byte(s))
	if err != nil || n != len(sum) {
		return sum, false
	}
	return [sha256.Size]byte(buf[:n]), true
}
