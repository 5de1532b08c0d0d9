SELECT id, name, role, language, queues, levels FROM accounts ORDER BY id
