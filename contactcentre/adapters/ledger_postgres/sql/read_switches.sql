-- Return the last turn of every switch.
SELECT DISTINCT ON (line, kind, subject) number, line, kind, subject, value
FROM switch_turns
ORDER BY line, kind, subject, number DESC
