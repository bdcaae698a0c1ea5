package doctor

import "sync/atomic"

// Metrics is what the doctor of a running host last found.
type Metrics struct {
	Checks      atomic.Int64 `metric:"beckon_doctor_checks_total" help:"Times that the doctor has looked at one bot or more."`
	Undisclosed atomic.Int64 `metric:"beckon_bots_undisclosed" help:"Bots that send nothing because label, bio or operator are not as X wants them."`
	Unsafe      atomic.Int64 `metric:"beckon_doctor_findings" labels:"level=unsafe" help:"Findings of the last look at everything, by level."`
	Warn        atomic.Int64 `metric:"beckon_doctor_findings" labels:"level=warn" help:"Findings of the last look at everything, by level."`
	Unknown     atomic.Int64 `metric:"beckon_doctor_findings" labels:"level=unknown" help:"Findings of the last look at everything, by level."`
	OK          atomic.Int64 `metric:"beckon_doctor_findings" labels:"level=ok" help:"Findings of the last look at everything, by level."`
}

// Found takes over the findings of a look at everything.
func (m *Metrics) Found(all []Finding) {
	m.Unsafe.Store(int64(Count(all, Unsafe)))
	m.Warn.Store(int64(Count(all, Warn)))
	m.Unknown.Store(int64(Count(all, Unknown)))
	m.OK.Store(int64(Count(all, OK)))
}
