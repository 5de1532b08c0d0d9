-- List parts that are kept no longer, those after one ($3), $4 at most: a call's class ($1) says
-- from which start on ($2) they are kept. A call that never waited counts as the last class.
SELECT recordings.*, calls.line, calls.service_class
FROM recordings
LEFT JOIN calls ON calls.id = recordings.call
JOIN unnest($1::text[], $2::bigint[]) AS kept (service_class, since_ms)
    ON kept.service_class = coalesce(calls.service_class, 'P4')
WHERE recordings.deleted_at_ms IS NULL
    AND recordings.started_at_ms < kept.since_ms
    AND recordings.part > $3
ORDER BY recordings.part
LIMIT $4
