package bus

// ShutdownServer stops the server under an open bus.
func ShutdownServer(b *JetStream) { stopServer(b.srv) }
