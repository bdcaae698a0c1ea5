package budget

import "sync"

// Inbox holds what X's answers said of limits until the settlement of the call
// stores it. It is safe for concurrent use; the zero value is ready.
type Inbox struct {
	mu   sync.Mutex
	told map[[2]string]Told
}

// Put keeps the newest word on a bot's endpoint.
func (i *Inbox) Put(bot, endpoint string, t Told) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.told == nil {
		i.told = map[[2]string]Told{}
	}
	i.told[[2]string{bot, endpoint}] = t
}

// Take returns it and forgets it: a later answer without a word on limits must
// not repeat an older one.
func (i *Inbox) Take(bot, endpoint string) (Told, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	k := [2]string{bot, endpoint}
	t, ok := i.told[k]
	delete(i.told, k)
	return t, ok
}
