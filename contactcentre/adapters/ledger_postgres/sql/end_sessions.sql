UPDATE sessions SET ended = now() WHERE account = $1 AND ended IS NULL
