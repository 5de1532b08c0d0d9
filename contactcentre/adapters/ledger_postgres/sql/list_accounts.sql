SELECT id, name, role, language, queues FROM accounts ORDER BY id
