-- name: PutFingerprint :exec
INSERT INTO fingerprints (action_id, bot, kind, at, words, numbers)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (action_id) DO UPDATE SET
  bot = excluded.bot,
  kind = excluded.kind,
  at = excluded.at,
  words = excluded.words,
  numbers = excluded.numbers;

-- name: FingerprintsSince :many
SELECT * FROM fingerprints
WHERE fingerprints.at >= sqlc.arg(since)
  AND fingerprints.seq < COALESCE(
    (SELECT f.seq FROM fingerprints f WHERE f.action_id = sqlc.arg(before)), 9223372036854775807)
ORDER BY fingerprints.seq DESC
LIMIT sqlc.arg(max);

-- name: DropFingerprint :exec
DELETE FROM fingerprints WHERE action_id = ?;

-- name: PruneFingerprints :execrows
DELETE FROM fingerprints
WHERE seq IN (
  SELECT f.seq FROM fingerprints f
  WHERE f.at < sqlc.arg(before)
  ORDER BY f.at
  LIMIT sqlc.arg(max)
);
