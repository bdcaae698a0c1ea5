package bus

// ShutdownServer stops the server under an open bus.
func ShutdownServer(b *JetStream) { stopServer(b.srv) }

// StoreTogether stores what as many calls of Publish would, in one batch, and
// returns what each of them is told.
func StoreTogether(b *JetStream, calls ...[]Message) (told []error) {
	group := make([]offer, len(calls))
	for i, msgs := range calls {
		group[i].stored = make(chan error, 1)
		for _, m := range msgs {
			m, err := clean(m)
			if err != nil {
				return []error{err}
			}
			group[i].msgs = append(group[i].msgs, m)
		}
	}
	b.storeGroup(group)
	for _, o := range group {
		told = append(told, <-o.stored)
	}
	return told
}
