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
