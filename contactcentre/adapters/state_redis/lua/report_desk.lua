-- Take a desk's beat.
--
-- KEYS   desk desks
-- ARGV   desk internal_url beat kept_s
-- GIVES  {"taken"}
local desk_key, desks = unpack(KEYS)
local desk, internal_url, beat, kept_s = unpack(ARGV)

redis.call('HSET', desk_key, 'internal_url', internal_url, 'beat', beat)
redis.call('EXPIRE', desk_key, kept_s)
redis.call('SADD', desks, desk)
return {'taken'}
