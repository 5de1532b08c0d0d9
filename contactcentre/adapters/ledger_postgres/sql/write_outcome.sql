-- Write an adviser's words on a call; of two the higher version stands.
INSERT INTO outcomes (call, adviser, outcome, notes, version, at_ms)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (call, adviser) DO UPDATE SET (outcome, notes, version, at_ms) = (
    SELECT outcome, notes, version, at_ms
    FROM (SELECT outcomes.*, 1 AS first UNION ALL SELECT excluded.*, 2) AS copies
    ORDER BY version DESC, first
    LIMIT 1
)
