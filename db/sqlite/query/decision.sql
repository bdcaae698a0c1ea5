-- name: AppendDecision :exec
INSERT INTO decisions (id, at, bot, event_id, action_id, record)
VALUES (?, ?, ?, ?, ?, ?);

-- name: ListDecisions :many
SELECT * FROM decisions ORDER BY seq DESC LIMIT ?;

-- Only the oldest rows are looked at: without an index on the time, a search
-- that finds nothing would read the whole log.
-- name: PruneDecisions :execrows
DELETE FROM decisions
WHERE decisions.at < sqlc.arg(before) AND decisions.seq IN (
  SELECT d.seq FROM decisions d ORDER BY d.seq LIMIT sqlc.arg(max)
);

-- What is sought stands in the record, and has no index: a stretch of the log is
-- looked through, the newest first.
-- name: FindDecisions :many
SELECT * FROM decisions
WHERE seq < sqlc.arg(before) AND seq >= sqlc.arg(since_seq) AND at >= sqlc.arg(since)
  AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND (CAST(sqlc.arg(mark) AS TEXT) = '' OR instr(record, CAST(sqlc.arg(mark) AS TEXT)) > 0)
ORDER BY seq DESC;

-- name: DecidedUntil :one
SELECT at FROM decisions WHERE seq < ? ORDER BY seq DESC LIMIT 1;
