-- Write the parts of recordings in a batch of stored events ($1, a JSON array), each once by name.
INSERT INTO recordings (
    part, call, node, file, started_at_ms, duration_ms, gaps_ms, is_cut, key, size_bytes, sha256
)
SELECT DISTINCT ON (part)
    part, call, node, file, started_at_ms, duration_ms, gaps_ms, is_cut, key, size_bytes, sha256
FROM jsonb_to_recordset($1::jsonb) AS stored (node text, seq bigint, kind text, event jsonb),
    jsonb_to_record(event) AS facts (
        part text, call text, file text, started_at_ms bigint, duration_ms bigint, gaps_ms bigint,
        is_cut boolean, key text, size_bytes bigint, sha256 text
    )
WHERE kind = 'RecordingKept'
ORDER BY part, seq DESC
ON CONFLICT (part) DO UPDATE SET
    call = excluded.call,
    node = excluded.node,
    file = excluded.file,
    started_at_ms = excluded.started_at_ms,
    duration_ms = excluded.duration_ms,
    gaps_ms = excluded.gaps_ms,
    is_cut = excluded.is_cut,
    key = excluded.key,
    size_bytes = excluded.size_bytes,
    sha256 = excluded.sha256
