-- name: PutLookup :exec
INSERT INTO lookups (action_id, looks, absent, last_at, next_at, found)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (action_id) DO UPDATE SET
  looks = excluded.looks,
  absent = excluded.absent,
  last_at = excluded.last_at,
  next_at = excluded.next_at,
  found = excluded.found;

-- name: Lookup :one
SELECT * FROM lookups WHERE action_id = ?;

-- name: NextLookup :one
SELECT * FROM lookups WHERE next_at > 0 ORDER BY next_at, action_id LIMIT 1;

-- name: DropLookup :exec
DELETE FROM lookups WHERE action_id = ?;
