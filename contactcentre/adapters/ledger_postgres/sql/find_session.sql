-- Return whose session it is ($1) and note that it was used. All times are the server's own.
UPDATE sessions SET seen = now()
FROM accounts
WHERE digest = $1
    AND accounts.id = sessions.account
    AND ended IS NULL
    AND created > now() - $2::interval
RETURNING accounts.id, name, role, language, queues, levels
