-- Let a callback ($1) stand as it does after the attempt of a token ($2), unless it is closed or a
-- later attempt has ended. Its next keeper takes it on at a newer epoch.
UPDATE callbacks
SET
    state = $3, due_ms = $4, attempts_count = $5, keeper = NULL,
    closed_at_ms = CASE WHEN $3 = 'open' THEN NULL ELSE $6::bigint END
WHERE id = $1 AND state IN ('open', $3)
AND NOT EXISTS (SELECT FROM callback_attempts WHERE callback = $1 AND token > $2)
