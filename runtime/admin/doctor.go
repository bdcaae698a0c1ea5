package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/beckon-bot/beckon/runtime/doctor"
)

// Doctor looks at bots, app and host, and acts on what it sees.
type Doctor interface {
	Examine(ctx context.Context, ask DoctorAsk) ([]doctor.Finding, error)
}

// DoctorAsk is the body of a look.
type DoctorAsk struct {
	Bot    string         `json:"bot,omitempty"`    // "": all
	Online bool           `json:"online,omitempty"` // ask for pages outside of X too
	Beside []DoctorBeside `json:"beside,omitempty"`
}

// DoctorBeside is what another configuration tells.
type DoctorBeside struct {
	App  doctor.OtherApp   `json:"app"`
	Bots []doctor.OtherBot `json:"bots"`
}

// DoctorFound is the answer.
type DoctorFound struct {
	Findings []doctor.Finding `json:"findings"`
}

func (s *server) examine(r *http.Request) (any, error) {
	var in DoctorAsk
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	if in.Bot != "" && !slices.Contains(s.Bots, in.Bot) {
		return nil, badRequest("there is no bot " + in.Bot)
	}
	if s.Doctor == nil {
		return nil, Refusal{errors.New("there is no doctor here")}
	}
	found, err := s.Doctor.Examine(r.Context(), in)
	if err != nil {
		return nil, Refusal{err}
	}
	return DoctorFound{found}, nil
}
