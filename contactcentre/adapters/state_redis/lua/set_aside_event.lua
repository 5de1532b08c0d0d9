-- Keep an entry of the stream that nobody can read where a person finds it, and let it go.
--
-- KEYS   events unread
-- ARGV   group id entry unread_max
-- GIVES  {"set aside"}
redis.call('LPUSH', KEYS[2], ARGV[3])
redis.call('LTRIM', KEYS[2], 0, ARGV[4] - 1)
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
return {'set aside'}
