package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// maxLine is more than any body that X delivers.
const maxLine = 4 << 20

// Line is one entry of an event log.
type Line struct {
	File string
	N    int // from 1

	Body []byte    // X's body; nil for a line of our own
	Time time.Time // when it was taken in; zero if the line does not say
	Own  string    // the action that made it, for an own event that the recorder found in the action log

	notice bool // it tells readers something, and is no event

	Command bool // Body is a command of Beckon's own: a CloudEvent of that source and type
	Judged  bool // Body is a person's word on a held draft; likewise
	Answer  bool // Body is what a handler outside of the host said, or word that it said nothing; likewise

	Outcome   *Outcome         // how a send ended, as recorded
	Activated *gate.Activation // rules that came in force on the host that recorded
}

// Outcome is a recorded end of a send: a line of the type beckon.outcome.
type Outcome struct {
	Action   string `json:"action"`
	Class    string `json:"class"` // event.Class; "" is success
	RemoteID string `json:"remote_id"`
	Detail   string `json:"detail"`
}

// check says what is wrong with it: it would fail in the middle of the replay.
func (o Outcome) check() error {
	classes := []event.Class{
		event.OK, event.Transient, event.RateLimited, event.UsageCapped, event.Refused, event.Auth, event.Gone, event.UnknownOutcome, event.Bug,
	}
	switch {
	case o.Action == "":
		return errors.New("the recorded outcome names no action: add action, the id of the send")
	case !slices.Contains(classes, event.Class(o.Class)):
		return fmt.Errorf("the recorded outcome has the class %q; it is one of %q, where the first is success", o.Class, classes)
	}
	return nil
}

// OutcomeType is the CloudEvents type of a recorded outcome.
const OutcomeType = "beckon.outcome"

// ActivatedType is the CloudEvents type of a recorded activation of rules.
const ActivatedType = "beckon.rules.activated"

// NoticeType is the CloudEvents type of a line that tells readers something, such
// as what an export may not be used for. A replay passes it over.
const NoticeType = "beckon.notice"

// ActivatedLine is the line of a log that tells of an activation, without a
// newline; false: the record is of something else.
func ActivatedLine(r gate.Record) ([]byte, bool) {
	a, ok := r.Activation()
	if !ok {
		return nil, false
	}
	line, err := json.Marshal(struct {
		SpecVersion string          `json:"specversion"`
		ID          string          `json:"id"`
		Source      string          `json:"source"`
		Type        string          `json:"type"`
		Subject     string          `json:"subject"`
		Time        time.Time       `json:"time"`
		Data        gate.Activation `json:"data"`
	}{"1.0", r.ID, "/rules", ActivatedType, a.Bot, r.At, a})
	return line, err == nil
}

// LineError says what is wrong with one line of a log.
type LineError struct {
	File string
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

var (
	errNoEvent = errors.New(`neither an X body ({"data":{...}}) nor a CloudEvent ({"specversion":"1.0",...})`)
	errUTF16   = errors.New("the file is UTF-16; save it as UTF-8")
	errTooLong = errors.New("the line is longer than 4 MiB")
	errNoData  = errors.New("the CloudEvent has no data")
)

// Scan reads a log and calls fn for each line in order. A bad line goes to
// bad as a LineError; where bad returns an error, or is nil, Scan stops with
// it. Empty lines are passed over.
func Scan(name string, r io.Reader, fn func(Line) error, bad func(error) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		raw, err := readLine(in)
		if err == io.EOF && len(raw) == 0 {
			return nil
		}
		if err != nil && err != io.EOF && !errors.Is(err, errTooLong) {
			var p *fs.PathError
			if errors.As(err, &p) {
				err = p.Err // its path is the name
			}
			return fmt.Errorf("read %s: %w", name, err)
		}
		end := err == io.EOF
		if n == 1 { // editors of Windows begin a file with it
			raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
		}
		if raw = bytes.TrimSpace(raw); len(raw) > 0 || errors.Is(err, errTooLong) {
			line := Line{File: name, N: n}
			fault := err
			if fault == nil || end {
				fault = line.parse(raw)
			}
			if fault != nil {
				fault = &LineError{File: name, Line: n, Err: fault}
				if bad != nil {
					fault = bad(fault)
				}
				if fault != nil {
					return fault
				}
			} else if line.notice {
				// for readers
			} else if err := line.each(fn); err != nil {
				return err
			}
		}
		if end {
			return nil
		}
	}
}

// each calls fn for each event of the line as the webhook takes it in: a body of
// the older envelope is a batch.
func (l Line) each(fn func(Line) error) error {
	parts, err := event.Split(l.Body)
	if l.Body == nil || err != nil || len(parts) < 2 {
		return fn(l) // an unreadable body becomes a dead letter
	}
	for _, p := range parts {
		l.Body = p.Data
		if err := fn(l); err != nil {
			return err
		}
	}
	return nil
}

// readLine returns the next line, which the caller may keep.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			long = true
		}
		if !long {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if long && (err == nil || err == io.EOF) {
			return nil, errTooLong
		}
		return line, err
	}
}

// envelope is what tells the shapes of a line apart.
type envelope struct {
	SpecVersion string          `json:"specversion"`
	Type        string          `json:"type"`
	Source      string          `json:"source"`
	Time        string          `json:"time"`
	Data        json.RawMessage `json:"data"`
	ForUser     json.RawMessage `json:"for_user_id"` // the older envelope
	UserEvent   json.RawMessage `json:"user_event"`
	DataBase64  []byte          `json:"data_base64"`
	Action      string          `json:"beckonaction"`
}

func (l *Line) parse(raw []byte) error {
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		if bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}) {
			return errUTF16
		}
		return fmt.Errorf("not JSON: %w; a log has one JSON object a line", err)
	}
	if e.SpecVersion == "" {
		older := len(e.ForUser) > 0 || len(e.UserEvent) > 0
		if !older && (len(e.Data) == 0 || e.Data[0] != '{') {
			return errNoEvent
		}
		l.Body = raw
		return nil
	}
	if e.Time != "" {
		at, err := time.Parse(time.RFC3339Nano, e.Time)
		if err != nil {
			return fmt.Errorf("the CloudEvent's time is not RFC 3339: %w", err)
		}
		l.Time = at.UTC()
	}
	if l.notice = e.Type == NoticeType; l.notice {
		return nil
	}
	data := []byte(e.Data)
	if len(data) == 0 {
		data = e.DataBase64
	}
	if len(data) == 0 {
		return errNoData
	}
	if e.Type == OutcomeType {
		l.Outcome = new(Outcome)
		if err := json.Unmarshal(data, l.Outcome); err != nil {
			return fmt.Errorf("read the recorded outcome: %w", err)
		}
		return l.Outcome.check()
	}
	if e.Type == ActivatedType {
		l.Activated = new(gate.Activation)
		if err := json.Unmarshal(data, l.Activated); err != nil {
			return fmt.Errorf("read the recorded activation of rules: %w", err)
		}
		return l.Activated.Check()
	}
	l.Own, l.Body = e.Action, data
	l.Command = e.Source == event.CommandSource && (e.Type == string(event.CommandType) || e.Type == string(event.TimerType))
	l.Judged = e.Source == event.JudgementSource && e.Type == string(event.JudgementType)
	l.Answer = e.Source == event.AnswerSource && e.Type == string(event.AnswerType)
	switch { // which are of this host, and no dead letters
	case l.Command:
		_, err := event.ReadCommand(data)
		return err
	case l.Judged:
		_, err := event.ReadJudgement(data)
		return err
	case l.Answer:
		_, err := event.ReadResponse(data)
		return err
	}
	return nil
}
