-- name: Suppression :one
SELECT * FROM suppressions WHERE user_hash = ?;

-- name: PutSuppression :exec
INSERT INTO suppressions (user_hash, opted_out, at, event_id, tier, erased_at)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (user_hash) DO UPDATE SET
  opted_out = excluded.opted_out,
  at = excluded.at,
  event_id = excluded.event_id,
  tier = excluded.tier,
  erased_at = excluded.erased_at;

-- name: OptedOut :many
SELECT * FROM suppressions
WHERE user_hash > sqlc.arg(after) AND opted_out = 1
ORDER BY user_hash
LIMIT sqlc.arg(max);
