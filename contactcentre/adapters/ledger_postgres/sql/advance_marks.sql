-- Move the marks of nodes ($1) over every number that follows without a gap.
UPDATE marks
SET durable_seq = coalesce(
    (
        SELECT max(seq)
        FROM (
            SELECT seq, seq - row_number() OVER (ORDER BY seq) AS gap_free_from
            FROM (
                SELECT seq FROM events
                WHERE events.node = marks.node AND seq > marks.durable_seq
                UNION
                SELECT seq FROM set_aside
                WHERE set_aside.node = marks.node AND seq > marks.durable_seq
            ) AS known
        ) AS later
        WHERE gap_free_from = marks.durable_seq
    ),
    durable_seq
)
WHERE node = any($1::text[])
RETURNING node, durable_seq
