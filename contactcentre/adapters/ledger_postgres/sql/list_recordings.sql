-- List the parts of one call ($1), or of all calls (null), the latest first, $2 at most.
SELECT recordings.*, calls.line, calls.service_class
FROM recordings LEFT JOIN calls ON calls.id = recordings.call
WHERE $1::text IS NULL OR recordings.call = $1
ORDER BY recordings.started_at_ms DESC, recordings.part
LIMIT $2
