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

-- name: ListSuppressions :many
SELECT * FROM suppressions
WHERE user_hash > sqlc.arg(after)
ORDER BY user_hash
LIMIT sqlc.arg(max);

-- name: OweSuppression :exec
INSERT INTO suppressions_owed (user_hash, rev) VALUES (?, 1)
ON CONFLICT (user_hash) DO UPDATE SET rev = suppressions_owed.rev + 1;

-- name: OwedSuppressions :many
SELECT sqlc.embed(s), o.rev FROM suppressions_owed AS o
JOIN suppressions AS s ON s.user_hash = o.user_hash
ORDER BY o.user_hash
LIMIT sqlc.arg(max);

-- name: CountOwedSuppressions :one
SELECT count(*) FROM suppressions_owed;

-- name: SettleSuppression :exec
DELETE FROM suppressions_owed WHERE user_hash = ? AND rev = ?;
