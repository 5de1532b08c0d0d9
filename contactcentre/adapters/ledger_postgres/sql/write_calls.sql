-- Write the row of every call in a batch of stored events ($1, a JSON array).
--
-- Of two copies of a call the later one stands: that of the leg that owns it, and of one leg's
-- the higher version. The row is written again even when nothing in it changes: only so does a
-- repeat after a lost commit wait for the standby as the first try did.
--
-- An end that was written provisionally stands until something later than what it was taken from is
-- known of the call: a repeat of the same version is not.
INSERT INTO calls (
    id, version, line, language, node, epoch_count, epoch_nonce, state, arrived_at_ms, queue,
    service_class, enqueued_ms, adviser, token, deflected_to, rang_count, bridged_at_ms,
    held_at_ms, held_ms, ended_at_ms, ending, ended_by
)
SELECT DISTINCT ON (id)
    id, version, line, language, node, (epoch ->> 'count')::bigint, epoch ->> 'nonce', state,
    arrived_at_ms, queue, service_class, enqueued_ms, adviser, token, deflected_to, rang_count,
    bridged_at_ms, held_at_ms, held_ms, ended_at_ms, ending, ended_by
FROM jsonb_array_elements($1::jsonb) AS stored,
    jsonb_to_record(stored -> 'call') AS copy (
        id text, version bigint, line text, language text, node text, epoch jsonb, state text,
        arrived_at_ms bigint, queue text, service_class text, enqueued_ms bigint, adviser text,
        token bigint, deflected_to text, rang_count bigint, bridged_at_ms bigint,
        held_at_ms bigint, held_ms bigint, ended_at_ms bigint, ending text, ended_by text
    )
ORDER BY id, (epoch ->> 'count')::bigint DESC, (epoch ->> 'nonce') COLLATE "C" DESC, version DESC
ON CONFLICT (id) DO UPDATE SET (
    version, line, language, node, epoch_count, epoch_nonce, state, arrived_at_ms, queue,
    service_class, enqueued_ms, adviser, token, deflected_to, rang_count, bridged_at_ms,
    held_at_ms, held_ms, ended_at_ms, ending, ended_by, provisional
) = (
    SELECT
        version, line, language, node, epoch_count, epoch_nonce, state, arrived_at_ms, queue,
        service_class, enqueued_ms, adviser, token, deflected_to, rang_count, bridged_at_ms,
        held_at_ms, held_ms, ended_at_ms, ending, ended_by, provisional
    FROM (SELECT calls.* UNION ALL SELECT excluded.*) AS copies
    ORDER BY epoch_count DESC, epoch_nonce DESC, version DESC, provisional DESC
    LIMIT 1
)
