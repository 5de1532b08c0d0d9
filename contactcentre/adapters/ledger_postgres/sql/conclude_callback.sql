-- Let a callback ($1) stand as it does after an attempt, unless it is closed or another keeper has
-- taken it on since the epoch ($2, $3). Its next keeper takes it on at a newer one.
UPDATE callbacks
SET
    state = $4, due_ms = $5, attempts_count = $6, keeper = NULL,
    closed_at_ms = CASE WHEN $4 = 'open' THEN NULL ELSE $7::bigint END
WHERE id = $1 AND epoch_count = $2 AND epoch_nonce = $3 AND state IN ('open', $4)
