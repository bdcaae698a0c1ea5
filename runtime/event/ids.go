package event

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"
)

// ActionID makes the id of an action-log row from its key: "a-" and 16 hex
// digits. The same cause gives the same id on every host and in every replay.
func ActionID(bot, interaction string, kind ActionKind, purpose Purpose, part, version int) string {
	h := sha256.New()
	for _, s := range []string{bot, interaction, string(kind), string(purpose), strconv.Itoa(part), strconv.Itoa(version)} {
		var size [8]byte // before each part: ("ab", "c") is not ("a", "bc")
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	return "a-" + hex.EncodeToString(h.Sum(nil)[:8])
}

// Partitions is the number of partitions of the event stream. It never
// changes: a user's events must stay in one place.
const Partitions = 64

// Partition is the partition of a user, from 0 to Partitions-1: FNV-1a (32
// bit) of the X user id, without the bot, so that a STOP for all bots of the
// operator stays in one place.
func Partition(user string) int {
	h := uint32(2166136261)
	for i := range len(user) {
		h = (h ^ uint32(user[i])) * 16777619
	}
	return int(h % Partitions)
}

// Snowflake reads the UTC time of creation, to the millisecond, out of an id
// of a post or DM. It reports false for what is no snowflake: other forms, and
// the consecutive ids that X gave before November 2010.
func Snowflake(id string) (time.Time, bool) {
	const first = 29_700_859_247
	if !isDigits(id) {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < first {
		return time.Time{}, false
	}
	return time.UnixMilli(n>>22 + snowflakeEpoch).UTC(), true
}

// snowflakeEpoch is where X's snowflakes start, in ms since 1970.
const snowflakeEpoch = 1288834974657

// SnowflakeAt is the smallest id that a post or DM of that time can have.
func SnowflakeAt(at time.Time) string {
	return strconv.FormatInt(max(at.UnixMilli()-snowflakeEpoch, 0)<<22, 10)
}

func snowflakeTime(id string) time.Time {
	at, _ := Snowflake(id)
	return at
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
