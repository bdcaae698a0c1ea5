-- name: PutOperator :exec
INSERT INTO operators (name, role, token_hash, created_at, created_by, token_at, expires_at, removed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
  role = excluded.role,
  token_hash = excluded.token_hash,
  token_at = excluded.token_at,
  expires_at = excluded.expires_at,
  removed_at = excluded.removed_at;

-- name: Operator :one
SELECT * FROM operators WHERE name = ?;

-- name: OperatorByToken :one
SELECT * FROM operators WHERE token_hash = ? AND token_hash <> '';

-- name: ListOperators :many
SELECT * FROM operators ORDER BY name;

-- name: AppendOperatorAct :exec
INSERT INTO operator_acts (id, at, made_by, role, did, subject, refused) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: ListOperatorActs :many
SELECT * FROM operator_acts
WHERE at >= sqlc.arg(since) AND (CAST(sqlc.arg(by) AS TEXT) = '' OR made_by = sqlc.arg(by))
ORDER BY seq DESC
LIMIT sqlc.arg(max);
