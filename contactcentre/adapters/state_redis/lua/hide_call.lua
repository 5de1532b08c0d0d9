-- Keep a waiting call's rank but take it out of matching.
--
-- KEYS   call queue:
-- ARGV   call count nonce
-- GIVES  {"hidden"} | {"stale"}
--
-- The rank is its enqueue time and head start, which stay where they are. What does not wait
-- (reserved, rung, talked with, closed, unknown) is left as it is.
local call_key, any_queue = unpack(KEYS)
local call, count, nonce = unpack(ARGV)

local state, queue, old_count, old_nonce = unpack(redis.call(
  'HMGET', call_key, 'state', 'queue', 'count', 'nonce'))
if state and state ~= 'closed' then
  local has, had = tonumber(count), tonumber(old_count)
  if has < had or (has == had and nonce < old_nonce) then return {'stale'} end
end
if state == 'waiting' then
  redis.call('ZREM', any_queue .. queue, call)
  redis.call('HSET', call_key, 'state', 'hidden')
end
return {'hidden'}
