package db

import "time"

// TextKey is a key that text is sealed with, itself sealed with the host's. To
// destroy it is to destroy the text, wherever copies of it are.
type TextKey struct {
	ID     string // random; stands in what was sealed with it
	Bot    string
	User   string    // whose words; bus.NoUser: nobody's in particular
	Day    time.Time // UTC day on which it was made
	Of     string    // id of the one message that it is for; "": all of the day
	Sealed []byte
}

// KeyOfMatch begins TextKey.Of of a key for the reference of a match. It has no
// time: it is destroyed with its match.
const KeyOfMatch = "match:"

// TextKeys keeps them. Their texts are gone once they are.
type TextKeys interface {
	// PutTextKey adds a key. Where there is one for the same bot, user, day and
	// message, it changes nothing.
	PutTextKey(k TextKey) error
	// TextKey returns ErrNotFound if there is none, or no longer.
	TextKey(id string) (TextKey, error)
	// TextKeyFor returns ErrNotFound if there is none.
	TextKeyFor(bot, user string, day time.Time, of string) (TextKey, error)
	DropTextKey(id string) error
	// HoldTextKey keeps the key of one message until what answers it has ended, by
	// DropHeldTextKeys; nothing is sealed with it any more.
	HoldTextKey(id string) error
	// DropHeldTextKeys destroys the held keys of the user toward the bot, unless an
	// action of the bot to the user is open, and returns their ids.
	DropHeldTextKeys(bot, user string) (ids []string, err error)
	// WalkTextKeys lists up to max keys whose id is after the one given, by id.
	WalkTextKeys(after string, max int) ([]TextKey, error)
	// ResealTextKey has sealed stand in for what the key was sealed as. It returns
	// ErrNotFound where the key is destroyed: it does not come back.
	ResealTextKey(id string, sealed []byte) error
	// RetireTextKeys has nothing sealed any more with the keys of the user ("": of
	// every one) toward the bot ("": toward every one); they open until dropped.
	RetireTextKeys(bot, user string) error
	// DropTextKeys destroys the retired ones of the user ("": of every one) toward the bot ("":
	// toward every one), and returns how many.
	DropTextKeys(bot, user string) (n int, err error)
	// PruneTextKeys destroys up to max that were made before the day, those of matches
	// aside.
	PruneTextKeys(before time.Time, max int) (n int, err error)
}
