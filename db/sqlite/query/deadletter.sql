-- name: AppendDeadLetter :exec
INSERT INTO dead_letters (id, at, bot, event_id, stage, reason, raw)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING;

-- name: ListDeadLetters :many
SELECT * FROM dead_letters ORDER BY at, id LIMIT ?;

-- name: DeadLetter :one
SELECT * FROM dead_letters WHERE id = ?;

-- name: DropDeadLetter :exec
DELETE FROM dead_letters WHERE id = ?;

-- name: CountDeadLetters :one
SELECT COUNT(*) FROM dead_letters;
