-- Let go of the sessions of an account that can no longer be used.
DELETE FROM sessions WHERE account = $1 AND created <= now() - $2::interval
