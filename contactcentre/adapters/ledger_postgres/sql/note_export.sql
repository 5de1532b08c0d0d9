-- Write down that somebody ($2) took a part ($1) out, why ($3) and when ($4).
--
-- The act is the recording's own; the audit trail has it beside what supervisors have listened to. Its
-- place there is the act's number, under a name that no node can have.
WITH act AS (
    INSERT INTO recording_acts (part, act, who, why, at_ms)
    VALUES ($1, 'exported', $2, $3, $4)
    RETURNING number, part, who, at_ms
)
INSERT INTO audit (node, seq, at_ms, who, did, call, adviser)
SELECT 'recordings:', act.number, act.at_ms, act.who, 'export', recordings.call, NULL
FROM act JOIN recordings USING (part)
