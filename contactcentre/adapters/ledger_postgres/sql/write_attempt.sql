-- Write down how an attempt of a callback ended, once for its token: the first word stands.
INSERT INTO callback_attempts (callback, token, adviser, attempt, at_ms)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (callback, token) DO UPDATE SET attempt = callback_attempts.attempt
RETURNING attempt, at_ms
