package ingest

import "encoding/json"

// ReplayStatus is X's word on the end of a replay job, which comes to the
// webhook that the job was for.
type ReplayStatus struct {
	WebhookID string `json:"webhook_id"`
	JobID     string `json:"job_id"`
	State     string `json:"job_state"` // Complete or Incomplete
	Detail    string `json:"job_state_description"`
}

// readReplayStatus reads {"replay_job_status": {…}}; false where it names no
// state.
func readReplayStatus(body []byte) (ReplayStatus, bool) {
	var in struct {
		Status ReplayStatus `json:"replay_job_status"`
	}
	err := json.Unmarshal(body, &in)
	return in.Status, err == nil && in.Status.State != ""
}
