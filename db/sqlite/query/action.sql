-- name: InsertAction :execrows
INSERT INTO actions (
  id, bot, interaction, kind, purpose, part, version, user_id, reply_to,
  event_id, state, created_at, updated_at, due_at, expires_at, attempts,
  remote_id, class, reason, text_hash, rule_set, decision_id, approval, draft,
  decision, turn_at, price, cost, cost_day
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: Action :one
SELECT * FROM actions WHERE id = ?;

-- A terminal row keeps its state whatever the caller believes it to be (I5);
-- the trigger would refuse too, but this way it is a stale row and no error
-- of the database.
-- name: UpdateAction :execrows
UPDATE actions SET
  user_id = sqlc.arg(user_id),
  reply_to = sqlc.arg(reply_to),
  event_id = sqlc.arg(event_id),
  state = sqlc.arg(state),
  updated_at = sqlc.arg(updated_at),
  due_at = sqlc.arg(due_at),
  expires_at = sqlc.arg(expires_at),
  attempts = sqlc.arg(attempts),
  remote_id = sqlc.arg(remote_id),
  class = sqlc.arg(class),
  reason = sqlc.arg(reason),
  text_hash = sqlc.arg(text_hash),
  rule_set = sqlc.arg(rule_set),
  decision_id = sqlc.arg(decision_id),
  approval = sqlc.arg(approval),
  draft = sqlc.arg(draft),
  decision = sqlc.arg(decision),
  turn_at = sqlc.arg(turn_at),
  price = sqlc.arg(price),
  cost = sqlc.arg(cost),
  cost_day = sqlc.arg(cost_day)
WHERE id = sqlc.arg(id) AND state = sqlc.arg(from_state)
  AND (state = sqlc.arg(state) OR (state <> 'sent' AND state <> 'failed' AND state <> 'denied' AND state <> 'cancelled'));

-- The plus keeps SQLite from reading by due time and sorting all that is due
-- for the first few of it: by turn, what is not due yet is skipped within the
-- index.
-- name: DueActions :many
SELECT * FROM actions
WHERE state = 'pending' AND +due_at <= sqlc.arg(now)
ORDER BY turn_at, due_at, id
LIMIT sqlc.arg(max);

-- name: FirstDue :one
SELECT due_at FROM actions
WHERE state = 'pending'
ORDER BY due_at
LIMIT 1;

-- name: FirstExpiry :one
SELECT expires_at FROM actions
WHERE state IN ('hold', 'pending') AND expires_at > 0
ORDER BY expires_at
LIMIT 1;

-- name: ExpiredActions :many
SELECT * FROM actions
WHERE state IN ('hold', 'pending') AND expires_at > 0 AND expires_at <= sqlc.arg(now)
ORDER BY expires_at, id
LIMIT sqlc.arg(max);

-- name: OpenActionsTo :many
SELECT * FROM actions
WHERE user_id = ? AND state IN ('hold', 'pending')
ORDER BY id;

-- name: UnsettledTo :many
SELECT * FROM actions
WHERE bot = ? AND user_id = ? AND state IN ('attempting', 'unknown')
ORDER BY id;

-- name: ActionByRemoteID :one
SELECT * FROM actions
WHERE bot = ? AND remote_id = ? AND remote_id <> '';

-- name: ActionsOf :many
SELECT * FROM actions
WHERE bot = ? AND interaction = ?
ORDER BY id;

-- name: InState :many
SELECT * FROM actions
WHERE state = sqlc.arg(state)
ORDER BY id
LIMIT sqlc.arg(max);

-- name: InStateUnsettled :many
SELECT * FROM actions
WHERE state IN ('attempting', 'unknown') AND state = sqlc.arg(state)
ORDER BY id
LIMIT sqlc.arg(max);

-- name: InStateOpen :many
SELECT * FROM actions
WHERE state IN ('hold', 'pending') AND state = sqlc.arg(state)
ORDER BY id
LIMIT sqlc.arg(max);

-- name: ListActions :many
SELECT * FROM actions
WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND (CAST(sqlc.arg(user_id) AS TEXT) = '' OR user_id = sqlc.arg(user_id))
  AND (CAST(sqlc.arg(state) AS TEXT) = '' OR state = sqlc.arg(state))
ORDER BY seq DESC
LIMIT sqlc.arg(max);

-- name: CountActions :many
SELECT bot, state, COUNT(*) AS n FROM actions
GROUP BY bot, state
ORDER BY bot, state;
