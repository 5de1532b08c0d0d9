-- Let nobody else promise callbacks of a queue ($1) until the transaction ends: so that the last
-- room of a half hour is given once.
SELECT pg_advisory_xact_lock(hashtext('callbacks'), hashtext($1))
