-- Write a batch of stored events ($1, a JSON array), each once for ever by (node, seq).
INSERT INTO events (node, seq, call, at_ms, kind, version, facts)
SELECT DISTINCT ON (node, seq)
    node,
    seq,
    event ->> 'call',
    (event ->> 'at_ms')::bigint,
    kind,
    (call ->> 'version')::bigint,
    event - 'call' - 'at_ms'
FROM jsonb_to_recordset($1::jsonb) AS stored (
    node text, seq bigint, kind text, event jsonb, call jsonb
)
ORDER BY node, seq
ON CONFLICT (node, seq) DO UPDATE SET
    call = excluded.call,
    at_ms = excluded.at_ms,
    kind = excluded.kind,
    version = excluded.version,
    facts = excluded.facts
