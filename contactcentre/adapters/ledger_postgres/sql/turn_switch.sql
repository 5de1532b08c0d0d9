-- Write one turn of a switch; its number is later than all others, also after a loss of the table.
INSERT INTO switch_turns (number, line, kind, subject, value, who, why, at_ms)
SELECT
    greatest(
        coalesce(max(number), 0) + 1, (extract(EPOCH FROM clock_timestamp()) * 1000000)::bigint
    ), $1, $2, $3, $4, $5, $6, $7
FROM switch_turns
