-- name: AppendEntry :exec
INSERT INTO audit_entries (writer, seq, at, facts, prev, hash)
VALUES (?, ?, ?, ?, ?, ?);

-- name: ChainHead :one
SELECT seq, hash FROM audit_entries WHERE writer = ? ORDER BY seq DESC LIMIT 1;

-- name: PutWriter :exec
INSERT INTO audit_writers (writer, verifier, since) VALUES (?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: ListWriters :many
SELECT * FROM audit_writers ORDER BY writer;

-- name: ListEntries :many
SELECT writer, seq, at, facts, prev, hash FROM audit_entries
WHERE writer = sqlc.arg(writer) AND seq > sqlc.arg(after)
ORDER BY seq
LIMIT sqlc.arg(max);

-- name: PruneEntries :execrows
DELETE FROM audit_entries
WHERE audit_entries.writer = sqlc.arg(writer) AND audit_entries.at < sqlc.arg(before)
  AND audit_entries.seq < (SELECT MAX(m.seq) FROM audit_entries m WHERE m.writer = sqlc.arg(writer))
  AND audit_entries.seq IN (
    SELECT e.seq FROM audit_entries e WHERE e.writer = sqlc.arg(writer) ORDER BY e.seq LIMIT sqlc.arg(max));

-- name: AppendCheckpoint :exec
INSERT INTO audit_checkpoints (at, note) VALUES (?, ?);

-- name: ListCheckpoints :many
SELECT at, note FROM audit_checkpoints WHERE at >= sqlc.arg(since) ORDER BY id LIMIT sqlc.arg(max);

-- name: WalkDecisions :many
SELECT * FROM decisions WHERE seq > sqlc.arg(after) ORDER BY seq LIMIT sqlc.arg(max);

-- name: WalkActions :many
SELECT * FROM actions WHERE seq > sqlc.arg(after) ORDER BY seq LIMIT sqlc.arg(max);

-- name: AllConsents :many
SELECT * FROM consents ORDER BY bot, user_id, kind, covers;

-- name: PutReceipt :exec
INSERT INTO receipts (id, cause, triggered_at, due_at, at, counts) VALUES (?, ?, ?, ?, ?, ?);

-- name: PutReceiptRecord :exec
INSERT INTO receipt_records (kind, ref, receipt_id) VALUES (?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: ListReceipts :many
SELECT * FROM receipts WHERE at >= sqlc.arg(since) AND at < sqlc.arg(before) ORDER BY at, id;

-- name: ReceiptOf :one
SELECT receipt_id FROM receipt_records WHERE kind = ? AND ref = ? ORDER BY receipt_id LIMIT 1;

-- name: PutActivation :exec
INSERT INTO activations (bot, candidate, rule_set, was, at, packs, why) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: ListActivations :many
SELECT bot, candidate, rule_set, was, at, packs, why FROM activations ORDER BY at, id;

-- name: PutConfigVersion :exec
INSERT INTO config_versions (at, hash, changed, keys) VALUES (?, ?, ?, ?);

-- name: ListConfigVersions :many
SELECT at, hash, changed, keys FROM config_versions ORDER BY at, id;

-- name: PutRedistribution :exec
INSERT INTO redistributions (id, at, recipient, what, ids, hydrated, automated, made_by, file) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: ListRedistributions :many
SELECT * FROM redistributions WHERE at >= sqlc.arg(since) AND at < sqlc.arg(before) ORDER BY at, id;

-- name: AddCount :exec
INSERT INTO audit_counts (day, bot, kind, name, n) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (day, bot, kind, name) DO UPDATE SET n = audit_counts.n + excluded.n;

-- name: ListCounts :many
SELECT * FROM audit_counts WHERE day >= sqlc.arg(since) AND day < sqlc.arg(before) ORDER BY day, bot, kind, name;

-- name: PruneCounts :execrows
DELETE FROM audit_counts
WHERE audit_counts.day < sqlc.arg(before) AND audit_counts.day IN (
  SELECT c.day FROM audit_counts c ORDER BY c.day LIMIT sqlc.arg(max));

-- name: LastCheckpoint :one
SELECT at, note FROM audit_checkpoints ORDER BY id DESC LIMIT 1;
