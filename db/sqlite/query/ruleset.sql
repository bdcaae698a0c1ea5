-- name: PutRuleSet :exec
INSERT INTO rule_sets (hash, activated_at, packs, sources)
VALUES (?, ?, ?, ?)
ON CONFLICT (hash) DO UPDATE SET
  activated_at = excluded.activated_at,
  packs = excluded.packs,
  sources = excluded.sources;

-- name: RuleSet :one
SELECT * FROM rule_sets WHERE hash = ?;
