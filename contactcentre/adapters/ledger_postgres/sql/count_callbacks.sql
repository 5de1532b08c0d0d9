-- Count open callbacks by queue, and those that have been kept or broken since $1. A promise counts
-- once its call has ended without a talk.
SELECT
    callbacks.queue,
    count(*) FILTER (WHERE callbacks.state = 'open') AS open_count,
    count(*) FILTER (WHERE callbacks.state = 'kept') AS kept_count,
    count(*) FILTER (WHERE callbacks.state = 'broken') AS broken_count
FROM callbacks INNER JOIN calls ON callbacks.call = calls.id
WHERE
    (callbacks.state = 'open' AND calls.state = 'ended' AND calls.bridged_at_ms IS NULL)
    OR (callbacks.state IN ('kept', 'broken') AND callbacks.closed_at_ms >= $1)
GROUP BY callbacks.queue
