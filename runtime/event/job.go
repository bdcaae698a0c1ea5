package event

import "time"

// What a batch compliance job is about, in X's words.
const (
	JobPosts = "tweets"
	JobUsers = "users"
)

// Job is a batch compliance job as X shows it.
type Job struct {
	ID, Type, Name string
	Status         JobStatus

	UploadURL, DownloadURL   string // bear their own permission: never logged
	UploadUntil, DownloadEnd time.Time
	CreatedAt                time.Time
}

// JobStatus is how X says that a job stands.
type JobStatus string

// X's words.
const (
	JobCreated    JobStatus = "created" // it waits for ids
	JobInProgress JobStatus = "in_progress"
	JobComplete   JobStatus = "complete"
	JobFailed     JobStatus = "failed"
	JobExpired    JobStatus = "expired"
)

// Redaction is one line of a job's result: an id to be dropped, or changed, and
// why. An id without a line is still valid.
type Redaction struct {
	ID     string
	Action string // X's word; decide by Reason
	Reason string // deleted, suspended, protected, deactivated, bounced, scrub_geo
	At     time.Time
}
