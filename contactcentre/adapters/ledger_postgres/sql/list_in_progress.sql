-- List the calls that have not ended, the oldest first, $1 at most.
SELECT id FROM calls WHERE state <> 'ended' ORDER BY arrived_at_ms, id LIMIT $1
