-- Close the row of a call ($1) for now, as $5 at $6, if it is still open and still at the epoch
-- ($2, $3) and version ($4) at which it was seen. The version stays: any later word stands above.
UPDATE calls
SET state = 'ended', ending = $5, ended_by = 'platform', ended_at_ms = $6, provisional = true
WHERE
    id = $1 AND epoch_count = $2 AND epoch_nonce = $3 AND version = $4 AND state <> 'ended'
RETURNING id
