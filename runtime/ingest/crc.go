package ingest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// maxToken is the length of the longest challenge that is answered. X does not
// document the form of its tokens.
const maxToken = 256

// challenge answers X's challenge-response check: the HMAC of crc_token.
func (w *Webhook) challenge(rw http.ResponseWriter, r *http.Request) {
	m := w.opt.Metrics
	query, err := url.ParseQuery(r.URL.RawQuery)
	tokens := query["crc_token"]
	switch {
	case err != nil || len(tokens) != 1:
		w.refuse(rw, r, http.StatusBadRequest, &m.BadCRC, "want exactly one crc_token")
		return
	case !signable([]byte(tokens[0])):
		w.refuse(rw, r, http.StatusBadRequest, &m.BadCRC, "crc_token in a form that is not signed")
		return
	case len(w.keys) == 0:
		w.refuse(rw, r, http.StatusServiceUnavailable, &m.BadCRC, "no consumer secret")
		return
	}
	sum := w.keys[0].sum([]byte(tokens[0]))
	rw.Header().Set("Content-Type", contentType)
	// An answer that cannot be written is X's to notice: it checks again.
	_ = json.NewEncoder(rw).Encode(struct {
		Token string `json:"response_token"`
	}{signaturePrefix + base64.StdEncoding.EncodeToString(sum[:])})
	m.CRC.Add(1)
}

// signable reports whether the text is a challenge that is answered: of the
// alphabet of tokens, and no JSON, which a body could be (W3). A number and
// the three words are all the JSON that the alphabet can write.
func signable(token []byte) bool {
	if len(token) < 1 || len(token) > maxToken {
		return false
	}
	const signs = "+/=_.-"
	for _, c := range token {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte(signs, c) < 0 {
			return false
		}
	}
	return !json.Valid(token)
}
