-- Say which of the callbacks that a keeper ($1) holds ($2, at the epochs $3 and $4) it holds no
-- longer, or are not open, or whose call goes on.
SELECT held.id
FROM unnest($2::text [], $3::bigint [], $4::text []) AS held (id, epoch_count, epoch_nonce)
WHERE NOT EXISTS (
    SELECT
    FROM callbacks INNER JOIN calls ON callbacks.call = calls.id
    WHERE
        callbacks.id = held.id AND callbacks.keeper = $1 AND callbacks.state = 'open'
        AND callbacks.epoch_count = held.epoch_count AND callbacks.epoch_nonce = held.epoch_nonce
        AND calls.state = 'ended' AND calls.bridged_at_ms IS NULL
)
