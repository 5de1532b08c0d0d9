-- Write down that a part ($1) was deleted, by whom ($2), why ($3) and when ($4); once.
WITH gone AS (
    UPDATE recordings SET deleted_at_ms = $4
    WHERE part = $1 AND deleted_at_ms IS NULL
    RETURNING part
)
INSERT INTO recording_acts (part, act, who, why, at_ms)
SELECT part, 'deleted', $2, $3, $4 FROM gone
