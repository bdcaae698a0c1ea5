package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errSilent = errors.New("no data for 20 s")
	errDrip   = errors.New("a line took over a minute to arrive")
	errTorn   = errors.New("ended in the middle of a line")
)

// lineTime is how long one line may take: bytes that drip keep the watch for
// silence quiet, and no line of X's takes seconds.
const lineTime = time.Minute

// lines reads the lines of a stream and ends it when it falls silent.
type lines struct {
	in    io.ReadCloser
	buf   *bufio.Reader
	watch *time.Timer
	dead  atomic.Bool
	once  sync.Once

	began time.Time // of the line under way; zero: none
	long  bool      // the line last returned was over 1 MiB, and is cut
}

func newLines(in io.ReadCloser) *lines {
	l := &lines{in: in}
	l.buf = bufio.NewReaderSize(watched{l}, 64<<10)
	l.watch = time.AfterFunc(silence+grace, func() { l.dead.Store(true); l.close() })
	l.watch.Stop()
	return l
}

func (l *lines) close() {
	l.once.Do(func() { _ = l.in.Close() }) // the reader sees its end
}

// watched counts the time in which nothing comes, and only that: while a line
// is stored nobody reads.
type watched struct{ l *lines }

func (w watched) Read(p []byte) (int, error) {
	l := w.l
	l.watch.Reset(silence + grace)
	n, err := l.in.Read(p)
	l.watch.Stop()
	if l.dead.Load() {
		return n, errSilent
	}
	if now := time.Now(); l.began.IsZero() {
		l.began = now
	} else if now.Sub(l.began) > lineTime && bytes.IndexByte(p[:n], '\n') < 0 {
		return n, errDrip
	}
	return n, err
}

// next returns the next line without its end; an empty one is a heartbeat. An
// error may come with what there is of a line.
func (l *lines) next() ([]byte, error) {
	var line []byte
	l.long, l.began = false, time.Time{}
	for {
		part, err := l.buf.ReadSlice('\n')
		if room := maxBody - len(line); len(part) > room+2 {
			part, l.long = part[:max(room, 0)], true
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull): // the line goes on
		case err == io.EOF && len(line) > 0:
			return line, errTorn
		case err != nil:
			return line, err
		default:
			return bytes.TrimRight(line, "\r\n"), nil
		}
	}
}
