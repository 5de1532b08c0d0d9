-- Count the calls that arrived since $1; answered in time is bridged within $2 ms of its queue.
-- Those that ring callers back are none that came in.
SELECT
    count(*) AS offered_count,
    count(*) FILTER (WHERE ending = 'handled') AS handled_count,
    count(*) FILTER (WHERE ending = 'abandoned') AS abandoned_count,
    count(*) FILTER (WHERE ending = 'deflected') AS deflected_count,
    count(*) FILTER (WHERE ending = 'callback') AS callback_count,
    count(*) FILTER (WHERE ending = 'left_in_menu') AS left_in_menu_count,
    count(*) FILTER (WHERE ending = 'closed') AS closed_count,
    count(*) FILTER (WHERE ending = 'system_lost') AS system_lost_count,
    count(*) FILTER (WHERE state <> 'ended') AS in_progress_count,
    count(*) FILTER (WHERE bridged_at_ms - enqueued_ms <= $2) AS answered_within_target_count
FROM calls
WHERE arrived_at_ms >= $1 AND NOT EXISTS (SELECT FROM callbacks WHERE callbacks.id = calls.id)
