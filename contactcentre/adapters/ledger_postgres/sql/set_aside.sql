-- Keep an event that can never be written where a person finds it.
INSERT INTO set_aside (node, seq, why, stored) VALUES ($1, $2, $3, $4)
ON CONFLICT (node, seq) DO UPDATE SET why = excluded.why, stored = excluded.stored
