-- Write an account down; without a hash ($6) that of an account that exists stays.
INSERT INTO accounts (id, name, role, language, queues, password_hash, levels)
SELECT $1, $2, $3, $4, $5, coalesce($6, (SELECT password_hash FROM accounts WHERE id = $1)), $7
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name,
    role = excluded.role,
    language = excluded.language,
    queues = excluded.queues,
    password_hash = excluded.password_hash,
    levels = excluded.levels
