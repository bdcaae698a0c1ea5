package bundle

import (
	"fmt"
	"html/template"
	"strings"
	"time"
)

// Charts are drawn here as SVG: the page has no script. Every number that goes
// in is our own, and every text is a constant or a date.

const (
	chartWidth = 700.0
	leftEdge   = 56.0 // room for the scale
	topEdge    = 10.0
)

// daily draws the decisions a day, by how they came out; by week or month where
// days would be too thin to see.
func (r Report) daily() template.HTML {
	bins, label := r.bins()
	if r.decided() == 0 {
		return ""
	}
	names := outcomeNames()
	sums := make([][]float64, len(bins))
	for i := range sums {
		sums[i] = make([]float64, len(names))
	}
	most := 0.0
	for _, d := range r.Decisions {
		at, err := time.Parse(time.DateOnly, d.Day)
		if err != nil {
			continue
		}
		i := len(bins) - 1
		for i > 0 && at.Before(bins[i]) {
			i--
		}
		for k, o := range names {
			if d.Decision == o.Decision {
				sums[i][k] += float64(d.N)
			}
		}
	}
	for _, s := range sums {
		total := 0.0
		for _, v := range s {
			total += v
		}
		most = max(most, total)
	}
	const height, foot = 180.0, 34.0
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="Decisions %s">`, chartWidth, topEdge+height+foot, label)
	top := nice(most)
	for i := range 5 {
		v := top * float64(i) / 4
		y := topEdge + height - height*float64(i)/4
		fmt.Fprintf(&b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="scale" x="%g" y="%.1f">%s</text>`,
			leftEdge, chartWidth, y, y, leftEdge-6, y+4, tick(v))
	}
	step := (chartWidth - leftEdge) / float64(len(bins))
	every := max(1, len(bins)/8)
	for i, s := range sums {
		x, y := leftEdge+step*float64(i), topEdge+height
		for k, v := range s {
			h := height * v / top
			y -= h
			if v > 0 {
				fmt.Fprintf(&b, `<rect class="%s" x="%.2f" y="%.2f" width="%.2f" height="%.2f"><title>%s: %s %s</title></rect>`,
					names[k].Decision, x+step*0.1, y, step*0.8, h, bins[i].Format(time.DateOnly), thousands(int64(v)), names[k].Decision)
			}
		}
		if i%every == 0 && (i == 0 || x+step/2 < chartWidth-24) { // the last may not fit
			fmt.Fprintf(&b, `<text class="foot" x="%.1f" y="%.1f">%s</text>`, x+step/2, topEdge+height+18, bins[i].Format("2 Jan"))
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// bins are the beginnings of the bars.
func (r Report) bins() (bins []time.Time, label string) {
	days := int(r.To.Sub(r.From).Hours() / 24)
	step := func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }
	label = "a day"
	switch {
	case days > 7*60:
		label, step = "a month", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }
	case days > 60:
		label, step = "a week", func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }
	}
	for t := r.From; t.Before(r.To); t = step(t) {
		bins = append(bins, t)
	}
	return bins, label
}

// lags draws how soon opt-outs were in force.
func (r Report) lags() template.HTML {
	total := r.optOutN()
	if total == 0 {
		return ""
	}
	const row, bar = 24.0, 16.0
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="How soon opt-outs were in force">`, chartWidth, row*float64(len(r.OptOuts.Within))+4)
	for i, w := range r.OptOuts.Within {
		y := row * float64(i)
		width := (chartWidth - leftEdge - 90) * float64(w.N) / float64(total)
		fmt.Fprintf(&b, `<text class="scale" x="%g" y="%.1f">%s</text><rect class="allow" x="%g" y="%.1f" width="%.2f" height="%g"/><text class="beside" x="%.1f" y="%.1f">%s</text>`,
			leftEdge-6, y+15, template.HTMLEscapeString(w.Within), leftEdge, y+2, width, bar, leftEdge+width+6, y+15, thousands(w.N))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// nice is the top of a scale: 1, 2, 4 or 8 times a power of ten, at least most.
func nice(most float64) float64 {
	for p := 1.0; ; p *= 10 {
		for _, m := range []float64{1, 2, 4, 8} {
			if m*p >= most && m*p >= 4 {
				return m * p
			}
		}
	}
}

func tick(v float64) string {
	if v == float64(int64(v)) {
		return thousands(int64(v))
	}
	return fmt.Sprintf("%.1f", v)
}
