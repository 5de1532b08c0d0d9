-- Count the attempts of a callback ($1) up to and with that of the token $2.
SELECT count(*) AS attempts_count FROM callback_attempts WHERE callback = $1 AND token <= $2
