-- Let a keeper ($1) take on, at a newer epoch with the nonce $2, up to $6 open callbacks that are
-- due at $3: those of nobody, those of lost keepers ($4), and its own that it does not know ($5).
--
-- A promise counts once its call has ended without a talk.
WITH found AS (
    SELECT callbacks.id
    FROM callbacks INNER JOIN calls ON callbacks.call = calls.id
    WHERE
        callbacks.state = 'open' AND callbacks.due_ms <= $3
        AND calls.state = 'ended' AND calls.bridged_at_ms IS NULL
        AND (
            callbacks.keeper IS NULL
            OR callbacks.keeper = ANY($4::text [])
            OR (callbacks.keeper = $1 AND callbacks.id <> ALL($5::text []))
        )
    ORDER BY callbacks.enqueued_ms, callbacks.id
    LIMIT $6
    FOR UPDATE OF callbacks SKIP LOCKED
)

UPDATE callbacks
SET keeper = $1, epoch_count = callbacks.epoch_count + 1, epoch_nonce = $2
FROM found
WHERE callbacks.id = found.id
RETURNING
    callbacks.id, line, queue, language, service_class, enqueued_ms, number, booked_at_ms,
    attempts_count, epoch_count, epoch_nonce
