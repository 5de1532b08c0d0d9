-- Close, at $1, the promises to callers with whom an adviser has talked in the call itself.
UPDATE callbacks
SET state = 'void', closed_at_ms = $1
FROM calls
WHERE
    callbacks.state = 'open' AND calls.id = callbacks.call
    AND calls.state = 'ended' AND calls.bridged_at_ms IS NOT NULL
