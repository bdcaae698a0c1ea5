-- name: OpenDuty :execrows
INSERT INTO duties (
  id, what, target, hash, bot, owner, version, cause, told_by, reason, since, opened_at, due_at, start_at,
  done_at, alarmed_at, step, attempts, problem, counts
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING;

-- name: UpdateDuty :exec
UPDATE duties SET
  target = sqlc.arg(target), owner = sqlc.arg(owner), start_at = sqlc.arg(start_at), done_at = sqlc.arg(done_at),
  alarmed_at = sqlc.arg(alarmed_at), step = sqlc.arg(step), attempts = sqlc.arg(attempts), problem = sqlc.arg(problem),
  counts = sqlc.arg(counts)
WHERE id = sqlc.arg(id);

-- name: Duty :one
SELECT * FROM duties WHERE id = ?;

-- name: OpenDuties :many
SELECT * FROM duties WHERE done_at = 0 ORDER BY due_at, id LIMIT ?;

-- name: CountOpenDuties :one
SELECT COUNT(*) FROM duties WHERE done_at = 0;

-- name: ListDuties :many
SELECT * FROM duties ORDER BY opened_at DESC, id DESC LIMIT ?;

-- name: DutiesOn :many
SELECT * FROM duties WHERE hash IN (sqlc.arg(first), sqlc.arg(second), sqlc.arg(third), sqlc.arg(fourth)) ORDER BY opened_at, id;

-- name: PruneDuties :execrows
DELETE FROM duties WHERE id IN (
  SELECT d.id FROM duties AS d WHERE d.opened_at < ? AND d.done_at > 0 ORDER BY d.opened_at, d.id LIMIT ?);

-- name: PutComplianceJob :exec
INSERT INTO compliance_jobs (name, about, step, remote, began_at, next_at, done_at, ids, found, attempts, problem)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
  about = excluded.about,
  step = excluded.step,
  remote = excluded.remote,
  began_at = excluded.began_at,
  next_at = excluded.next_at,
  done_at = excluded.done_at,
  ids = excluded.ids,
  found = excluded.found,
  attempts = excluded.attempts,
  problem = excluded.problem;

-- name: LastComplianceJob :one
SELECT * FROM compliance_jobs WHERE about = ? ORDER BY began_at DESC, name DESC LIMIT 1;

-- name: ListComplianceJobs :many
SELECT * FROM compliance_jobs ORDER BY began_at DESC, name DESC LIMIT ?;

-- name: PruneComplianceJobs :exec
DELETE FROM compliance_jobs WHERE began_at < ? AND done_at > 0;
