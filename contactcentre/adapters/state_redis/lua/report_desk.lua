-- Take a desk's beat.
--
-- KEYS   desk
-- ARGV   internal_url beat kept_s
-- GIVES  {"taken"}
redis.call('HSET', KEYS[1], 'internal_url', ARGV[1], 'beat', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {'taken'}
