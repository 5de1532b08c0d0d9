INSERT INTO sessions (digest, account) VALUES ($1, $2)
