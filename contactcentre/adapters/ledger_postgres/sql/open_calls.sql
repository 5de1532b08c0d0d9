-- Return open rows by id, $2 at most, those after $1.
SELECT id, epoch_count, epoch_nonce, version
FROM calls
WHERE state <> 'ended' AND id > $1
ORDER BY id
LIMIT $2
