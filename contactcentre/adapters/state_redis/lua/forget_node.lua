-- Take a node out of the address book.
--
-- KEYS   node nodes
-- ARGV   node
-- GIVES  {"forgotten"}
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[1])
return {'forgotten'}
