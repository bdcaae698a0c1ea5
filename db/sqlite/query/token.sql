-- name: ReadToken :one
SELECT * FROM tokens WHERE bot = ?;

-- name: InsertToken :execrows
INSERT INTO tokens (bot, version, state, reason, scopes, login_at, refreshed_at, expires_at, lease_until, sealed)
VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (bot) DO NOTHING;

-- name: UpdateToken :execrows
UPDATE tokens SET
  version = version + 1,
  state = ?,
  reason = ?,
  scopes = ?,
  login_at = ?,
  refreshed_at = ?,
  expires_at = ?,
  lease_until = ?,
  sealed = ?
WHERE bot = ? AND version = ?;

-- name: ListTokens :many
SELECT * FROM tokens ORDER BY bot;
