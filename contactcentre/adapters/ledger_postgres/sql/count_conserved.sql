-- Count the calls that came in since $1, by queue: as the nodes saw them, and as their rows stand.
--
-- A call that its queue has passed on, or an adviser has transferred, was offered to both queues; it
-- came to its end in the last.
-- A call that rings a caller back has not come in: neither side has it, and its callback does.
-- A call that a later leg has resumed may arrive twice; it came in when its row says so.
WITH seen AS (
    SELECT DISTINCT call
    FROM events
    WHERE
        kind = 'CallArrived' AND at_ms >= $1
        AND NOT EXISTS (SELECT FROM calls WHERE id = call AND arrived_at_ms < $1)
),

queued AS (
    SELECT DISTINCT ON (call) call, facts ->> 'queue' AS queue
    FROM events
    WHERE kind IN ('CallQueued', 'CallOverflowed', 'CallTransferred') AND call IN (SELECT call FROM seen)
    ORDER BY call, version DESC
),

passed AS (
    SELECT DISTINCT
        call,
        facts ->> 'from_queue' AS queue,
        CASE kind WHEN 'CallOverflowed' THEN 'overflowed' ELSE 'transferred' END AS state
    FROM events
    WHERE kind IN ('CallOverflowed', 'CallTransferred') AND call IN (SELECT call FROM seen)
)

SELECT
    queue,
    count(*) FILTER (WHERE state = 'offered') AS offered_count,
    count(*) FILTER (WHERE ending = 'handled') AS handled_count,
    count(*) FILTER (WHERE ending = 'abandoned') AS abandoned_count,
    count(*) FILTER (WHERE ending = 'deflected') AS deflected_count,
    count(*) FILTER (WHERE ending = 'callback') AS callback_count,
    count(*) FILTER (WHERE ending = 'left_in_menu') AS left_in_menu_count,
    count(*) FILTER (WHERE ending = 'closed') AS closed_count,
    count(*) FILTER (WHERE ending = 'system_lost') AS system_lost_count,
    count(*) FILTER (
        WHERE state NOT IN ('offered', 'overflowed', 'transferred', 'ended')
    ) AS in_progress_count,
    count(*) FILTER (WHERE state = 'overflowed') AS overflowed_count,
    count(*) FILTER (WHERE state = 'transferred') AS transferred_count,
    count(*) FILTER (WHERE provisional) AS provisional_count
FROM (
    SELECT queue, 'offered' AS state, NULL AS ending, false AS provisional
    FROM seen LEFT JOIN queued USING (call)
    UNION ALL
    SELECT queue, unnest(ARRAY['offered', state]), NULL, false FROM passed
    UNION ALL
    SELECT queue, state, ending, provisional FROM calls
    WHERE arrived_at_ms >= $1 AND NOT EXISTS (SELECT FROM callbacks WHERE callbacks.id = calls.id)
) AS sides
GROUP BY queue
ORDER BY queue
