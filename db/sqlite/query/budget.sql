-- name: RateWindows :many
SELECT * FROM rate_windows WHERE endpoint = ? AND owner = ? ORDER BY span;

-- name: ListRateWindows :many
SELECT * FROM rate_windows ORDER BY endpoint, owner, span;

-- name: PutRateWindow :exec
INSERT INTO rate_windows (endpoint, owner, span, most, free, resets_at, told_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (endpoint, owner, span) DO UPDATE SET
  most = excluded.most,
  free = excluded.free,
  resets_at = excluded.resets_at,
  told_at = excluded.told_at;

-- name: ReadCap :one
SELECT * FROM caps WHERE owner = ?;

-- name: PutCap :exec
INSERT INTO caps (owner, since, until, reason)
VALUES (?, ?, ?, ?)
ON CONFLICT (owner) DO UPDATE SET
  since = excluded.since,
  until = excluded.until,
  reason = excluded.reason;

-- name: BeginMinute :exec
INSERT INTO post_counts (bot, minute, n) VALUES (?, ?, 0)
ON CONFLICT DO NOTHING;

-- name: AddPosts :exec
UPDATE post_counts SET n = MAX(0, n + sqlc.arg(n))
WHERE bot = sqlc.arg(bot) AND minute = sqlc.arg(minute);

-- name: ForgetPosts :exec
DELETE FROM post_counts WHERE bot = ? AND minute < ?;

-- name: CountPosts :one
SELECT CAST(COALESCE(SUM(n), 0) AS INTEGER) FROM post_counts WHERE bot = ? AND minute >= ?;

-- name: ChangeSpending :execrows
UPDATE spending SET
  reserved = reserved + sqlc.arg(reserved),
  reserved_n = reserved_n + sqlc.arg(reserved_n),
  settled = settled + sqlc.arg(settled),
  settled_n = settled_n + sqlc.arg(settled_n)
WHERE bot = sqlc.arg(bot) AND day = sqlc.arg(day) AND price = sqlc.arg(price);

-- name: AddSpending :exec
INSERT INTO spending (bot, day, price, reserved, reserved_n, settled, settled_n)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: Spending :many
SELECT * FROM spending
WHERE bot = sqlc.arg(bot) AND day >= sqlc.arg(since) AND day < sqlc.arg(before)
ORDER BY day, price;
