package handlers

import "sync/atomic"

// Live is answers that a host exchanges while it runs. Each message is answered
// by one version of them from start to end; a flow that the next version does
// not have is closed, and its message is taken as any other.
type Live struct{ now atomic.Pointer[Answers] }

// NewLive begins with a version; nil is silence.
func NewLive(a *Answers) *Live {
	l := &Live{}
	l.now.Store(a)
	return l
}

// Name is answers.
func (*Live) Name() string { return (*Answers)(nil).Name() }

// Handle asks the version of now.
func (l *Live) Handle(in In) Out { return l.now.Load().Handle(in) }

// Swap puts another version in place.
func (l *Live) Swap(a *Answers) { l.now.Store(a) }

// Now is the version of now.
func (l *Live) Now() *Answers { return l.now.Load() }
