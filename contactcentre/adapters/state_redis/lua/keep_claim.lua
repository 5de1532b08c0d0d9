-- Keep the claim of a caller on a telephone, unless a newer leg's is kept.
--
-- KEYS   phone
-- ARGV   count nonce claim kept_s
-- GIVES  {"kept"} | {"newer"}
local key = KEYS[1]
local count, nonce, claim, kept_s = unpack(ARGV)

local its_count, its_nonce = unpack(redis.call('HMGET', key, 'count', 'nonce'))
if its_count then
  local has, had = tonumber(count), tonumber(its_count)
  if has < had or (has == had and nonce < its_nonce) then return {'newer'} end
end
redis.call('HSET', key, 'count', count, 'nonce', nonce, 'claim', claim)
redis.call('EXPIRE', key, kept_s)
return {'kept'}
