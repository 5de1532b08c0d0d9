-- Count what a queue ($1) has promised in each of some half hours ($2), where that is anything.
SELECT slot_ms, count(*) AS promised_count
FROM callbacks
WHERE queue = $1 AND slot_ms = ANY($2::bigint []) AND state NOT IN ('cancelled', 'void')
GROUP BY slot_ms
