package bus

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/beckon-bot/beckon/runtime/event"
)

// CloudEvents 1.0 attributes as headers, in the NATS binding's binary mode.
// Extension names are lower-case letters and digits only, as the
// specification demands.
const (
	hdrSpec    = "ce-specversion"
	hdrID      = "ce-id"
	hdrSource  = "ce-source"
	hdrType    = "ce-type"
	hdrTime    = "ce-time"
	hdrSubject = "ce-subject"    // the user; left out for NoUser
	hdrBot     = "ce-beckonbot"  // left out for NoBot
	hdrDead    = "ce-beckondead" // left out for a good body
	hdrContent = "content-type"

	specVersion = "1.0"
	contentType = "application/json"
)

// maxToken bounds what an id adds to a subject: the server closes a connection
// whose control line passes 4 KiB.
const maxToken = 64

// clean gives a message the one form in which every bus hands it out: UTC
// without a monotonic part, "_" for no bot and no user, nil for no data. It
// refuses what has no place in the stream; these are the sender's mistakes, X
// cannot cause them.
func clean(m Message) (Message, error) {
	if m.ID == "" || m.Source == "" || m.Type == "" {
		return m, errors.New("message without id, source or type")
	}
	if y := m.Time.Year(); y < 0 || y > 9999 {
		return m, fmt.Errorf("message %s: year %d", m.ID, y)
	}
	if m.Bot == "" {
		m.Bot = NoBot
	}
	if m.User == "" {
		m.User = NoUser
	}
	if !validBot(m.Bot) {
		return m, fmt.Errorf("message %s: bot name %q", m.ID, m.Bot)
	}
	if len(m.Data) == 0 {
		m.Data = nil
	}
	m.Time = m.Time.Round(0).UTC()
	return m, nil
}

// validBot reports whether a bot's name can stand in a subject.
func validBot(name string) bool {
	if name == NoBot {
		return true
	}
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		if !letter && (c != '-' || i == 0) {
			return false
		}
	}
	return name != "" && len(name) <= maxToken
}

// subject is where a clean message goes. The partition leaves the bot out, so
// that a STOP for all bots stays in one place.
func subject(m Message) string {
	return subjectPrefix + m.Bot + "." + strconv.Itoa(event.Partition(m.User)) + "." + userToken(m.User)
}

// userToken is a user id as one subject token: digits as they are, anything
// else as "b" and base32, what is too long as "h" and the base32 of its hash.
// The letter keeps base32 made of digits apart from an id of digits. The id
// itself is read from the header, never from the subject.
func userToken(user string) string {
	if user == NoUser {
		return user
	}
	enc := base32.StdEncoding.WithPadding(base32.NoPadding)
	token := user
	if user == "" || strings.Trim(user, "0123456789") != "" {
		token = "b" + strings.ToLower(enc.EncodeToString([]byte(user)))
	}
	if len(token) > maxToken {
		sum := sha256.Sum256([]byte(user))
		token = "h" + strings.ToLower(enc.EncodeToString(sum[:]))
	}
	return token
}

// encode turns a clean message into its stored form.
func encode(m Message, data []byte) *nats.Msg {
	msg := nats.NewMsg(subject(m))
	msg.Data = data
	set := func(name, value string) {
		if value != "" {
			msg.Header[name] = []string{escape(value)}
		}
	}
	set(hdrSpec, specVersion)
	set(hdrID, m.ID)
	set(hdrSource, m.Source)
	set(hdrType, m.Type)
	if !m.Time.IsZero() {
		set(hdrTime, m.Time.Format(time.RFC3339Nano))
	}
	if m.User != NoUser {
		set(hdrSubject, m.User)
	}
	if m.Bot != NoBot {
		set(hdrBot, m.Bot)
	}
	set(hdrDead, m.Dead)
	set(hdrContent, contentType)
	return msg
}

// decode undoes encode. It never refuses: nothing may be dropped, so a message
// that another version or another hand wrote, and that cannot be read in full,
// comes out as a dead letter that says why.
func decode(h nats.Header, data []byte, seq uint64, open func([]byte) ([]byte, error)) Message {
	var wrong error
	get := func(name string) string {
		v, err := url.PathUnescape(h.Get(name))
		if err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("header %s: %w", name, err))
			return h.Get(name)
		}
		return v
	}
	m := Message{
		ID:     get(hdrID),
		Type:   get(hdrType),
		Source: get(hdrSource),
		Bot:    or(get(hdrBot), NoBot),
		User:   or(get(hdrSubject), NoUser),
		Dead:   get(hdrDead),
	}
	if v := get(hdrSpec); v != specVersion {
		wrong = errors.Join(wrong, fmt.Errorf("CloudEvents version %q", v))
	}
	if m.ID == "" {
		m.ID = "stream-" + strconv.FormatUint(seq, 10)
		wrong = errors.Join(wrong, errors.New("no CloudEvents id"))
	}
	if v := get(hdrTime); v != "" {
		t, err := time.Parse(time.RFC3339Nano, v)
		wrong = errors.Join(wrong, err)
		m.Time = t.UTC()
	}
	plain, err := open(data)
	if err != nil {
		plain, wrong = data, errors.Join(wrong, err)
	}
	if len(plain) > 0 {
		m.Data = plain
	}
	if m.Dead == "" && wrong != nil {
		m.Dead = strings.ReplaceAll(wrong.Error(), "\n", "; ")
	}
	return m
}

func or(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// escape percent-encodes what the CloudEvents bindings demand: everything that
// is not printable ASCII, the space, the quote and the percent sign.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c > ' ' && c < 0x7f && c != '"' && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
