-- Write down what somebody ($3) did ($2) with a part ($1), why ($4) and when ($5).
INSERT INTO recording_acts (part, act, who, why, at_ms) VALUES ($1, $2, $3, $4, $5)
