-- Begin the mark of every node in a batch ($1 nodes, $2 the lowest number each still kept): what
-- came before is durable or gone for good, so nothing need be waited for there.
INSERT INTO marks (node, durable_seq)
SELECT node, oldest_seq - 1
FROM unnest($1::text[], $2::bigint[]) AS batch (node, oldest_seq)
ORDER BY node
ON CONFLICT (node) DO UPDATE SET
    durable_seq = greatest(marks.durable_seq, excluded.durable_seq)
