-- Promise a callback. Again for the same call: the number of the later word, and nothing else.
INSERT INTO callbacks (
    id, call, line, queue, language, service_class, enqueued_ms, number, booked_at_ms, slot_ms
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE SET
    number = CASE WHEN callbacks.state = 'open' THEN excluded.number ELSE callbacks.number END
