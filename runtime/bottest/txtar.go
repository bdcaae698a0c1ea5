package bottest

import (
	"bytes"
	"fmt"
	"strings"
)

// archive is a text in the txtar format: a comment, then files, each behind a
// line "-- NAME --".
type archive struct {
	comment string
	files   []file
}

type file struct{ name, data string }

func parseArchive(text string) (ar archive) {
	into := &ar.comment
	for line := range strings.Lines(text) {
		if name, ok := marker(line); ok {
			ar.files = append(ar.files, file{name: name})
			into = &ar.files[len(ar.files)-1].data
			continue
		}
		*into += line
	}
	return ar
}

func marker(line string) (name string, ok bool) {
	line = strings.TrimRight(line, "\r\n")
	if len(line) < len("-- x --") || !strings.HasPrefix(line, "-- ") || !strings.HasSuffix(line, " --") {
		return "", false
	}
	return strings.TrimSpace(line[3 : len(line)-3]), true
}

func (ar archive) format() []byte {
	var b bytes.Buffer
	b.WriteString(ar.comment)
	for _, f := range ar.files {
		fmt.Fprintf(&b, "-- %s --\n%s", f.name, f.data)
		if f.data != "" && !strings.HasSuffix(f.data, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}
