-- Add to the audit trail what a batch of stored events ($1, a JSON array) says of supervisors.
--
-- The first word on an event stands: its row is never changed.
INSERT INTO audit (node, seq, at_ms, who, did, call, adviser)
SELECT DISTINCT ON (node, seq)
    node,
    seq,
    (event ->> 'at_ms')::bigint,
    event ->> 'supervisor',
    coalesce(event ->> 'mode', 'leave'),
    event ->> 'call',
    call ->> 'adviser'
FROM jsonb_to_recordset($1::jsonb) AS stored (
    node text, seq bigint, kind text, event jsonb, call jsonb
)
WHERE kind = 'CallSupervised'
ORDER BY node, seq
ON CONFLICT (node, seq) DO NOTHING
