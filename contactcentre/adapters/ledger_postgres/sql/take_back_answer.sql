-- Take back that an attempt ($2) has kept a callback ($1) as its number was answered: its adviser
-- says now how it ended.
WITH answered AS (
    DELETE FROM callback_attempts
    WHERE callback = $1 AND token = $2 AND attempt = 'answered'
    RETURNING callback
)

UPDATE callbacks
SET state = 'open', closed_at_ms = NULL
FROM answered
WHERE callbacks.id = answered.callback AND callbacks.state = 'kept'
