package gate

import (
	"strings"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/runtime/event"
)

// inParts cuts the text of an answer by DM that may go out as several messages;
// of any other draft it takes the wish away.
func inParts(d event.Draft) event.Draft {
	if d.Kind != event.DM || d.Purpose != event.Answer || d.Line == event.StopQuestion {
		d.SplitAt = 0
	}
	d.Text = event.InParts(d.Text, d.SplitAt)
	return d
}

// measure counts the parts of a DM, 0 where it is one message, and says whether
// X or we would refuse it for its length.
func measure(d event.Draft) (parts int, tooLong bool) {
	all := partsOf(d, d.Text)
	for _, text := range all {
		tooLong = tooLong || utf8.RuneCountInString(text) > maxDMRunes
	}
	if len(all) == 1 {
		return 0, tooLong
	}
	return len(all), tooLong || len(all) > event.MaxParts
}

// partsOf is the messages as which the text of a draft goes out.
func partsOf(d event.Draft, text string) []string {
	if d.SplitAt <= 0 {
		return []string{text}
	}
	return strings.Split(text, event.PartEnd)
}

// InParts makes of a verdict on a whole answer that on its first part, and
// returns the texts of all. What was decided of the whole holds for each.
func (v *Verdict) InParts() []string {
	texts := partsOf(v.Facts.Draft, v.Text)
	if len(texts) > 1 {
		v.Facts.Parts, v.Facts.Text.Parts = len(texts), 0
	}
	v.Text = texts[0]
	return texts
}

// addLine adds a line of the host's to a draft: to its first part, since the
// user may get no other.
func addLine(d *event.Draft, line string) {
	parts := partsOf(*d, d.Text)
	parts[0] += "\n\n" + line
	d.Text = strings.Join(parts, event.PartEnd)
}

// cost is what the draft costs, all its parts together.
func (f Facts) cost(b Budget) int64 { return b.Of(f.Text.HasURL) * int64(max(1, f.Text.Parts)) }

// Cost is what the draft that was decided on costs, all its parts together.
func (v Verdict) Cost(b Budget) int64 { return v.Facts.cost(b) }
