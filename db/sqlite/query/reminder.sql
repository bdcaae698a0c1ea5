-- name: PutReminder :exec
INSERT INTO reminders (id, bot, user_id, due_at, after, asked_at, since, flow, closes, sealed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  bot = excluded.bot,
  user_id = excluded.user_id,
  due_at = excluded.due_at,
  after = excluded.after,
  asked_at = excluded.asked_at,
  since = excluded.since,
  flow = excluded.flow,
  closes = excluded.closes,
  sealed = excluded.sealed;

-- name: Reminder :one
SELECT * FROM reminders WHERE id = ?;

-- name: DueReminders :many
SELECT * FROM reminders
WHERE asked_at = 0 AND due_at <= sqlc.arg(now)
ORDER BY due_at, id
LIMIT sqlc.arg(max);

-- name: NextReminder :one
SELECT due_at FROM reminders WHERE asked_at = 0 ORDER BY due_at LIMIT 1;

-- name: PutOffReminders :exec
UPDATE reminders
SET due_at = CAST(sqlc.arg(now) AS INTEGER) + after, since = sqlc.arg(since), asked_at = 0
WHERE bot = sqlc.arg(bot) AND user_id = sqlc.arg(user_id);

-- name: DropReminder :exec
DELETE FROM reminders WHERE id = ?;

-- name: DropReminders :exec
DELETE FROM reminders WHERE bot = ? AND user_id = ?;
