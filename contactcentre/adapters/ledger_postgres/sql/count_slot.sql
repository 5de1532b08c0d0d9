-- Count what a queue ($1) has promised in the half hour ($2), but for the call $3, and how many
-- open promises of other calls name the number $4.
SELECT
    count(*) FILTER (
        WHERE queue = $1 AND slot_ms = $2 AND state NOT IN ('cancelled', 'void')
    ) AS promised_count,
    count(*) FILTER (WHERE state = 'open' AND number = $4) AS number_count
FROM callbacks
WHERE call <> $3 AND (state = 'open' OR (queue = $1 AND slot_ms = $2))
