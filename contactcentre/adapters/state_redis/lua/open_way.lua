-- Let the sound of a caller on a telephone flow by a pass that was not used before.
--
-- KEYS   phone
-- ARGV   nonce kept_s
-- GIVES  {"used"} | {"opened", attempt, claim}
--
-- The claim is "" if no node has kept one yet.
local key = KEYS[1]
local nonce, kept_s = unpack(ARGV)

if redis.call('HSETNX', key, 'pass:' .. nonce, '1') == 0 then return {'used'} end
local ways = redis.call('HINCRBY', key, 'ways', 1)
redis.call('EXPIRE', key, kept_s)
return {'opened', string.format('%.0f', ways - 1), redis.call('HGET', key, 'claim') or ''}
