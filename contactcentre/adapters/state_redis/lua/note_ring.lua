-- Write down how a ring ended, in front of those before it; the oldest note is dropped.
--
-- KEYS   rings
-- ARGV   ended count_max kept_s
-- GIVES  {"noted"}
local rings = KEYS[1]
local ended, count_max, kept_s = unpack(ARGV)
redis.call('LPUSH', rings, ended)
redis.call('LTRIM', rings, 0, count_max - 1)
redis.call('EXPIRE', rings, kept_s)
return {'noted'}
