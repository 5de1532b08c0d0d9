UPDATE sessions SET ended = now() WHERE digest = $1 AND ended IS NULL
