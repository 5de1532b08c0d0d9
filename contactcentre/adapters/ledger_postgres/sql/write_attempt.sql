-- Write down how an attempt of a callback ended, once for its token: the first word stands. No row
-- if there is no such callback.
INSERT INTO callback_attempts (callback, token, adviser, attempt, at_ms)
SELECT id, $2, $3, $4, $5 FROM callbacks WHERE id = $1
ON CONFLICT (callback, token) DO UPDATE SET attempt = callback_attempts.attempt
RETURNING attempt, at_ms
