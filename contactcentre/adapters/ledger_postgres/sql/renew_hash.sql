-- Put a stronger hash ($3) of the same password in the place of the one it was checked with.
UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2
