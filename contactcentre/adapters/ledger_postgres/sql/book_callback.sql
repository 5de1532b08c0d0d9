-- Promise a callback. Again for the same call: number and half hour of the later word, and nothing
-- else.
INSERT INTO callbacks (
    id, call, line, queue, language, service_class, enqueued_ms, number, booked_at_ms, slot_ms,
    due_ms
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE SET
    number = CASE WHEN callbacks.state = 'open' THEN excluded.number ELSE callbacks.number END,
    slot_ms = CASE WHEN callbacks.state = 'open' THEN excluded.slot_ms ELSE callbacks.slot_ms END,
    due_ms = CASE WHEN callbacks.state = 'open' THEN excluded.due_ms ELSE callbacks.due_ms END
