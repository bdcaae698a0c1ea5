package bus

// Tap hands over what was taken in, when it is acknowledged: after the commit of
// everything that it caused, and before its bytes may be unreadable.
type Tap struct {
	Bus
	Took func([]Delivery)
}

// Ack implements Bus.
func (t Tap) Ack(ds []Delivery) error {
	t.Took(ds)
	return t.Bus.Ack(ds)
}
