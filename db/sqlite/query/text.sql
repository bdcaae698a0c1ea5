-- name: PutActionText :exec
INSERT INTO action_texts (action_id, sealed)
VALUES (?, ?)
ON CONFLICT (action_id) DO UPDATE SET sealed = excluded.sealed;

-- name: ActionText :one
SELECT sealed FROM action_texts WHERE action_id = ?;

-- name: DropActionText :exec
DELETE FROM action_texts WHERE action_id = ?;

-- name: PutSlot :exec
INSERT INTO slots (bot, user_id, name, sealed)
VALUES (?, ?, ?, ?)
ON CONFLICT (bot, user_id, name) DO UPDATE SET sealed = excluded.sealed;

-- name: Slots :many
SELECT name, sealed FROM slots WHERE bot = ? AND user_id = ? ORDER BY name;

-- name: DropSlots :exec
DELETE FROM slots WHERE bot = ? AND user_id = ?;
