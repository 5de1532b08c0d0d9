SELECT id, name, role, language, queues, levels, password_hash FROM accounts WHERE id = $1
