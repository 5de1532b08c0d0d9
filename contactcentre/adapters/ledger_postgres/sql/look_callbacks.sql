-- Count open callbacks by the process that keeps them, with those of them that are due at $1. A
-- promise counts once its call has ended without a talk.
SELECT
    callbacks.keeper,
    count(*) AS open_count,
    count(*) FILTER (WHERE callbacks.due_ms <= $1) AS due_count,
    min(callbacks.enqueued_ms) AS oldest_enqueued_ms,
    (
        array_agg(callbacks.id ORDER BY callbacks.enqueued_ms, callbacks.id)
        FILTER (WHERE callbacks.due_ms <= $1)
    )[1] AS oldest_due
FROM callbacks INNER JOIN calls ON callbacks.call = calls.id
WHERE callbacks.state = 'open' AND calls.state = 'ended' AND calls.bridged_at_ms IS NULL
GROUP BY callbacks.keeper
ORDER BY callbacks.keeper
