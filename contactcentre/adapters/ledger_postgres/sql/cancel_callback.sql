-- Take back the promise of a call ($1) at $2, if it is open; say whether that was news.
UPDATE callbacks
SET
    state = CASE WHEN state = 'open' THEN 'cancelled' ELSE state END,
    closed_at_ms = CASE WHEN state = 'open' THEN $2 ELSE closed_at_ms END
WHERE call = $1
RETURNING queue, coalesce(state = 'cancelled' AND closed_at_ms = $2, FALSE) AS is_news
