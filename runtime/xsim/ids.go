package xsim

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// epoch is the start of X's snowflake ids, in Unix milliseconds.
const epoch = 1288834974657

// newID makes the next snowflake: its high bits tell the time, as X's do.
func (s *Sim) newID(at time.Time) string {
	id := max(at.UnixMilli()-epoch, 0) << 22
	s.lastID = max(id, s.lastID+1)
	return strconv.FormatInt(s.lastID, 10)
}

// EventID derives an event_uuid: like X's, a decimal string that is negative
// half of the time, and another one for each event that tells of a message.
func EventID(seed uint64, parts ...string) string {
	return strconv.FormatInt(int64(sum(seed, parts...)), 10)
}

// userID makes an id for a handle that nobody gave one, in X's range for new
// accounts.
func userID(handle string) string {
	const low, span = 1_500_000_000_000_000_000, 400_000_000_000_000_000
	return strconv.FormatUint(low+sum(0, "user", strings.ToLower(handle))%span, 10)
}

// shortLink is what X makes of a link: the same for a link within a post.
func shortLink(seed uint64, message, link string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	n := sum(seed, "link", message, link)
	var code [10]byte
	for i := range code {
		code[i] = alphabet[n%uint64(len(alphabet))]
		n /= uint64(len(alphabet))
	}
	return "https://t.co/" + string(code[:])
}

func sum(seed uint64, parts ...string) uint64 {
	h := sha256.New()
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	for _, p := range parts {
		binary.BigEndian.PutUint64(b[:], uint64(len(p)))
		h.Write(b[:])
		h.Write([]byte(p))
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

func isID(s string) bool {
	return s != "" && len(s) <= 19 && strings.Trim(s, "0123456789") == ""
}

func isHandle(s string) bool {
	return s != "" && len(s) <= 15 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
