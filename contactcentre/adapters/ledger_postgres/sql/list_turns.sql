-- Return the last $1 turns, the latest first.
SELECT number, line, kind, subject, value, who, why, at_ms
FROM switch_turns
ORDER BY number DESC
LIMIT $1
