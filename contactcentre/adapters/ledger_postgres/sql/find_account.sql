SELECT id, name, role, language, queues, password_hash FROM accounts WHERE id = $1
