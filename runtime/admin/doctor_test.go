package admin_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/doctor"
)

// looked is a doctor that keeps what it was asked.
type looked struct {
	asked []admin.DoctorAsk
	err   error
}

func (l *looked) Examine(_ context.Context, ask admin.DoctorAsk) ([]doctor.Finding, error) {
	l.asked = append(l.asked, ask)
	return []doctor.Finding{{Bot: ask.Bot, Check: "label", Level: doctor.OK, Found: "on", Duty: "duty 1"}}, l.err
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	d := open(t)
	if got := d.do("POST", "/v1/doctor", `{}`); got.status != 409 {
		t.Errorf("without a doctor: %+v, want 409", got)
	}
	l := &looked{}
	d.opt.Doctor = l
	d.Handler = admin.New(d.opt)
	got := get[admin.DoctorFound](d, "POST", "/v1/doctor", `{"bot":"acme","online":true,"beside":[{"app":{"File":"b.yaml"}}]}`)
	if len(got.Findings) != 1 || got.Findings[0].Bot != "acme" || got.Findings[0].Level != doctor.OK {
		t.Errorf("got %+v", got)
	}
	if len(l.asked) != 1 || !l.asked[0].Online || len(l.asked[0].Beside) != 1 || l.asked[0].Beside[0].App.File != "b.yaml" {
		t.Errorf("asked %+v", l.asked)
	}
	for _, tt := range []struct {
		body string
		want int
		say  string
	}{
		{`{"bot":"nobody"}`, 400, "there is no bot nobody"},
		{`{"both":"acme"}`, 400, "unknown field"},
		{``, 400, "no JSON of this form"},
	} {
		if got := d.do("POST", "/v1/doctor", tt.body); got.status != tt.want || !strings.Contains(got.body, tt.say) {
			t.Errorf("%s: %+v, want %d %s", tt.body, got, tt.want, tt.say)
		}
	}
	l.err = errors.New("the database is away")
	if got := d.do("POST", "/v1/doctor", `{}`); got.status != 409 || !strings.Contains(got.body, "the database is away") {
		t.Errorf("a failure: %+v, want 409", got)
	}
	if len(l.asked) != 2 {
		t.Errorf("asked %d times, want 2", len(l.asked))
	}
}
