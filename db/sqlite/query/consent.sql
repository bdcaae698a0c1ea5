-- name: PutConsent :exec
INSERT INTO consents (bot, user_id, kind, covers, wording, at, event_id, withdrawn_at, withdrawn_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (bot, user_id, kind, covers) DO UPDATE SET
  wording = excluded.wording,
  at = excluded.at,
  event_id = excluded.event_id,
  withdrawn_at = excluded.withdrawn_at,
  withdrawn_by = excluded.withdrawn_by;

-- name: ConsentsOf :many
SELECT * FROM consents WHERE bot = ? AND user_id = ? ORDER BY kind, covers;

-- name: StandingConsents :many
SELECT * FROM consents WHERE user_id = ? AND withdrawn_at = 0 ORDER BY bot, kind, covers;

-- name: OptIns :many
SELECT * FROM consents WHERE user_id = ? AND kind = 'opt_in' AND withdrawn_at = 0 ORDER BY bot, covers;
